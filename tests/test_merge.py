"""A new edition meets what a student has written: cell by cell, nothing of theirs is lost."""

import copy
import random
from collections import Counter

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from small_editions import at, check, code, edition, exercise, given, sources, text

from course_utils.authoring import merge, pairing


def old_edition():
    return edition(
        text("# Lesson\n\nWhat it is about, in a line of several words."),
        code("import numpy as np\nrows = 100"),
        text("**1.1 Write a rule.** It gets a table and returns a number."),
        exercise("1.1", "rule"),
        check("1.1", "rule"),
        code("predicted = {'effect': ...}"),
        text("## Verdict\n\nHere the verdict is explained at some length."),
        code("verdict = judge(rows)"),
        text("The end of the lesson."),
    )


def changed(notebook, start, new):
    """The next edition: the cell that begins so has another text, or became these cells."""
    cells = [copy.deepcopy(cell) for cell in notebook.cells]
    (place,) = [i for i, cell in enumerate(cells) if cell.source.startswith(start)]
    if isinstance(new, str):
        cells[place].source = new
    else:
        cells[place : place + 1] = new
    return edition(*cells)


def merged(base, mine, new):
    before = copy.deepcopy((base, mine, new))
    result, changes = merge.merge(merge.pristine(base), mine, new)
    assert (base, mine, new) == before
    nbformat.validate(result)
    assert len({cell.id for cell in result.cells}) == len(result.cells)
    again, _ = merge.merge(merge.pristine(new), result, new)  # of the edition that it has already
    assert Counter(sources(again)) == Counter(sources(result))
    return result, changes


@pytest.fixture
def mine():
    """A student has answered, predicted, and written cells at the start, in the middle and at the end."""
    notebook = old_edition()
    at(notebook, "rule").source = "def rule(table):\n    return 2"
    at(notebook, "predicted").source = "predicted = {'effect': 0.5}"
    notebook.cells.insert(0, new_markdown_cell("My note at the start"))
    notebook.cells.insert(5, new_code_cell("print(rule(0))  # my own try"))
    notebook.cells.append(new_markdown_cell("My note at the end"))
    return notebook


def test_a_student_who_wrote_nothing_gets_the_new_edition():
    new = changed(
        old_edition(), "## Verdict", "## Verdict\n\nHere the verdict is explained at greater length."
    )
    result, changes = merged(old_edition(), old_edition(), new)
    assert sources(result) == sources(new) and [c.id for c in result.cells] == [c.id for c in new.cells]
    assert result.metadata.course == new.metadata.course
    assert changes == merge.Changes(renewed=1)


def test_what_a_student_wrote_stays_where_it_stood(mine):
    new = changed(
        old_edition(), "## Verdict", "## Verdict\n\nHere the verdict is explained at greater length."
    )
    result, changes = merged(old_edition(), mine, new)
    expected = [source.replace("some length", "greater length") for source in sources(mine)]
    assert sources(result) == expected
    assert changes == merge.Changes(renewed=1, own=4, answers=["1.1"])
    assert pairing.role(at(result, "def rule")) == "exercise_1_1"


def test_cells_that_moved_take_the_students_along(mine):
    cells = old_edition().cells
    new = edition(*cells[:2], *cells[5:8], *cells[2:5], cells[8])
    result, changes = merged(old_edition(), mine, new)
    shown = sources(result)
    assert shown.index("print(rule(0))  # my own try") == shown.index("def rule(table):\n    return 2") + 1
    assert shown[0] == "My note at the start" and shown[-1] == "My note at the end"
    assert [s for s in shown if s in sources(new)] == [s for s in sources(new) if s in shown]
    assert changes.moved == 3 and changes.answers == ["1.1"] and changes.clashes == []


def test_an_answer_stays_when_its_stub_changes_and_the_new_stub_does_not_run(mine):
    new = changed(old_edition(), "rule = ", "rule = ...  # two arguments now")
    result, changes = merged(old_edition(), mine, new)
    place = sources(result).index("def rule(table):\n    return 2")
    behind = result.cells[place + 1]
    assert behind.cell_type == "markdown" and "rule = ...  # two arguments now" in behind.source
    assert behind.source.startswith("> **New edition of the cell above.")
    assert changes.clashes == ["def rule(table):"] and changes.answers == ["1.1"]


def test_the_newest_of_two_new_editions_stands_behind_the_students(mine):
    first = changed(old_edition(), "rule = ", "rule = ...  # first")
    second = changed(first, "rule = ", "rule = ...  # second")
    once, _ = merged(old_edition(), mine, first)
    twice, changes = merged(first, once, second)
    assert "# second" in "".join(sources(twice)) and "# first" not in "".join(sources(twice))
    at(once, "> **New").source += "\nmy remark"
    twice, _ = merged(first, once, second)
    assert "my remark" in "".join(sources(twice)) and "# second" in "".join(sources(twice))
    third = changed(first, "## Verdict", "## Verdict\n\nHere the verdict is explained at greater length.")
    later, changes = merged(first, once, third)  # the answer cell did not change again
    assert "# first" in "".join(sources(later)) and changes.clashes == []


def test_where_both_changed_a_cell_the_students_runs(mine):
    at(mine, "import").source += "\nimport seaborn"
    new = changed(old_edition(), "import", "import numpy as np\nimport pandas as pd\nrows = 200")
    result, changes = merged(old_edition(), mine, new)
    ran = [cell.source for cell in result.cells if cell.cell_type == "code"]
    assert "import numpy as np\nrows = 100\nimport seaborn" in ran and new.cells[1].source not in ran
    assert new.cells[1].source in at(result, "> **New edition").source
    assert changes.clashes == ["import numpy as np"]


@pytest.mark.parametrize("number", ["1.1", "2_depth.1", "2_black_box.2"])
def test_answers_are_told_by_their_exercises_numbers(number):
    base = edition(exercise(number, "rule"), check(number, "rule"))
    mine = copy.deepcopy(base)
    mine.cells[0].source = "rule = 2"
    assert merged(base, mine, edition(*base.cells, text("End")))[1].answers == [number]


def test_the_same_change_on_both_sides_is_no_clash(mine):
    at(mine, "import").source = "import numpy as np\nrows = 200"
    result, changes = merged(
        old_edition(), mine, changed(old_edition(), "import", "import numpy as np\nrows = 200")
    )
    assert changes.clashes == [] and len(result.cells) == len(mine.cells)


@pytest.mark.parametrize("theirs", ["", 'exercises.check("1.1", 3)  # cheating'])
def test_a_check_is_always_the_new_editions(mine, theirs):
    if theirs:
        at(mine, "exercises.check").source = theirs
    else:
        mine.cells.remove(at(mine, "exercises.check"))
    for new in (old_edition(), changed(old_edition(), "exercises.check", 'exercises.check("1.1", rule, 3)')):
        new.metadata.course["built"] = "0" * 64
        result, _ = merged(old_edition(), mine, new)
        (cell,) = [cell for cell in result.cells if pairing.role(cell) == "check_1_1"]
        assert cell.source == at(new, "exercises.check").source
        assert theirs in "".join(sources(result))


def test_given_data_are_always_the_new_editions():
    base = edition(given("1.1", "p = 0.1"), code("exercises.given('1.2', q=2)"), text("End"))
    new = edition(given("1.1", "p = 0.2"), code("exercises.given('1.2', q=3)"), text("End"))
    mine = copy.deepcopy(base)
    mine.cells[0].source, mine.cells[1].source = "p = 0.5", "exercises.given('1.2', q=2)\nprint('mine')"
    result, _ = merged(base, mine, new)
    assert [c.source for c in result.cells if c.cell_type == "code"] == sources(new)[:2]
    assert "p = 0.5" in result.cells[1].source and "print('mine')" in result.cells[3].source
    untouched = changed(
        base, "End", "The end"
    )  # an edition that gives the same leaves the student's in place
    result, _ = merged(base, mine, untouched)
    assert "exercises.given('1.2', q=2)\nprint('mine')" in sources(result)


def test_an_exercise_that_is_gone_leaves_the_answer_and_no_mark_of_a_grade(mine):
    new = edition(*[c for c in old_edition().cells if not pairing.role(c)])
    result, changes = merged(old_edition(), mine, new)
    place = sources(result).index("def rule(table):\n    return 2")
    assert result.cells[place - 1].source == f"*{merge.GONE}*"
    assert not any(pairing.role(cell) for cell in result.cells)
    assert changes.answers == ["1.1"] and changes.gone == 1  # its check


def test_another_exercise_under_an_old_number_does_not_take_the_old_answer(mine):
    cells = [copy.deepcopy(c) for c in old_edition().cells]
    cells[3:5] = [
        exercise("1.1", "scale"),
        check("1.1", "scale"),
        *(exercise("1.2", "rule"), check("1.2", "rule")),
    ]
    result, changes = merged(old_edition(), mine, edition(*cells))
    assert pairing.role(at(result, "def rule")) == "exercise_1_2" and changes.answers == ["1.2"]
    assert pairing.role(at(result, "scale = ...")) == "exercise_1_1"
    cells[5:7] = []
    result, changes = merged(old_edition(), mine, edition(*cells))
    assert pairing.role(at(result, "def rule")) is None and changes.answers == ["1.1"]


def test_a_cell_that_the_edition_splits(mine):
    halves = [text("## Verdict"), text("Here the verdict is explained at some length.")]
    new = changed(old_edition(), "## Verdict", halves)
    result, _ = merged(old_edition(), old_edition(), new)
    assert sources(result) == sources(new)
    at(mine, "## Verdict").source += "\n\nMy remark"
    result, changes = merged(old_edition(), mine, new)
    assert "My remark" in "".join(sources(result)) and len(changes.clashes) == 1


def test_a_cell_that_the_student_splits_as_jupyterlab_does(mine):
    """Both halves get new ids and the metadata of the whole."""
    place = mine.cells.index(at(mine, "def rule"))
    metadata = mine.cells[place].metadata
    halves = [
        new_code_cell("half = 2", metadata=metadata),
        new_code_cell("rule = lambda t: half", metadata=metadata),
    ]
    mine.cells[place : place + 1] = halves
    result, _ = merged(old_edition(), mine, changed(old_edition(), "The end", "The end of this lesson."))
    shown = sources(result)
    assert shown.index("rule = lambda t: half") == shown.index("half = 2") + 1
    assert sum(pairing.role(cell) == "exercise_1_1" for cell in result.cells) == 1


def test_equal_texts_keep_their_places():
    base = edition(text("Stop here."), code("a = 1"), text("Stop here."), code("b = 1"))
    mine = copy.deepcopy(base)
    assert [cell.id[-2:] for cell in mine.cells[::2]] == ["-1", "-2"]
    mine.cells[2].source = "Stop here. I did, on Monday."
    new = edition(text("Stop here."), text("Stop here."), code("a = 1"), text("Stop here."), code("b = 1"))
    result, _ = merged(base, mine, new)
    assert sources(result) == ["Stop here."] * 2 + ["a = 1", "Stop here. I did, on Monday.", "b = 1"]


def test_blanks_at_line_ends_are_no_change(mine):
    at(mine, "## Verdict").source = "## Verdict  \n\nHere the verdict is explained at some length.   \n\n"
    new = changed(
        old_edition(), "## Verdict", "## Verdict\n\nHere the verdict is explained at greater length."
    )
    result, changes = merged(old_edition(), mine, new)
    assert at(new, "## Verdict").source in sources(result) and changes.clashes == []


def test_metadata_that_a_program_adds_are_kept_and_are_no_change(mine):
    at(mine, "import").metadata |= {"collapsed": True, "tags": ["mine"]}
    mine.metadata["language_info"] = {"name": "python", "version": "3.13.0"}
    mine.metadata["kernelspec"]["display_name"] = "My kernel"
    result, changes = merged(
        old_edition(), mine, changed(old_edition(), "import", "import numpy as np\nrows = 200")
    )
    cell = at(result, "import")
    assert cell.source.endswith("200") and cell.metadata == {"collapsed": True, "tags": ["mine"]}
    assert result.metadata.kernelspec.display_name == "My kernel" and changes.clashes == []


def test_ids_made_anew_by_another_program_do_no_harm(mine):
    new = changed(old_edition(), "import", "import numpy as np\nrows = 200")
    kept, _ = merged(old_edition(), mine, new)
    for number, cell in enumerate(mine.cells):
        cell["id"] = f"other-{number}"
    result, changes = merged(
        old_edition(), mine, changed(old_edition(), "import", "import numpy as np\nrows = 200")
    )
    assert sources(result) == sources(kept) and changes.answers == ["1.1"]


def test_what_the_student_deleted_stays_away_until_the_course_changes_it(mine):
    for start in ("The end", "verdict = ", "def rule"):
        mine.cells.remove(at(mine, start))
    new = changed(old_edition(), "verdict = ", "verdict = judge(rows, 2)")
    result, changes = merged(old_edition(), mine, new)
    assert "The end of the lesson." not in sources(result) and changes.new == 1
    assert "verdict = judge(rows, 2)" in sources(result)
    assert not any(
        cell.source.startswith("rule = ") for cell in result.cells
    )  # it would undo an answer elsewhere
    stub = changed(old_edition(), "rule = ", "rule = ...  # new")
    result, _ = merged(old_edition(), mine, stub)
    assert at(result, f"> **{merge.NEW_TASK}").cell_type == "markdown"


def test_text_with_fences_is_quoted_whole(mine):
    at(mine, "import").source += "\nimport seaborn"
    new = changed(old_edition(), "import", 'import numpy as np\nrows = 100\nhelp = """\n```\nfenced\n```"""')
    result, _ = merged(old_edition(), mine, new)
    assert at(result, "> **New edition").source.endswith(f"````python\n{new.cells[1].source}\n````")


def output_of(cell):
    return cell.outputs[0].text if cell.outputs else None


def test_outputs_belong_to_the_text_above_them_and_to_one_machine():
    base = edition(*(code(f"run({name!r}, rows, seeds, folds)") for name in "abcd"))
    mine = copy.deepcopy(base)
    for cell in mine.cells[:2]:  # the student has run these two
        cell.outputs[0].text, cell.execution_count = "from my laptop", 2
    cells = [code(f"run({name!r}, rows, seeds, folds)", printed="new") for name in "abcd"]
    cells[1].source, cells[3].source = (f"run({name!r}, rows, seeds, folds, 9)" for name in "bd")
    result, _ = merged(base, mine, edition(*cells))
    assert [output_of(cell) for cell in result.cells] == [
        "from my laptop",  # text and output as they were
        None,  # a new text: theirs is stale, and the author's would pass for theirs
        "new: run('c', rows, seeds, folds)",  # stored for stored
        "new: run('d', rows, seeds, folds)",
    ]
    assert [cell.execution_count for cell in result.cells] == [2, None, 7, 7]


def test_both_executed_and_nothing_written_is_the_new_edition_without_strange_outputs():
    base = old_edition()
    mine = copy.deepcopy(base)
    for number, cell in enumerate(cell for cell in mine.cells if cell.cell_type == "code"):
        cell.outputs, cell.execution_count = [], number + 1
    new = changed(old_edition(), "verdict = ", "verdict = judge(rows, 2)")
    result, changes = merged(base, mine, new)
    assert sources(result) == sources(new) and changes == merge.Changes(renewed=1)
    assert all(not cell.get("outputs") for cell in result.cells)


def test_an_edition_that_nobody_kept_is_told_from_the_ids(mine):
    at(mine, "## Verdict").source += "\n\nMy remark"
    new = changed(old_edition(), "The end", "The end of this lesson, and of the day.")
    new = changed(new, "## Verdict", "## Verdict\n\nHere the verdict is explained at greater length.")
    base = merge.reconstructed(mine, new)
    result, changes = merge.merge(base, mine, new)
    assert changes.answers == ["1.1"] and "My remark" in "".join(sources(result))
    assert at(result, "The end").source == "The end of this lesson, and of the day."
    assert sum(pairing.role(cell) == "check_1_1" for cell in result.cells) == 1
    assert not any(cell.source.startswith("rule = ...") for cell in result.cells)


# --- any edits of a student with any edits of the course ---

WORDS = ["a", "model", "learns", "from", "rows", "we", "ask", "whether", "what", "it", "says", "holds"]


def sentence(chance, tag):
    return f"{tag} " + " ".join(chance.choices(WORDS, k=12))


def random_edition(chance, n_cells=14):
    cells = [text("# Lesson")]
    for i in range(n_cells):
        kind = chance.choice(["text", "text", "code", "code", "exercise", "given", "double"])
        if kind == "exercise":
            cells += [exercise(f"1.{i}", f"answer{i}"), check(f"1.{i}", f"answer{i}")]
        elif kind == "given":
            cells.append(given(f"1.{i}", f"p{i} = {i}"))
        else:
            source = "A good place to stop." if kind == "double" else sentence(chance, f"c{i}")
            cells.append(code(source) if kind == "code" else text(source))
    return edition(*cells)


def next_edition(chance, old):
    cells = [copy.deepcopy(cell) for cell in old.cells]
    for i in range(chance.randint(1, 8)):
        place = chance.randrange(len(cells))
        what = chance.choice(["change", "change", "insert", "delete", "move", "split", "exercise"])
        if what == "change":
            cells[place].source += f"\nnew{i} {chance.random()}"
        elif what == "insert":
            cells.insert(place, chance.choice([text, code])(sentence(chance, f"n{i}")))
        elif what == "delete" and len(cells) > 3:
            del cells[place]
        elif what == "move":
            cells.insert(chance.randrange(len(cells)), cells.pop(place))
        elif what == "split" and not pairing.role(cells[place]):
            words = cells[place].source.split(" ")
            make = text if cells[place].cell_type == "markdown" else code
            cells[place : place + 1] = [make(" ".join(words[:5])), make(" ".join(words[5:]) or "rest")]
        elif what == "exercise":
            cells[place:place] = [exercise(f"3.{i}", f"fresh{i}"), check(f"3.{i}", f"fresh{i}")]
    return edition(*cells)


def student(chance, old):
    """A student's notebook, and every line that they wrote."""
    mine = copy.deepcopy(old)
    for i in range(chance.randint(1, 10)):
        place, line = chance.randrange(len(mine.cells)), f"mine{i} {chance.random()}"
        cell = mine.cells[place]
        what = chance.choice(
            ["append", "replace", "own", "own", "delete", "move", "split", "merge", "ids", "copy"]
        )
        if what == "append":
            cell.source += f"\n{line}"
        elif what == "replace" and "mine" not in cell.source:
            cell.source = line
        elif what == "own":
            mine.cells.insert(place, chance.choice([new_code_cell, new_markdown_cell])(line))
        elif what == "delete" and "mine" not in cell.source and len(mine.cells) > 3:
            del mine.cells[place]
        elif what == "move":
            mine.cells.insert(chance.randrange(len(mine.cells)), mine.cells.pop(place))
        elif what == "split":
            first, _, rest = cell.source.partition("\n")
            make = new_markdown_cell if cell.cell_type == "markdown" else new_code_cell
            mine.cells[place : place + 1] = [make(part, metadata=cell.metadata) for part in (first, rest)]
        elif what == "merge" and place:
            mine.cells[place - 1].source += f"\n{mine.cells.pop(place).source}"
        elif what == "ids":
            cell["id"] = f"other-{i}"
        elif what == "copy":
            mine.cells.append(copy.deepcopy(cell))
            mine.cells[-1]["id"] = f"copy-{i}"
    return mine


def lines_of(notebook):
    return Counter(
        line for cell in notebook.cells for line in cell.source.splitlines() if line.startswith("mine")
    )


@pytest.mark.parametrize("seed", range(60))
def test_no_line_of_a_student_is_ever_lost_and_every_check_is_there_once(seed):
    chance = random.Random(seed)
    base = random_edition(chance)
    mine = student(chance, base)
    for _ in range(3):  # updates in a row, with writing in between
        new = next_edition(chance, base)
        result, _ = merged(base, mine, new)
        assert not lines_of(mine) - lines_of(result)
        for cell in new.cells:
            if pairing.role(cell, "locked"):
                there = [c for c in result.cells if pairing.role(c) == pairing.role(cell)]
                wanted = [c for c in new.cells if pairing.role(c) == pairing.role(cell)]
                assert [c.source for c in there] == [c.source for c in wanted]
        base, mine = new, student(chance, result)
