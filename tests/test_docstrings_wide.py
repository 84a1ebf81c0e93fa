"""The text of the long training as it is: in a file of its own, because it takes a minute and a half."""

import sys
from collections import Counter

import pytest

from course_utils import resource
from course_utils.authoring import doctor
from course_utils.data import docstrings, registry
from course_utils.data.documents import n_bytes

locked_only = pytest.mark.skipif(
    bool(doctor.packages().remedy) or sys.platform != "linux", reason="needs the locked packages, as on Linux"
)


@locked_only
def test_the_wide_corpus_has_the_registered_content_and_sizes():
    texts = docstrings.load_wide()
    source = registry.registry()["docstrings_wide"]
    assert docstrings.content_digest(texts) == source.sha256
    assert "not the text" not in texts.report
    sheet = resource("datasets", "docstrings_wide.md").read_text(encoding="utf-8")
    parts = dict(zip(("train", "validation", "test"), docstrings.parts_of(texts), strict=True))
    for name, part in parts.items():
        assert f"| {name} | {len(part):,} | {n_bytes(part):,} |" in sheet
    documents = [each for part in parts.values() for each in part]
    of_package = Counter(each.file.split("/")[0] for each in documents)
    versions = docstrings.installed_versions(docstrings.WIDE)
    for module, package in docstrings.WIDE.items():
        size = n_bytes(each for each in documents if each.file.startswith(f"{module}/"))
        number = versions[package].split("+")[0]
        assert f"| {package} | {number} | {of_package[module]:,} | {size:,} |" in sheet


def test_the_registry_names_the_packages():
    packages = registry.registry()["docstrings_wide"].package
    assert packages.split(", ") == list(docstrings.WIDE.values())
