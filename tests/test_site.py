"""The site, built whole once: every link, picture and alt text, and what Chromium and axe-core say of it."""

import functools
import http.server
import re
import threading
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe

from course_utils import ROOT, CourseError
from course_utils.authoring import printing, runner, site
from course_utils.claims import ledger
from course_utils.report import folder

pytest.importorskip("sphinx", reason="the site's packages are missing: 'make test' installs them")
pytestmark = pytest.mark.filterwarnings("ignore:'myst_parser")  # what Sphinx 11 will want of myst-parser


PHONE, DESK = 360, 1280
VISITED = [
    "index.html",
    "notebooks/3_small_llm.html",
    "notebooks/labs/2_bias.html",
    "notebooks/glossary.html",
]


class Page(HTMLParser):
    """What the tests want to know of a page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.text = path, path.read_text(encoding="utf-8")
        self.ids, self.links, self.loads, self.pictures = [], [], [], []
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and found["rel"] not in ("index", "search", "next", "prev", "author", "canonical"):
            self.loads.append(found["href"])
        self.loads += [found["src"]] if "src" in found else []
        if tag == "img":
            self.pictures.append(found)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    target = tmp_path_factory.mktemp("built") / "site"
    site.build(target, jobs="1")
    return target


@pytest.fixture(scope="session")
def pages(built):
    """Every page by its place in the site."""
    return {path.relative_to(built).as_posix(): Page(path) for path in sorted(built.rglob("*.html"))}


@pytest.fixture(scope="session")
def address(built):
    """A plain web server for the site."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *a: None})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=built))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture
def visit(browser, address):
    """Opens a page of the site; afterwards, no other was asked, nothing failed, no error was logged."""
    opened, wrong = [], []

    def visit(page, width=DESK, scheme="light"):
        tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        opened.append(tab)
        tab.route(lambda url: not url.startswith(address), lambda route: route.abort())
        tab.on("request", lambda r: r.url.startswith((address, "data:")) or wrong.append(r.url))
        tab.on("response", lambda r: r.status < 400 or wrong.append(f"{r.status} {r.url}"))
        tab.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.goto(address + page)
        return tab

    yield visit
    for tab in opened:
        tab.close()
    assert wrong == []


# --- the files ---


def test_every_lesson_and_lab_has_its_page_and_stands_beneath_its_lesson(pages):
    for name in [*runner.names(), *runner.labs()]:
        page = pages[site.place_of(name).replace(".ipynb", ".html")]
        assert page.text.count("<h1>") == 1
    for lesson in runner.names():
        tree = pages[f"notebooks/{lesson}.html"].text.split('class="sidebar-tree"')[1].split("</aside>")[0]
        current = tree.split('class="toctree-l1 current')[1].split('class="toctree-l1')[0]
        labs = re.findall(r'href="labs/(\w+)\.html', current)
        assert sorted(labs) == [lab for lab in runner.labs() if lab[0] == lesson[0]]


def test_every_link_and_picture_leads_somewhere(built, pages):
    for place, page in pages.items():
        for target in [*page.links, *page.loads]:
            if "://" in target or target.startswith(("data:", "mailto:")):
                continue
            file, _, anchor = target.partition("#")
            path = built / place if not file else (built / place).parent / unquote(file).partition("?")[0]
            found = path.resolve()
            assert found.is_file(), f"{place} leads to {target}"
            there = pages.get(found.relative_to(built.resolve()).as_posix())
            if anchor and there and not place.startswith("report"):
                assert unquote(anchor) in there.ids, f"{place} leads to {target}"


def test_nothing_is_loaded_from_elsewhere(built, pages):
    for place, page in pages.items():
        assert [url for url in page.loads if "//" in url and not url.startswith("data:")] == [], place
    styles = [path.read_text(encoding="utf-8") for path in built.rglob("*.css")]
    for text in [*styles, *(page.text for page in pages.values())]:
        assert re.findall(r"@import|url\(\s*[\"']?(?:https?:)?//", text) == []


def test_every_picture_keeps_its_alt_text(pages):
    total = 0
    for name in [*runner.names(), *runner.labs()]:
        cells = nbformat.read(runner.path_of(name), as_version=4).cells
        page = pages[site.place_of(name).replace(".ipynb", ".html")]
        shown = [unescape(each["alt"]) for each in page.pictures]
        assert shown == site.alt_texts(cells) and all(shown), name
        total += len(shown)
    assert total > 100
    assert all(len(each["alt"]) > 40 for each in pages["index.html"].pictures)


def test_the_front_page_says_claim_and_verdict_of_each_lesson(pages):
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", pages["index.html"].text)))
    course = folder.read(ROOT / "docs" / "reference", current=False)
    for claim in ledger.load_ledger().values():
        if claim.headline:
            (verdict,) = [v for v in course.verdicts[claim.notebook] if v.claim.id == claim.id]
            assert folder.title(claim.notebook) in text
            assert f"The claim. {claim.text} What came out: " in text
            assert f"{verdict.word}" in text.split(claim.text)[1][:60]
    assert len(pages["index.html"].pictures) == len(runner.names())


def test_the_results_page_has_every_verdict_and_the_report_leads_home(pages):
    course = folder.read(ROOT / "docs" / "reference", current=False)
    for verdict in course.all_verdicts():
        assert f">{verdict.claim.id}<" in pages["results.html"].text
    assert "index.html" in pages["report.html"].links and "report.html" in pages["results.html"].links


def test_formulas_are_mathml(pages):
    lab = pages["notebooks/labs/2_bias.html"].text
    assert lab.count("<math") == 4 and "mathjax" not in lab.lower().replace("mathjax_ignore", "")


def test_stored_outputs_are_shown_and_progress_bars_are_not(pages):
    lesson = pages["notebooks/1_classic_ml.html"].text
    assert (
        "2.5 % of 435,352 flights were cancelled" in lesson and "it/s" not in lesson and "s/it" not in lesson
    )


def test_a_page_can_be_opened_as_a_notebook_and_leaves_the_installing_cell_out(pages):
    for name in [*runner.names(), *runner.labs()]:
        page = pages[site.place_of(name).replace(".ipynb", ".html")]
        assert len([link for link in page.links if link.endswith(f"{name}.ipynb")]) == 3, name
        assert "COLAB_RELEASE_TAG" not in page.text


# --- texts ---


def test_links_that_the_site_cannot_follow_become_words():
    known = ["README.md", "notebooks/glossary.md"]
    say = functools.partial(site.linked, path="README.md", pages=known)
    assert say("## A\n[x](notebooks/glossary.md#auc), [y](LICENSE), [z](#a)") == (
        "## A\n[x](notebooks/glossary.md#auc), y, [z](#a)"
    )
    assert say("## A\n[p](https://a.org) ![q](https://a.org/q.png)") == "## A\n[p](https://a.org) q"
    assert say("## A\n[![open](https://a.org/q.svg)](https://a.org/x)") == "## A\n[open](https://a.org/x)"
    assert say('### <a id="auc"></a>AUC') == "## AUC"
    assert say("## A\nindexed[0](no_such_file)") == "## A\nindexed[0](no_such_file)"


def test_a_readme_without_a_start_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(site.readme, "README", tmp_path / "README.md")
    site.readme.README.write_text("# Course\n", encoding="utf-8")
    with pytest.raises(CourseError, match="no part '## Start'"):
        site.start()


def test_a_broken_link_stops_the_build(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "_documents", lambda: ["notebooks/glossary.md"])
    monkeypatch.setattr(site, "start", lambda: "# Run it yourself\n[gone](gone.md)\n")
    with pytest.raises(CourseError, match="not complete"):
        site.build(tmp_path / "site", ["0_cost"], jobs="1")


# --- in a browser ---


@pytest.mark.parametrize("page", VISITED)
@pytest.mark.parametrize("scheme, width", [("light", DESK), ("dark", PHONE)])
def test_axe_finds_no_barrier_and_nothing_sticks_out(visit, page, scheme, width):
    tab = visit(page, width, scheme)
    found = Axe().run(tab).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], each["nodes"][0]["html"]) for each in grave] == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) < 200) == (scheme == "dark")


def test_search_finds_a_term_without_a_network(visit):
    tab = visit("search.html?q=pipeline")
    for found in ("notebooks/glossary.html#pipeline", "notebooks/1_classic_ml.html"):
        tab.wait_for_selector(f"#search-results li a[href^='{found}']")
    assert [each["id"] for each in Axe().run(tab).response["violations"]] == []


def test_a_page_opens_from_the_file_system_too(browser, built):
    tab, asked = browser.new_page(), []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto((built / VISITED[1]).as_uri())
    tab.locator(".sidebar-tree a", has_text="Glossary").click()
    assert tab.title().startswith("Glossary")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    tab.close()


# --- on paper ---


def test_on_paper_what_is_folded_stands_at_the_end_and_terms_are_explained(built):
    place = built / "notebooks" / "1_classic_ml.html"
    paper = printing.printable(place)
    summaries = set(re.findall(r"<summary>(.*?)</summary>", paper))
    assert "<nav" not in paper and summaries == {"Parameters"}  # scikit-learn's, in the drawing of a pipeline
    text, answers = paper.split(">Answers</h2>")
    for number in re.findall(r"href=[\"']#(folded-\d+)", text):
        assert f'id="{number}"' in answers or f"id='{number}'" in answers
    terms = set(re.findall(r'href="#(term-[\w-]+)"', paper))
    assert len(terms) > 10 and all(f'id="{term}"' in paper for term in terms)
    assert "glossary.html" not in paper and ".html" not in re.sub(
        r"https?://\S+", "", paper.split("<body>")[1]
    )
    addressed = printing.printable(place, "https://example.org/course/")
    assert 'href="https://example.org/course/notebooks/labs/1_labels.html"' in addressed


def test_chromium_prints_a_tagged_file_with_title_and_language(browser, tmp_path):
    folder = tmp_path / "site" / "notebooks"
    for path in (folder, tmp_path / "site" / "_static"):
        path.mkdir(parents=True)
    (tmp_path / "site" / "_static" / "pygments.css").touch()
    body = "<h1>Small</h1><p>A question.</p><details><summary>Compare</summary><p>42</p></details>"
    (folder / "small.html").write_text(f"<article>{body}</article>", encoding="utf-8")
    printing.print_page(browser, folder / "small.html", tmp_path / "small.pdf")
    made = (tmp_path / "small.pdf").read_bytes()
    assert made.startswith(b"%PDF")
    for mark in (b"/StructTreeRoot", b"/Lang (en)", b"/Title (Small)", b"/Outlines"):
        assert mark in made, mark
    assert len(re.findall(rb"/Type /Page\b", made)) == 2  # the answer has a page of its own
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["small.pdf"]


def test_printing_wants_a_site(tmp_path, monkeypatch):
    monkeypatch.setattr(site, "BUILD", tmp_path)
    with pytest.raises(CourseError, match="make site"):
        printing.main([])


def test_the_workflow_builds_the_site():
    workflow = yaml.safe_load(Path(ROOT, ".github/workflows/site.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert any("make PYTHON=python site" in step.get("run", "") for step in steps)
