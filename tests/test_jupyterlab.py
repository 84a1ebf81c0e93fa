"""A student's first hour in JupyterLab, in a real browser: open a lesson, run it, move the slider."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import playwright.sync_api
import pytest

from course_utils import ROOT, run
from course_utils.authoring import runner, work

LESSONS = runner.names()
TERMS = dict(zip(LESSONS, ("fold", "ReLU", "KV cache", "kernel distance"), strict=True))
"""A term that each lesson links to the glossary: small letters, capitals, two words, an accent."""
START_S, OPEN_MS, RUN_MS = 120, 90_000, 300_000
"""Limits, not waits: how long the server, a notebook and a whole lesson may take on a busy machine."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """JupyterLab on this machine, started as `make lab` does, on a student's copies; gives its address.

    It has an empty home of its own, so that no setting of the person who runs the tests gets in. All cells
    are drawn, also those that lie below the window.
    """
    home = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "own_folder", lambda: home)
        root = work.folder()
        work.start(LESSONS)
    tracker = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text(json.dumps({"windowingMode": "none"}))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COURSE_")}
    environment |= {
        "COURSE_PROFILE": "smoke",
        "COURSE_DEVICE": "cpu",
        "COURSE_RESULTS": str(home / "results"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(home / name.lower())
    port, token = free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.root_dir={root}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--IdentityProvider.token={token}"]
    command += [f"--LabApp.app_settings_dir={root / '.jupyterlab'}"]
    with open(home / "log.txt", "w") as log:
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={token}", server, home / "log.txt")
        yield lambda lesson: f"http://127.0.0.1:{port}/lab/tree/{lesson}.ipynb?token={token}&reset"
    finally:
        server.terminate()  # it stops its kernels
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_for(address, server, log):
    """Until the server answers."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)


@pytest.fixture(scope="module")
def window(browser):
    """A browser window, whose pages load JupyterLab's own files only once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(OPEN_MS)
    yield context
    context.close()


@pytest.fixture
def opened(lab, window, tmp_path):
    """Opens a lesson and waits until it is drawn; afterwards, keeps a picture and sees no error."""
    pages, errors = [], []

    def note(message):
        """The console's errors, but for a request that a busy server did not answer."""
        network = message.text.startswith(("Failed to load resource", "WebSocket connection"))
        if message.type == "error" and not network:
            errors.append(message.text)

    def open_lesson(lesson):
        page = window.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", note)
        pages.append(page)
        page.goto(lab(lesson))
        page.locator(".jp-Notebook h1").first.wait_for()
        return page

    yield open_lesson
    for number, page in enumerate(pages):
        page.screenshot(path=tmp_path / f"page_{number}.png")
        assert page.locator(".jp-Dialog").count() == 0  # neither news nor an error in the way
        page.close()
    assert errors == []


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_opens_with_its_figures_and_terms(opened, lesson):
    page = opened(lesson)
    assert page.locator(".jp-Notebook h1").first.inner_text().startswith(f"Lesson {lesson[0]}")
    pictures = page.locator(".jp-OutputArea-output img")
    pictures.nth(4).wait_for(state="attached")
    assert all(width > 0 for width in pictures.evaluate_all("all => all.map(e => e.naturalWidth)"))
    in_words = page.locator("details", has_text="This figure in words").locator("p").all_text_contents()
    assert len(in_words) == pictures.count() and all(len(text) > 30 for text in in_words)

    # A link opens the glossary as a page, not as text, and at its term.
    page.locator(".jp-Notebook").get_by_role("link", name=TERMS[lesson], exact=True).first.click()
    heading = page.locator(".jp-MarkdownViewer").get_by_role("heading", name=TERMS[lesson], exact=True)
    playwright.sync_api.expect(heading).to_be_in_viewport(timeout=OPEN_MS)


def menu(page, title, entry):
    """Choose an entry of JupyterLab's menu bar."""
    page.get_by_role("menuitem", name=title, exact=True).click()
    page.get_by_role("menuitem", name=entry, exact=True).click()


def test_run_all_brings_the_verdict_and_the_slider_moves(opened):
    page = opened("1_classic_ml")
    menu(page, "Edit", "Clear Outputs of All Cells")
    page.get_by_text("saved 1_classic_ml.json").wait_for(state="detached")
    menu(page, "Run", "Run All Cells")
    page.get_by_text("saved 1_classic_ml.json").wait_for(timeout=RUN_MS)
    assert page.locator(".jp-OutputArea-output b", has_text="Too small to judge").count() == 2
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0

    slider = page.locator(".widget-slider")
    picture = page.locator(".widget-vbox img").last
    before = picture.get_attribute("src")
    slider.locator(".noUi-handle").press("Home")
    playwright.sync_api.expect(picture).not_to_have_attribute("src", before, timeout=OPEN_MS)
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0


def test_a_lesson_leads_to_its_labs_and_a_lab_to_the_glossary(opened):
    page = opened("2_deep_cnn")
    lab = run.notebooks()["2_depth"].question
    page.locator(".jp-Notebook").get_by_role("link", name=lab, exact=True).click()
    page.locator(".jp-Notebook h1", has_text=f"Lab 2 · {lab}").wait_for()
    tab = page.locator(".jp-NotebookPanel", has=page.locator("h1", has_text=f"Lab 2 · {lab}"))
    tab.locator("a[href*='glossary']").first.click()
    page.locator(".jp-MarkdownViewer h1").first.wait_for()
