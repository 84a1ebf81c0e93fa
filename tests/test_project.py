"""What the project says about itself holds."""

import re
import subprocess

import pytest
import yaml

from course_utils import ROOT
from course_utils.authoring import runner
from course_utils.claims import ledger
from course_utils.data import registry

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", registry.registry())
def test_every_data_set_has_a_data_sheet(name):
    source = registry.registry()[name]
    sheet = (ROOT / source.datasheet).read_text(encoding="utf-8")
    assert source.sha256 in sheet and source.licence in sheet
    for file in source.files:
        assert file.file in sheet and f"{file.algorithm} `{file.expected}`" in sheet
    for topic in ("source", "size", "units", "collected", "bias", "must not be used"):
        assert topic in sheet.lower(), topic


def test_the_readme_names_every_lesson_and_its_claim():
    headlines = {claim.lesson: claim.id for claim in ledger.load_ledger().values() if claim.headline}
    for lesson in runner.names():
        assert lesson in README and headlines[int(lesson.split("_")[0])] in README


def test_links_lead_somewhere():
    tracked = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.split():
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(r'src="([^":]+)"', text):
            assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_the_citation_and_the_licences_are_there():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["license"] == ["MIT", "CC-BY-4.0"]
    assert (
        "MIT License" in (ROOT / "LICENSE").read_text() and "CC BY 4.0" in (ROOT / "LICENSE-TEXT").read_text()
    )
