"""Fixtures that several test files share."""

import hashlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from texts import SOURCE, documents

from course_utils import run as runtime
from course_utils.authoring import runner
from course_utils.claims import ledger
from course_utils.claims.estimates import Estimate
from course_utils.data import registry
from course_utils.exercises import checker
from course_utils.models.costs import Cost
from course_utils.report import results


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Where Jupyter and IPython keep their files during the tests."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, home, data_folder):
    """No setting of the person who runs the tests gets in, and nothing is written into their home."""
    for name in [name for name in os.environ if name.startswith(("COURSE_", "NBGRADER_"))]:
        monkeypatch.delenv(name)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home / name.lower()))
    monkeypatch.setenv("COURSE_DATA", str(data_folder))  # kernels and other processes have it, too
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture(autouse=True)
def no_hurry(monkeypatch):
    """A busy machine does not make a right answer late."""
    monkeypatch.setitem(vars(checker), "LIMIT_S", 600)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Connections to anything but this machine fail."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            raise OSError(f"the tests run offline, but something connects to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def closed_figures():
    """No figure of a test stays open, and no style that it sets outlives it."""
    import matplotlib.pyplot as plt

    with plt.rc_context():
        yield
    plt.close("all")


@pytest.fixture
def course_style(closed_figures):
    """Figures in the course's style."""
    from course_utils.show import plots

    plots.use_style()


@pytest.fixture
def notebook():
    """Makes a notebook with a title and these code cells."""

    def make(*sources):
        return new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, sources)])

    return make


@pytest.fixture
def shelf(tmp_path, monkeypatch, notebook):
    """Puts lessons and labs with these code cells where the package looks for them; gives the folder."""
    folder = tmp_path / "notebooks"
    (folder / "labs").mkdir(parents=True)
    monkeypatch.setattr(runner, "NOTEBOOKS", folder)

    def put(**cells):
        for name, sources in cells.items():
            place = folder / "labs" if name.startswith("lab_") else folder
            name = name.removeprefix("lab_").removeprefix("lesson_")
            nbformat.write(notebook(*sources), place / f"{name}.ipynb")
        return folder

    return put


@pytest.fixture
def judged():
    """Judges lesson 1's headline claim with these effects, the same for both tables."""

    def judge(effect=0.4, ratio=12.0, profile="laptop"):
        quality = Estimate(effect, effect - 0.5, effect + 0.5, 25)
        cost = Estimate(ratio, ratio / 1.25, ratio * 1.25, 25)
        measured = {
            "flights": quality,
            "houses": quality,
            "cpu_seconds": {"flights": cost, "houses": cost},
        }
        return ledger.get("ml-lightweight").judge(measured, profile)

    return judge


@pytest.fixture
def record(tmp_path, judged):
    """The text of a good results file of this lesson."""

    def make(lesson):
        run = runtime.Run(lesson, "laptop", "cpu", 0, tmp_path / "made")
        return results.save(run, [judged()]).read_text(encoding="utf-8")

    return make


@pytest.fixture
def writes_results(record):
    """Source of a code cell that writes a good results file, without loading anything heavy."""

    def make(lesson):
        path = f"pathlib.Path(os.environ['COURSE_RESULTS'], '{lesson}.json')"
        return f"import os, pathlib\n{path}.write_text({json.dumps(record(lesson))}, encoding='utf-8')"

    return make


MODELS = {
    **{"logistic regression": "classic", "random forest": "classic", "MLP": "deep", "CNN": "deep"},
    **{"Llama, pre-trained": "LLM", "Llama, fine-tuned": "LLM", "diffusion": "generative"},
    "VAE": "generative",
}


@pytest.fixture
def whole_run():
    """Writes good results of all lessons and labs into a folder: every tested claim, and what models cost."""

    def write(folder, profile="laptop", device="cpu", seed=0, lift=0.5, data="digits"):
        """`lift`: how far each effect lies on the needed side of its margin, in half-widths."""
        for name in runtime.notebooks():
            verdicts = [
                claim.judge(_measured(claim, lift), profile)
                for claim in ledger.load_ledger().values()
                if claim.notebook == name and claim.status == "tested"
            ]
            costs = [
                Cost(
                    model=model,
                    technology=technology,
                    data=data,
                    parameters=10 ** (1 + i // 2),
                    train_operations=10.0 ** (3 + i),
                    predict_operations=5.0,
                    train_cpu_s=1.5**i,
                    predict_cpu_ms=0.2,
                )
                for i, (model, technology) in enumerate(MODELS.items())
                if name == "0_cost"
            ]
            predictions = {"effect": 3, "verdict": "supported", "own": "x < y"}
            answers = {"effect": verdicts[0].outcomes[0].estimate, "verdict": verdicts[0].word}
            run = runtime.Run(name, profile, device, seed, folder)
            results.save(run, verdicts, costs, predictions, answers)
        return folder

    return write


def _measured(claim, lift):
    measured = {}
    for test in claim.tests:
        width = abs(test.margin) / 4 or 0.5
        effect = test.margin + (lift if test.direction == "above" else -lift) * width
        estimate = Estimate(effect, effect - width, effect + width, 30)
        measured[test.id] = {"one": estimate, "two": estimate} if test.per else estimate
    return measured


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, driven by playwright; without one the test is skipped."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on the PATH: the pages are not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A container has no sandbox of its own for it; the pages opened are our own.
        chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def blocked(tmp_path):
    """A folder that nobody can make, not even root: it would lie below a regular file."""
    file = tmp_path / "file"
    file.write_text("in the way")
    return Path(file, "folder")


@pytest.fixture
def server():
    """A web server on this machine: the dict that it serves from, with its address under ''."""
    files = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            content, promised = files.get(self.path, (None, 0))
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(promised))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        files[""] = f"http://127.0.0.1:{httpd.server_port}"
        yield files
        httpd.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of downloads."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def register(tmp_path, monkeypatch):
    """Adds a file to a data set in a registry that has nothing else."""
    lines = {}

    def put(
        content=b"1,2\n3,4\n",
        url="http://127.0.0.1:9/original",
        name="numbers",
        file="numbers.csv",
        member="",
        kind="sha256",
    ):
        known = lines.setdefault(name, [f'[{name}]\ntitle = "Numbers"\nlicence = "CC0"\norigin = "here"'])
        known.append(f'[[{name}.files]]\nurl = "{url}"\nfile = "{file}"\narchive_member = "{member}"')
        known.append(f'{kind} = "{hashlib.new(kind, content).hexdigest()}"\nsize_mb = 0.1')
        path = tmp_path / "registry.toml"
        path.write_text("\n".join(line for part in lines.values() for line in part))
        monkeypatch.setattr(registry, "REGISTRY_PATH", path)

    return put


@pytest.fixture
def torch_as_before():
    """One thread, and the global random state is put back afterwards."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)


@pytest.fixture
def killed_in_training():
    """Runs code that trains in another process, and kills it after so many versions of a checkpoint."""

    def run(code, path, versions, limit_s):
        process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=Path(__file__).parent, stderr=subprocess.PIPE
        )
        try:
            seen, deadline = set(), time.monotonic() + limit_s
            while len(seen) < versions and process.poll() is None and time.monotonic() < deadline:
                if path.exists():
                    seen.add(path.stat().st_mtime_ns)
                time.sleep(0.005)
        finally:
            process.kill()
        errors = process.communicate()[1].decode()
        assert len(seen) == versions, errors
        return process.returncode

    return run


@pytest.fixture
def general():
    """A general text with two training, one validation and one test document."""
    from course_utils.data.documents import Texts

    train, (validation,), (test,) = documents(2, 900), documents(1, 910), documents(1, 920)
    return Texts(tuple(train), (validation,), (test,), SOURCE, "general")
