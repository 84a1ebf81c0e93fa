"""Each lesson as a PDF, from its page of the site: ``python -m course_utils.authoring.printing [ADDRESS]``.

What is folded on the page stands at the end, so that a reader on paper, too, can think first; so do the
glossary's terms that the lesson links. Chromium prints, with tags, an outline and page numbers.
"""

from __future__ import annotations

import shutil
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from course_utils import CourseError, files
from course_utils.authoring import runner, site

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
FIGURE = "This figure in words"
"""How the line begins that unfolds a figure's description."""
FOOTER = (
    "<div style='font:8pt sans-serif;color:#444;width:100%;text-align:center'>"
    "<span class='title'></span> · <span class='pageNumber'></span> / <span class='totalPages'></span></div>"
)


def printable(page: Path, address: str = "") -> str:
    """A page of the site as one to print, without navigation.

    Parameters
    ----------
    page : Path
        The page; pictures are read from beside it.
    address : str
        Where the site can be found, for links to its other pages; without one they are plain words.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article")
    for each in article.select(".headerlink, script, .toctree-wrapper"):
        each.decompose()
    for each in article.select("img"):
        each["src"] = (page.parent / each["src"]).resolve().as_uri()
    terms = _terms(article, page)
    _put_aside(soup, article)
    article.extend(terms)
    _lead_somewhere(article, page, address)
    styles = [page.parents[1] / "_static" / "pygments.css", site.SETTINGS / "print.css"]
    style = "".join(f"<style>{each.read_text(encoding='utf-8')}</style>" for each in styles)
    title = escape(article.h1.get_text())
    head = f"<meta charset='utf-8'><title>{title}</title>{style}"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{article}</body></html>"


def _put_aside(soup: BeautifulSoup, article: Tag) -> None:
    """Move what is folded to the end, each with a link there and back."""
    parts: dict[str, list[Tag]] = {"Answers": [], "Figures in words and numbers": []}
    diagrams = article.select(".sk-top-container details")  # scikit-learn's pipelines stay as they are
    each_folded = [folded for folded in article.select("details") if folded not in diagrams]
    for number, folded in enumerate(each_folded, 1):
        summary = folded.summary.extract().get_text()
        part = list(parts)[summary.startswith(FIGURE)]
        parts[part].append(folded)
        count = len(parts[part])
        kind = "figure" if summary.startswith(FIGURE) else "answer"
        link = f"<a id='from-{number}' href='#folded-{number}'>{escape(summary)}: {kind} {count}</a>"
        folded.replace_with(_html(soup, f"<p class='folded'>{link}</p>"))
        folded.name, folded["id"] = "div", f"folded-{number}"
        back = f"<h3>{kind.capitalize()} {count} <a href='#from-{number}'>back to the text</a></h3>"
        folded.insert(0, _html(soup, back))
    for title, members in parts.items():
        if members:
            article.append(_html(soup, f"<h2 class='aside'>{title}</h2>"))
            article.extend(members)


def _html(soup: BeautifulSoup, text: str) -> Tag:
    """One element from its HTML."""
    return type(soup)(text, "html.parser").contents[0].extract()


def _terms(article: Tag, page: Path) -> list[Tag]:
    """The glossary's terms that an article links; the links then lead to them."""
    from bs4 import BeautifulSoup

    links: dict[str, list[Tag]] = {}
    for link in article.select("a[href*='glossary.html#']"):
        links.setdefault(link["href"].partition("#")[2], []).append(link)
    if not links:
        return []
    glossary = BeautifulSoup((page.parent / "glossary.html").read_text(encoding="utf-8"), "html.parser")
    found = [_html(glossary, "<h2 class='aside'>Terms</h2>")]
    for section in glossary.select("article section[id]"):
        if section["id"] in links:
            for each in links[section["id"]]:
                each["href"] = f"#term-{section['id']}"
            for each in section.select(".headerlink"):
                each.decompose()
            section.h2.name, section["id"] = "h3", f"term-{section['id']}"
            found.append(section.extract())
    return found


def _lead_somewhere(article: Tag, page: Path, address: str) -> None:
    """Let links within the site lead to its address; without one, nothing can be opened from paper."""
    here = f"{page.parent.name}/{page.name}"
    for link in article.select("a[href]"):
        if "://" in link["href"] or link["href"].startswith("#"):
            continue
        if address:
            link["href"] = urljoin(f"{address.rstrip('/')}/{here}", link["href"])
        else:
            link.unwrap()


def print_page(browser: Any, page: Path, target: Path, address: str = "") -> None:
    """Print one page of the site with a browser of playwright's, all of it or nothing."""
    source = target.with_suffix(".html")
    files.write_text(source, printable(page, address))
    tab = browser.new_page()
    tab.goto(source.as_uri())
    margin = {"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
    with files.atomic_path(target) as temporary:
        tab.pdf(
            path=temporary,
            format="A4",
            margin=margin,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            print_background=True,
            tagged=True,
            outline=True,
        )
    tab.close()
    source.unlink()


def main(arguments: list[str] | None = None) -> int:
    """Print every lesson into ``build/pdf``; the one argument is the address of the site, for its links.

    Raises
    ------
    CourseError
        There is no site yet, or no Chromium on the PATH.
    """
    (address,) = (sys.argv[1:] if arguments is None else arguments) or [""]
    folder, target = site.BUILD / "site" / "notebooks", site.BUILD / "pdf"
    if not folder.is_dir():
        raise CourseError(f"there are no pages in '{folder}' to print: run 'make site'")
    if not (program := next(filter(None, map(shutil.which, BROWSERS)), None)):
        raise CourseError("printing needs Chromium or Chrome on the PATH, and there is none: install it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A container has no sandbox of its own for it; the pages opened are our own.
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name in runner.names():
            print_page(browser, folder / f"{name}.html", target / f"{name}.pdf", address)
            print(target / f"{name}.pdf")
        browser.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CourseError as error:
        sys.exit(f"printing: {error}")
