import gzip
import importlib.metadata
import inspect
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from course_utils import CourseError, cli, resource
from course_utils.data import docstring_files, docstrings, overlap, registry
from course_utils.data.docstring_files import clean, in_source
from course_utils.data.documents import n_bytes

LONG = "Says what it does, in as many words as it takes to be longer than two hundred letters. " * 3
locked_only = pytest.mark.skipif(
    docstrings.installed_versions() != docstrings.locked_versions(), reason="needs the locked packages"
)

SOURCE = f'''
"""Module. {LONG}"""
import os
if os.name:
    class Outer:
        r"""Class with a backslash \\d. {LONG}"""
        @property
        def method(self, x=(1, 2)):
            """Method. {LONG}

            Parameters
            ----------
            x : tuple
                Indented.\t\t
            """
            def inner():
                """Inner. {LONG}"""
                return """
kept at the margin
"""

            return inner  # é
else:
    try:
        async def waits(): "Async. {LONG}"; return 1
    except ValueError:
        def rescued():
            """Rescued. {LONG}"""
    else:
        def fine():
            """Short."""
    finally:
        def ends():
            # a remark
            """Ends. {LONG}"""  # and another
def bytes_only():
    b"""No docstring. {LONG}"""
def formatted():
    f"""No docstring either. {LONG}"""
def late():
    x = 1
    """Too late. {LONG}"""
match os.name:
    case "nt":
        def windows():
            """Windows. {LONG}"""
with open(os.devnull):
    def within():
        """Within. {LONG}"""
'''.lstrip("\n")


@pytest.fixture
def documents():
    return {document.name: document for document in in_source(SOURCE, "pack/core/_thing.py")}


def test_every_docstring_is_found_in_the_order_of_the_source(documents):
    here = "pack.core._thing"
    assert list(documents) == [
        *(here, f"{here}.Outer", f"{here}.Outer.method", f"{here}.Outer.method.inner", f"{here}.waits"),
        *(f"{here}.rescued", f"{here}.ends", f"{here}.windows", f"{here}.within"),
    ]
    assert {document.file for document in documents.values()} == {"pack/core/_thing.py"}
    assert [document.text.split()[0] for document in documents.values()] == [
        *("Module.", "Class", "Method.", "Inner.", "Async.", "Rescued.", "Ends.", "Windows.", "Within.")
    ]


def test_a_packages_own_docstring_has_the_packages_name():
    assert [each.name for each in in_source(f'"""{LONG}"""', "pack/core/__init__.py")] == ["pack.core"]


def test_the_text_is_cleaned(documents):
    text = documents["pack.core._thing.Outer.method"].text
    assert text == f"Method. {LONG.strip()}\n\nParameters\n----------\nx : tuple\n    Indented."


def test_the_code_is_the_function_without_its_docstring(documents):
    code = {name.rpartition(".")[2]: document.code for name, document in documents.items()}
    assert code["_thing"] == code["Outer"] == ""
    assert code["method"].split("\n") == [
        "def method(self, x=(1, 2)):",
        "    def inner():",
        f'        """Inner. {LONG}"""',
        '        return """',
        "kept at the margin",
        '"""',
        "",
        "    return inner  # é",
    ]
    assert code["inner"] == 'def inner():\n    return """\nkept at the margin\n"""'
    assert code["waits"].split() == ["async", "def", "waits():", "return", "1"]
    assert code["ends"] == "def ends():\n    # a remark\n# and another"
    assert code["windows"] == "def windows():"


def test_columns_count_bytes_and_lines_do_not_end_at_form_feeds():
    source = f'\x0cdef f(x="ééééé"): """{LONG}"""; return "ü"\n'
    (document,) = in_source(source, "a.py")
    assert document.code.split() == ["def", 'f(x="ééééé"):', "return", '"ü"']


@pytest.mark.parametrize(("length", "n"), [(199, 0), (200, 1)])
def test_short_docstrings_are_left_out(length, n):
    assert len(in_source(f'"""   {"x" * length}  \n\n   """', "a.py")) == n


DOCSTRINGS = [
    "",
    "   ",
    "One line.",
    "  One.\n\n    Two.\n      Three.  \n    ",
    "\n    First below.\n    \tTab.\n        Deeper\n",
    "One.\r\n    Two.\r    Three.",
    "One.\nTwo at the margin.\n    Three.",
    "One.\n\n\n      \n    Two.\n\n\n",
]


@pytest.mark.parametrize("docstring", DOCSTRINGS)
def test_cleaning_agrees_with_pythons(docstring):
    ends = docstring.replace("\r\n", "\n").replace("\r", "\n")
    python = "\n".join(line.rstrip() for line in inspect.cleandoc(ends).split("\n"))
    assert clean(docstring) == python.strip("\n")


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package from files; importing any of them is an error."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(name, files):
        for path, source in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            content = source if isinstance(source, bytes) else source.encode()
            place.write_bytes(content.replace(b"#IMPORTED", b"raise SystemExit('imported')"))
        return tmp_path / name

    return put


def module(word):
    return f'"""{word} {LONG}"""\n#IMPORTED\n'


def test_packages_are_read_in_the_order_of_their_file_names(package):
    files = {name: module(name) for name in ("b.py", "__init__.py", "a/z.py", "a.py", "C.py")}
    package("fakeone", files)
    package("faketwo", {"__init__.py": module("two")})
    found, broken = docstring_files.read(["faketwo", "fakeone"])
    assert [each.file for each in found] == [
        *("faketwo/__init__.py", "fakeone/C.py", "fakeone/__init__.py", "fakeone/a.py", "fakeone/a/z.py"),
        "fakeone/b.py",
    ]
    assert broken == [] and {"fakeone", "faketwo"}.isdisjoint(sys.modules)


def test_line_ends_and_encodings_make_no_difference(package):
    plain = f'"""Straße. {LONG}\n\n    More.\n"""\ndef f():\n    """F. {LONG}"""\n    return 1\n'
    variants = {
        "unix.py": plain.encode(),
        "windows.py": plain.replace("\n", "\r\n").encode(),
        "mac.py": plain.replace("\n", "\r").encode(),
        "bom.py": b"\xef\xbb\xbf" + plain.encode(),
        "latin.py": b"# -*- coding: latin-1 -*-\n" + plain.encode("latin-1"),
    }
    package("fakeends", variants)
    found, broken = docstring_files.read(["fakeends"])
    assert broken == [] and len(found) == 10
    assert len({document.text for document in found}) == 2
    assert {document.code for document in found} == {"", "def f():\n    return 1"}


def test_files_that_are_no_python_are_counted_and_warnings_kept_quiet(package, recwarn):
    package(
        "fakebroken",
        {
            "bad.py": f'"""{LONG}"""\ndef f(:\n',
            "binary.py": b"\0\xff",
            "latin.py": '"""é"""'.encode("latin-1"),
            "fine.py": f'"""Invalid \\d escape. {LONG}"""\n1 is 1\n',
        },
    )
    found, broken = docstring_files.read(["fakebroken"])
    assert [each.file for each in found] == ["fakebroken/fine.py"]
    assert broken == ["fakebroken/bad.py", "fakebroken/binary.py", "fakebroken/latin.py"]
    assert list(recwarn) == []


def test_tests_and_generated_and_carried_files_are_left_out(package):
    kept = ["sub/testing.py", "sub/contest/a.py", "util.py", "_versions/a.py", "version/a.py"]
    left = ["tests/test_a.py", "sub/tests/deep/a.py", "conftest.py", "sub/conftest.py", "version.py"]
    left += ["_version.py", "_version_meson.py", "__config__.py", "_distributor_init.py", "externals/a.py"]
    folder = package("fakeparts", {name: module(name) for name in kept + left})
    assert docstring_files.source_files(folder) == sorted(f"fakeparts/{name}" for name in kept)


@locked_only
@pytest.mark.parametrize("pattern", [each for each in docstring_files.LEFT_OUT if not each.startswith("*/")])
def test_every_place_that_is_left_out_is_one(pattern):
    """A folder that moved must not come back unseen; numpy.distutils is there on Python 3.11 only."""
    name, _, below = pattern.partition("/")
    exists = (docstring_files.package_folder(name) / below).exists()
    assert exists or (pattern == "numpy/distutils" and sys.version_info >= (3, 12))
    assert not any(
        f"{file}/".startswith(f"{pattern}/")
        for file in docstring_files.source_files(docstring_files.package_folder(name))
    )


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    with pytest.raises(CourseError, match="'no_such_package' is not installed: pip install -r requirements"):
        docstring_files.read(["no_such_package"])
    monkeypatch.setattr(docstrings, "TASK", {"no_such_package": "no-such-package"})
    with pytest.raises(CourseError, match="'no-such-package' is not installed: pip install -r requirements"):
        docstrings.load()


def test_a_file_that_cannot_be_opened_is_named(package):
    folder = package("fakefolder", {"a.py/b.txt": ""})
    with pytest.raises(CourseError, match=r"cannot read '.*a\.py' \(.+\): see to it that you may open it"):
        docstring_files.read_source(folder / "a.py")


# --- the corpus and its cache, with two small packages ---


def prose(n_words, seed):
    return " ".join(f"word{i}" for i in np.random.default_rng(seed).integers(0, 9_999, n_words))


@pytest.fixture
def small(package, cache, monkeypatch, tmp_path):
    """Two small packages take the places of the four."""
    package("fakegeneral", {f"m{i}.py": f'"""General {i}.\n\n{prose(60, i)}\n"""' for i in range(60)})
    package("faketask", {f"m{i}.py": f'"""Task {i}.\n\n{prose(60, 100 + i)}\n"""' for i in range(40)})
    monkeypatch.setattr(docstrings, "GENERAL", {"fakegeneral": "fake-general"})
    monkeypatch.setattr(docstrings, "TASK", {"faketask": "fake-task"})
    monkeypatch.setattr(docstrings, "LOCK", tmp_path / "requirements.lock")
    docstrings.LOCK.write_text("other==3\nfake-general==1.0\nfake-task==2.1 ; x\n")
    installed = {"fake-general": "1.0", "fake-task": "2.0"}
    monkeypatch.setattr(docstrings, "version", installed.__getitem__)
    return installed


@pytest.fixture
def never_built(monkeypatch):
    def refuse(source):
        raise AssertionError("made again")

    return lambda: monkeypatch.setattr(docstrings, "build", refuse)


def names(*collections):
    return [[document.name for document in part] for part in docstrings.parts_of(*collections)]


def test_the_parts_are_made_by_package_and_file(small):
    general, task = docstrings.load()
    sizes = [len(part) for part in docstrings.parts_of(general, task)]
    assert sizes == [56, 2, 2, 30, 4, 6]
    assert all(name.startswith("fakegeneral") for part in names(general) for name in part)
    assert sorted(name for part in names(task) for name in part) == sorted(
        f"faketask.m{i}" for i in range(40)
    )
    assert general.source == task.source == registry.registry()["docstrings"]


def kept(cache):
    """The only file in the cache."""
    (path,) = cache.iterdir()
    assert path.name.startswith("docstrings-")
    return path


def test_the_second_load_comes_from_the_cache(small, cache, never_built):
    first = docstrings.load()
    assert kept(cache).stat().st_size > 0
    never_built()
    assert docstrings.load() == first


def test_other_versions_are_no_error_but_told(small):
    for texts in docstrings.load():
        told = "read from fake-general 1.0, fake-task 2.0: not those of requirements.lock, so numbers differ"
        assert told in texts.report


def test_the_locked_versions_must_give_the_known_content(small, cache, never_built, monkeypatch):
    general, task = docstrings.load()
    small["fake-task"] = "2.1"
    with pytest.raises(CourseError, match="'docstrings' is not the one this course was written for"):
        docstrings.load()
    known = replace(registry.registry()["docstrings"], sha256=docstrings.content_digest(general, task))
    monkeypatch.setattr(docstrings, "registry", lambda: {"docstrings": known})
    again = docstrings.load()
    assert names(*again) == names(general, task)
    never_built()
    assert "requirements.lock" not in docstrings.load()[0].report


def test_a_kept_corpus_that_is_not_the_known_one_is_made_anew(small, cache, monkeypatch):
    general, task = docstrings.load()
    kept(cache).unlink()
    small["fake-task"] = "2.1"
    known = replace(registry.registry()["docstrings"], sha256=docstrings.content_digest(general, task))
    monkeypatch.setattr(docstrings, "registry", lambda: {"docstrings": known})
    first = docstrings.load()
    docstrings._keep(kept(cache), (general, replace(task, test=task.test[1:])))
    assert docstrings.load() == first
    assert docstrings._kept(kept(cache), known, 2) == first  # the right one was kept instead


def test_other_versions_have_a_file_of_their_own(small, cache, never_built):
    first = docstrings.load()
    small["fake-task"] = "3.0"
    docstrings.load()
    assert len(list(cache.iterdir())) == 2
    small["fake-task"] = "2.0"
    never_built()
    assert docstrings.load() == first


def repack(path, change):
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))


DAMAGES = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-100]),
    "no gzip": lambda path: path.write_bytes(b"nothing"),
    "empty": lambda path: path.write_bytes(b""),
    "a bit": lambda path: path.write_bytes(path.read_bytes()[:500] + b"\0" + path.read_bytes()[501:]),
    "a number": lambda path: repack(path, lambda content: b"1"),
    "a list": lambda path: repack(path, lambda content: b"[1]"),
    "one text": lambda path: repack(path, lambda content: b"[[[], [], [], 1]]"),
    "no json": lambda path: repack(path, lambda content: content[1:]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_is_made_anew(small, cache, damage):
    first = docstrings.load()
    path = kept(cache)
    DAMAGES[damage](path)
    assert docstrings.load() == first
    assert docstrings._kept(path, first[0].source, 2) is not None


def test_a_folder_in_the_place_of_the_cache_file_is_told(small, cache):
    first = docstrings.load()
    path = kept(cache)
    path.unlink()
    path.mkdir()
    again = docstrings.load()
    assert names(*again) == names(*first) and "the corpus could not be kept" in again[0].report


def test_a_cache_by_another_recipe_is_made_anew(small, monkeypatch, cache):
    docstrings.load()
    monkeypatch.setattr(docstrings, "RECIPE", docstrings.RECIPE + 1)
    docstrings.load()
    assert len(list(cache.iterdir())) == 2


def test_who_loses_the_race_to_the_cache_is_told_nothing(small, cache, monkeypatch):
    """On Windows a file that another process has open cannot be replaced."""
    first = docstrings.load()
    content = kept(cache).read_bytes()
    path = kept(cache)
    path.unlink()

    def refuse(source, target):
        path.write_bytes(content)  # another process was quicker
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    assert docstrings.load() == first
    assert "could not be kept" not in first[0].report


def test_without_a_cache_folder_it_works_and_says_so(small, blocked, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(blocked))
    for texts in docstrings.load():
        assert "the corpus could not be kept, so the next time takes as long: cannot write" in texts.report
        assert "damaged" not in texts.report


def test_an_administrator_keeps_them_for_those_who_may_only_read(small, cache, never_built, capsys):
    assert cli.main(["data", "docstrings"]) == 0
    assert capsys.readouterr().out == f"docstrings: {kept(cache)}\n"
    never_built()
    assert len(docstrings.load()) == 2


def test_an_administrator_is_told_that_they_could_not_be_kept(small, blocked, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", str(blocked))
    assert cli.main(["data", "docstrings"]) == 2
    assert (
        "could not be written: set COURSE_DATA to a folder that you may write to" in capsys.readouterr().err
    )


def test_files_that_cannot_be_read_stand_in_the_report(small, package):
    package("faketask", {"broken.py": "def f(:"})
    assert "1 file(s) that this Python cannot read: faketask/broken.py" in docstrings.load()[1].report


def test_the_lock_names_all_four_packages():
    assert list(docstrings.locked_versions()) == ["numpy", "scipy", "pandas", "scikit-learn"]
    packages = registry.registry()["docstrings"].package
    assert packages.split(", ") == list(docstrings.locked_versions())


def test_a_missing_lock_locks_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(docstrings, "LOCK", tmp_path / "requirements.lock")
    assert docstrings.locked_versions() == {}


# --- the real corpus ---


@pytest.fixture
def corpus():
    """General and task; made once for all tests."""
    return docstrings.load()


@locked_only
def test_the_corpus_has_the_registered_content(corpus):
    assert docstrings.content_digest(*corpus) == registry.registry()["docstrings"].sha256
    assert [len(part) for part in docstrings.parts_of(*corpus)] == [4252, 148, 221, 1076, 123, 190]
    sheet = resource("datasets", "docstrings.md").read_text(encoding="utf-8")
    for part in docstrings.parts_of(*corpus):
        assert f"| {len(part):,} | {n_bytes(part):,} |" in sheet


def test_the_task_test_part_is_large_enough(corpus):
    assert len(corpus[1].test) >= 150 and n_bytes(corpus[1].test) >= 200_000


def test_no_thirteen_words_are_on_both_sides(corpus):
    general, task = corpus
    training = {run for each in general.train + task.train for run in runs(each.text, 13)}
    for part in (general.validation, general.test, task.validation, task.test):
        shared = [each.name for each in part if not training.isdisjoint(runs(each.text, 13))]
        assert part and shared == []


def runs(text, n):
    words = overlap.words(text)
    return (tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def test_no_file_is_in_two_parts(corpus):
    files = [{document.file for document in part} for part in docstrings.parts_of(*corpus)]
    assert sum(map(len, files)) == len(set.union(*files))


def test_the_report_tells_the_longest_shared_passage(corpus):
    general, task = corpus
    training = [document.text for document in general.train + task.train]
    passage = overlap.longest_shared_passage([document.text for document in task.test], training)
    n_words = len(overlap.words(passage))
    assert f"shares with a training part: {n_words} words" in task.report
    assert n_words == overlap.LEAK_WORDS - 1


def test_documents_are_as_promised(corpus):
    for part in docstrings.parts_of(*corpus):
        for document in part:
            assert len(document.text) >= 200 and "\r" not in document.text + document.code
            assert not any(line != line.rstrip() for line in (document.text + document.code).split("\n"))
            assert document.name.startswith(document.file.removesuffix(".py").split("/")[0])
            assert document.code == "" or document.code.startswith(("def ", "async def "))


def test_reading_imports_none_of_the_packages():
    code = "from course_utils.data import docstring_files as files; import sys\n"
    code += "source = files.read_source(files.package_folder('sklearn') / 'base.py')\n"
    code += "found = files.in_source(source, 'sklearn/base.py')\n"
    code += "print(len(found) > 5, *sorted({'sklearn', 'scipy', 'pandas', 'torch'} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "True\n"


# --- the text of the long training, with small packages ---


@pytest.fixture
def wide(small, package, monkeypatch):
    """A third small package. One document is a general one's twin, one repeats a held-out one of the task."""
    files = {f"m{i}.py": f'"""Wide {i}.\n\n{prose(60, 200 + i)}\n"""' for i in range(200)}
    held_out = docstrings.load()[1].test[0].text.split("\n\n")[-1]
    files["twin.py"] = f'"""General 3.\n\n{prose(60, 3)}\n"""'
    files["quotes.py"] = f'"""Quotes.\n\n{prose(80, 999)}\n\n{" ".join(held_out.split()[:20])}\n"""'
    package("fakewide", files)
    monkeypatch.setattr(docstrings, "WIDE", {"fakewide": "fake-wide"})
    small["fake-wide"] = "1.0"
    return small


def test_the_wide_text_is_apart_from_what_the_lesson_measures(wide):
    texts, (general, task) = docstrings.load_wide(), docstrings.load()
    sizes = [len(part) for part in docstrings.parts_of(texts)]
    assert sum(sizes) == 201 and min(sizes) >= 2  # 1 % each, by file
    assert "fakewide.twin" not in [name for part in names(texts) for name in part]
    training = {run for each in texts.train for run in runs(each.text, 13)}
    for part in (general.validation, general.test, task.validation, task.test, texts.validation, texts.test):
        assert all(training.isdisjoint(runs(each.text, 13)) for each in part)
    (cut,) = [each for each in texts.train if each.name == "fakewide.quotes"]
    assert len(overlap.words(cut.text)) == 81
    assert texts.source == registry.registry()["docstrings_wide"]


def test_the_wide_text_can_be_kept_beforehand_too(wide, cache, never_built):
    path = docstrings.keep("docstrings_wide")
    assert path.parent == cache and path.name.startswith("docstrings-wide-")
    never_built()
    assert docstrings.load_wide().train


def test_a_wide_text_that_the_weights_were_not_trained_on_is_told(wide, monkeypatch):
    texts = docstrings.load_wide()
    assert "not the text that the shipped weights were trained on" in texts.report
    known = {name: replace(each) for name, each in registry.registry().items()}
    known["docstrings_wide"] = replace(known["docstrings_wide"], sha256=docstrings.content_digest(texts))
    monkeypatch.setattr(docstrings, "registry", lambda: known)
    assert "not the text" not in docstrings.load_wide().report


def test_the_wide_text_is_read_once(wide, monkeypatch):
    first = docstrings.load_wide()
    monkeypatch.setattr(docstring_files, "read", None)
    assert docstrings.load_wide() == first


def test_wide_files_that_cannot_be_read_stand_in_the_report_that_is_kept_too(wide, package):
    package("fakewide", {"broken.py": "def ("})
    first = docstrings.load_wide().report
    assert "1 file(s) that this Python cannot read: fakewide/broken.py" in first
    assert docstrings.load_wide().report == first


def test_other_versions_of_a_wide_package_have_a_file_of_their_own(wide, cache):
    docstrings.load_wide()
    wide["fake-wide"] = "2.0"
    docstrings.load_wide()
    assert len(list(cache.glob("docstrings-wide-*"))) == 2


def test_a_wide_package_that_is_missing_is_named(small, monkeypatch):
    monkeypatch.setattr(docstrings, "WIDE", {"no_such_package": "no-such-package"})
    monkeypatch.setattr(docstrings, "version", importlib.metadata.version)
    monkeypatch.setattr(docstrings, "GENERAL", {"numpy": "numpy"})
    monkeypatch.setattr(docstrings, "TASK", {"sklearn": "scikit-learn"})
    with pytest.raises(CourseError, match="'no-such-package' is not installed"):
        docstrings.load_wide()
