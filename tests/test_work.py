"""A student's own copies: ``course start`` makes them, ``course update`` brings new editions into them."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

import nbformat
import pytest
from small_editions import at, check, code, edition, exercise, sources, text

from course_utils import ROOT, CourseError, cli, files
from course_utils import run as runtime
from course_utils.authoring import editions, execute, runner, work


def old_edition():
    return edition(
        text("# Lesson 1\n\nSee [fold](glossary.md#fold), and [the lab](labs/1_labels.ipynb)."),
        exercise("1.1", "rule"),
        check("1.1", "rule"),
        text("The verdict is explained here at some length."),
    )


def new_edition():
    cells = [cell.copy() for cell in old_edition().cells]
    cells[3].source = "The verdict is explained here at greater length."
    return edition(*cells, code("print('new')"))


LAB = edition(text("# Lab\n\nIt needs [lesson 1](../1_classic_ml.ipynb), see [fold](../glossary.md#fold)."))
FRESH = ["1_classic_ml.ipynb", "glossary.md", "labs/1_labels.ipynb", ".jupyterlab/overrides.json"]


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A checkout with one lesson, a lab, the glossary and JupyterLab's settings; gives its notebooks."""
    folder = tmp_path / "checkout" / "notebooks"
    for name in (".jupyterlab", "labs"):
        (folder / name).mkdir(parents=True)
    nbformat.write(old_edition(), folder / "1_classic_ml.ipynb")
    nbformat.write(LAB, folder / "labs" / "1_labels.ipynb")
    (folder / "glossary.md").write_text("# fold\n")
    (folder / ".jupyterlab" / "overrides.json").write_text("{}")
    (folder.parent / "pyproject.toml").touch()
    monkeypatch.setattr(runner, "NOTEBOOKS", folder)
    for module in (runtime, editions):
        monkeypatch.setattr(module, "ROOT", folder.parent)
    monkeypatch.chdir(folder.parent)
    return folder


@pytest.fixture
def mine(course):
    """The lesson's copy, which does not exist yet."""
    return course.parent / "work" / "1_classic_ml.ipynb"


def write_into(path, start="rule = ", words="rule = 2  # mine"):
    """What a student does in JupyterLab: another text in one cell, saved."""
    notebook = nbformat.read(path, as_version=4)
    at(notebook, start).source = words
    nbformat.write(notebook, path)


def publish(course, notebook=None):
    nbformat.write(notebook or new_edition(), course / "1_classic_ml.ipynb")


@pytest.fixture
def updatable(course, mine):
    """A copy with an answer in it, and a new edition of the course; gives the copy."""
    assert cli.main(["start", "1"]) == 0
    write_into(mine)
    publish(course)
    return mine


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- start ---


def test_start_copies_the_lesson_with_all_that_it_links_to(course, mine, capsys):
    assert cli.main(["start", "1"]) == 0
    for name in FRESH:
        assert (course.parent / "work" / name).read_bytes() == (course / name).read_bytes()
    assert capsys.readouterr().out.splitlines() == [
        os.path.join("work", "1_classic_ml.ipynb"),
        "and 1 notebooks that it links to",
        "",
        "To open it:",
        f"  jupyter lab --LabApp.app_settings_dir={os.path.join('work', '.jupyterlab')} "
        + os.path.join("work", "1_classic_ml.ipynb"),
    ]


def test_a_lab_is_opened_from_the_folder_that_its_links_lead_to(course, capsys):
    assert cli.main(["start", "1_labels"]) == 0
    assert "--ServerApp.root_dir=work " in capsys.readouterr().out


def test_on_a_hub_the_copy_is_opened_in_the_jupyterlab_that_is_open(course, mine, monkeypatch, capsys):
    monkeypatch.setenv("JUPYTERHUB_USER", "mara")
    monkeypatch.setattr(work.Path, "home", lambda: course.parent)
    assert cli.main(["start", "1"]) == 0
    opening = f"To open it: in JupyterLab, File > Open from Path, and there {os.path.join('work', mine.name)}"
    assert capsys.readouterr().out.splitlines()[-1] == opening


@pytest.mark.parametrize("names", [[], ["labs"], ["1", "1_labels"], ["1_classic_ml"]])
def test_names_are_those_of_course_run(course, mine, names):
    assert cli.main(["start", *names]) == 0
    assert mine.exists()


def test_start_never_overwrites(course, mine, capsys):
    cli.main(["start"])
    write_into(mine)
    before = contents(mine.parent)
    capsys.readouterr()
    assert cli.main(["start"]) == 0
    assert f"{os.path.join('work', '1_classic_ml.ipynb')} is there already" in capsys.readouterr().out
    assert contents(mine.parent) == before


def test_a_student_who_worked_in_the_tracked_notebook_takes_it_along(course, mine, capsys):
    tracked = course / "1_classic_ml.ipynb"
    commit(course.parent)
    write_into(tracked)
    assert cli.main(["start", "1"]) == 2
    said = capsys.readouterr().err
    assert f"course start 1_classic_ml --from {os.path.join('notebooks', '1_classic_ml.ipynb')}" in said
    assert "git checkout" in said and not mine.exists()
    assert cli.main(["start", "1", "--from", str(tracked)]) == 0
    assert mine.read_bytes() == tracked.read_bytes()
    assert "git checkout" in capsys.readouterr().out
    git(course.parent, "checkout", "notebooks")
    publish(course)
    assert cli.main(["update"]) == 0
    result = nbformat.read(mine, as_version=4)
    assert sources(result)[1] == "rule = 2  # mine" and len(result.cells) == 5
    assert "the new edition's stands behind" not in capsys.readouterr().out


def git(folder, *arguments):
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder):
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "notebooks")
    git(folder, "commit", "--quiet", "--message", "An edition")


def test_a_linked_notebook_that_somebody_wrote_into_is_left_where_it_is(course, mine, capsys):
    write_into(course / "labs" / "1_labels.ipynb", "# Lab", "# Lab, and my remark")
    assert cli.main(["start", "1"]) == 0
    assert "Not copied: somebody has written into" in capsys.readouterr().out
    assert mine.exists() and not (mine.parent / "labs").exists()


@pytest.mark.parametrize("names", [["1", "1_labels"], ["1"]])
def test_from_goes_with_one_copy_that_is_not_there_yet(course, mine, names):
    cli.main(["start", "1"])
    before = contents(mine.parent)
    assert cli.main(["start", *names, "--from", str(course / "1_classic_ml.ipynb")]) == 2
    assert contents(mine.parent) == before


def test_the_edition_of_a_notebook_from_elsewhere_is_found_in_the_history(course, mine, tmp_path, capsys):
    commit(course.parent)
    elsewhere = shutil.copy(course / "1_classic_ml.ipynb", tmp_path / "mine.ipynb")
    write_into(elsewhere)
    for edited in (new_edition(), edition(*new_edition().cells, text("And more."))):
        publish(course, edited)
        commit(course.parent)
    assert cli.main(["start", "1", "--from", str(elsewhere)]) == 0
    assert cli.main(["update", "1"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("1_classic_ml"))
    assert row.split() == ["1_classic_ml", "1", "2", "0", "0", "1.1", "0", "0"]


def test_an_installed_package_has_the_copies_in_the_home(course, mine, tmp_path, monkeypatch):
    (course.parent / "pyproject.toml").unlink()
    monkeypatch.setattr(work.Path, "home", lambda: tmp_path / "home")
    assert cli.main(["start", "1"]) == 0
    assert (tmp_path / "home" / "put-to-the-test" / "work" / mine.name).exists()
    assert not mine.exists()


def test_a_folder_that_cannot_be_made_says_so(course, mine, capsys):
    mine.parent.touch()
    assert cli.main(["start", "1"]) == 2
    assert "cannot write" in capsys.readouterr().err


# --- update ---


def test_update_keeps_the_answer_brings_the_text_and_says_so(updatable, capsys):
    before = updatable.read_bytes()
    capsys.readouterr()
    assert cli.main(["update"]) == 0
    assert sources(nbformat.read(updatable, as_version=4)) == [
        *(sources(old_edition())[0], "rule = 2  # mine", 'exercises.check("1.1", rule)'),
        *("The verdict is explained here at greater length.", "print('new')"),
    ]
    backup = updatable.with_name("1_classic_ml.before-update-1.ipynb")
    assert backup.read_bytes() == before
    said = capsys.readouterr().out
    assert said.splitlines()[2].split() == ["1_classic_ml", "1", "1", "0", "0", "1.1", "0", "0"]
    assert "Reload Notebook from Disk" in said and backup.name in said


def test_an_update_without_news_writes_nothing(course, updatable, capsys):
    cli.main(["update"])
    before = contents(updatable.parent)
    capsys.readouterr()
    assert cli.main(["update"]) == 0
    assert capsys.readouterr().out == "All of it is the course's present edition already.\n"
    assert contents(updatable.parent) == before


def test_a_dry_run_says_the_same_and_writes_nothing(updatable, capsys):
    before = contents(updatable.parent)
    capsys.readouterr()
    assert cli.main(["update", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert contents(updatable.parent) == before and said.endswith("Nothing was written.\n")
    cli.main(["update"])
    assert capsys.readouterr().out.splitlines()[:3] == said.splitlines()[:3]


def test_two_updates_in_a_row_have_two_backups(course, updatable):
    cli.main(["update"])
    write_into(updatable, "print", "print('new')  # mine, too")
    publish(course, edition(*new_edition().cells, text("And more.")))
    assert cli.main(["update", "1"]) == 0
    result = nbformat.read(updatable, as_version=4)
    assert sources(result)[1:2] + sources(result)[4:] == [
        "rule = 2  # mine",
        "print('new')  # mine, too",
        "And more.",
    ]
    assert len(list(updatable.parent.glob("*.before-update-*"))) == 2


def test_a_clash_is_told_with_its_first_line(course, updatable, capsys):
    write_into(updatable, "The verdict", "The verdict, in my words.\nAnd more.")
    assert cli.main(["update"]) == 0
    assert "1_classic_ml: both changed 'The verdict, in my words.'; yours stays" in capsys.readouterr().out


def test_what_stood_in_a_check_cell_is_told(course, updatable, capsys):
    write_into(updatable, "exercises.check", 'exercises.check("1.1", rule)\nprint(rule)')
    assert cli.main(["update"]) == 0
    assert "1_classic_ml: 'exercises.check(\"1.1\", rule)' has to be the course's" in capsys.readouterr().out


def test_update_brings_what_the_new_edition_links_to_and_the_glossary(course, updatable, capsys):
    nbformat.write(LAB, course / "labs" / "1_new.ipynb")
    publish(course, edition(*new_edition().cells, text("Now with [another lab](labs/1_new.ipynb).")))
    (course / "glossary.md").write_text("# fold\n# leak\n")
    cli.main(["update"])
    assert (updatable.parent / "labs" / "1_new.ipynb").exists()
    assert (updatable.parent / "glossary.md").read_text() == "# fold\n# leak\n"
    assert not list(updatable.parent.glob("glossary.before*"))


def test_a_glossary_with_notes_is_backed_up(course, updatable):
    (updatable.parent / "glossary.md").write_text("# fold\nmy note\n")
    (course / "glossary.md").write_text("# fold\n# leak\n")
    cli.main(["update"])
    assert (updatable.parent / "glossary.before-update-1.md").read_text() == "# fold\nmy note\n"


def damaged(text):
    return text[: len(text) // 2]


def merge_marks(text):
    return text.replace('"cells": [', '<<<<<<< HEAD\n "cells": [\n=======\n>>>>>>> theirs')


def marks_in_a_cell(text):
    return text.replace("rule = 2", "<<<<<<< local\\nrule = 2\\n=======\\nrule = 3\\n>>>>>>> remote")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (damaged, "is damaged, or no notebook"),
        (merge_marks, "is damaged, or no notebook"),
        (marks_in_a_cell, "cell 2, has the marks of a merge"),
        (lambda text: "[]", "is damaged, or no notebook"),
        (lambda text: "{}", "is damaged, or no notebook"),
        (lambda text: "", "is damaged, or no notebook"),
        (lambda text: text.replace('"cell_type": "code"', '"cell_type": "song"'), "is damaged"),
        (lambda text: "caf\udce9", "is damaged, or no notebook"),
    ],
)
def test_a_damaged_notebook_stays_as_it_is_and_the_others_are_updated(
    course, updatable, capsys, harm, message
):
    text_now = updatable.read_text("utf-8")
    updatable.write_text(harm(text_now), encoding="utf-8", errors="surrogateescape")
    before = updatable.read_bytes()
    nbformat.write(edition(*LAB.cells, text("More.")), course / "labs" / "1_labels.ipynb")
    assert cli.main(["update"]) == 1
    captured = capsys.readouterr()
    assert message in captured.err and "1_classic_ml.ipynb" in captured.err
    assert "1_labels" in captured.out
    assert updatable.read_bytes() == before
    assert "More." in sources(nbformat.read(updatable.parent / "labs" / "1_labels.ipynb", as_version=4))


def test_a_notebook_of_an_older_format_without_ids(updatable):
    notebook = json.loads(updatable.read_text("utf-8"))
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        del cell["id"]
    updatable.write_text(json.dumps(notebook), encoding="utf-8")
    assert cli.main(["update"]) == 0
    result = nbformat.read(updatable, as_version=4)
    nbformat.validate(result)
    assert sources(result)[1] == "rule = 2  # mine" and len(result.cells) == 5 and result.nbformat_minor == 5


def test_a_copy_whose_edition_was_not_kept_is_updated_all_the_same(course, updatable):
    shutil.rmtree(updatable.parent / ".editions")
    assert cli.main(["update"]) == 0
    assert sources(nbformat.read(updatable, as_version=4))[1] == "rule = 2  # mine"
    assert len(nbformat.read(updatable, as_version=4).cells) == 5


@pytest.fixture
def power_cut(monkeypatch):
    """Runs a command that is cut off before its n-th file gets its name."""

    def run(arguments, cut):
        written, replace = [], os.replace

        def cut_off(source, target):
            if len(written) + 1 == cut:
                raise KeyboardInterrupt
            written.append(target)
            replace(source, target)

        with monkeypatch.context() as patch:
            patch.setattr(files.os, "replace", cut_off)
            assert cli.main(arguments) == 130

    return run


@pytest.mark.parametrize("cut", [1, 2, 3])  # the edition, the backup, the notebook
def test_a_power_cut_in_an_update_leaves_a_whole_notebook_and_a_way_on(updatable, power_cut, cut):
    before = updatable.read_bytes()
    power_cut(["update"], cut)
    assert updatable.read_bytes() == before
    assert cli.main(["update"]) == 0
    result = nbformat.read(updatable, as_version=4)
    assert sources(result)[1] == "rule = 2  # mine" and len(result.cells) == 5
    assert len(list(updatable.parent.glob("*.before-update-*"))) == 1


@pytest.mark.parametrize("cut", range(1, 9))  # for each notebook and page: what is kept of it, and the copy
def test_a_power_cut_at_the_start_leaves_a_way_on(course, mine, power_cut, cut):
    power_cut(["start", "1"], cut)
    assert cli.main(["start", "1"]) == 0
    for name in FRESH:
        assert (mine.parent / name).read_bytes() == (course / name).read_bytes()
    assert not list(mine.parent.glob("*.before-update-*"))


def test_a_folder_that_may_not_be_written_any_more(updatable, monkeypatch, capsys):
    before = contents(updatable.parent)

    def denied(**options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", denied)
    assert cli.main(["update"]) == 1
    assert "cannot write" in capsys.readouterr().err and contents(updatable.parent) == before


def test_a_notebook_that_is_saved_meanwhile_is_left_alone(updatable, monkeypatch, capsys):
    back_up = work._back_up

    def slow(path, content):
        write_into(updatable, "rule = ", "rule = 3  # a second ago")
        return back_up(path, content)

    monkeypatch.setattr(work, "_back_up", slow)
    assert cli.main(["update"]) == 1
    assert "was saved in this moment" in capsys.readouterr().err
    assert sources(nbformat.read(updatable, as_version=4))[1] == "rule = 3  # a second ago"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["update"], "there is nothing in 'work' yet: begin with 'course start 1'"),
        (["update", "9"], "unknown lesson '9'"),
        (["start", "9"], "unknown lesson '9'"),
        (["start", "1", "--from", "nowhere.ipynb"], "cannot read 'nowhere.ipynb': No such file"),
    ],
)
def test_a_wrong_word_is_answered_in_one_line(course, capsys, arguments, message):
    assert cli.main(arguments) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not (course.parent / "work").exists()


def test_a_lesson_that_was_not_started_cannot_be_updated(course, updatable, capsys):
    (updatable.parent / "labs" / "1_labels.ipynb").unlink()
    assert cli.main(["update", "1_labels"]) == 1
    assert "'course start 1_labels' makes it" in capsys.readouterr().err


def test_of_an_edition_that_somebody_wrote_into_the_committed_one_comes(course, updatable):
    commit(course.parent)
    write_into(course / "1_classic_ml.ipynb", "print", "print('somebody')")
    for harm in ("", "{"):  # and one that a merge has left broken
        (course / "1_classic_ml.ipynb").write_text((course / "1_classic_ml.ipynb").read_text("utf-8") + harm)
        assert cli.main(["update"]) == 0
        assert sources(nbformat.read(updatable, as_version=4))[4] == "print('new')"


def test_without_git_the_edition_is_told_from_the_ids(course, updatable, monkeypatch):
    shutil.rmtree(updatable.parent / ".editions")
    monkeypatch.setenv("PATH", "")
    assert cli.main(["update"]) == 0
    assert sources(nbformat.read(updatable, as_version=4))[1] == "rule = 2  # mine"


def test_an_edition_that_somebody_wrote_into_is_not_handed_on(course, updatable, capsys):
    write_into(course / "1_classic_ml.ipynb", "print", "print('somebody')")
    before = updatable.read_bytes()
    assert cli.main(["update"]) == 1
    assert "somebody has written into" in capsys.readouterr().err and updatable.read_bytes() == before


# --- the real notebooks ---


@pytest.mark.parametrize("name", runtime.notebooks())
def test_a_stored_notebook_names_its_own_edition(name):
    """Whoever changes the text of one by a script sets metadata.course.built to this digest."""
    notebook = editions.read(runner.path_of(name))
    assert editions.named(notebook) == editions.digest(notebook)


def test_the_command_needs_no_package_of_the_developers():
    """Students install without the extra `dev`."""
    code = "import sys\nfrom course_utils.authoring import work\n"
    code += "print(sorted({'jupytext', 'nbgrader', 'pytest', 'torch'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_a_lab_runs_from_the_copy_and_its_results_are_where_they_always_are(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "folder", lambda: tmp_path / "work")
    work.start(["1_forecast"])
    copy = tmp_path / "work" / "labs" / "1_forecast.ipynb"
    linked = ["glossary.md", "1_classic_ml.ipynb", "2_deep_cnn.ipynb", "labs/2_depth.ipynb"]
    assert all((tmp_path / "work" / name).exists() for name in linked)
    notebook = editions.read(copy)
    variables = {"COURSE_PROFILE": "smoke", "COURSE_RESULTS": str(tmp_path / "results")}
    assert execute.execute(notebook, copy.parent, variables, 300) is None
    assert (tmp_path / "results" / "1_forecast.json").is_file()


def test_the_readme_names_the_folder_and_git_ignores_it():
    assert "work/" in (ROOT / ".gitignore").read_text().splitlines()
    assert "course start 1" in (ROOT / "README.md").read_text("utf-8")


def test_reading_refuses_a_folder(tmp_path):
    with pytest.raises(CourseError, match="cannot read"):
        editions.read(tmp_path)
