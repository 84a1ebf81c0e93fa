import os
import subprocess
import sys
import time

import pytest

from course_utils import CourseError
from course_utils.files import atomic_path, require_writable, sha256, shown, write_text


def test_the_file_gets_its_name_when_the_block_ends(tmp_path):
    target = tmp_path / "new" / "folder" / "a.txt"
    with atomic_path(target) as temporary:
        assert temporary.parent == target.parent
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize(("mask", "permissions"), [(0o022, 0o644), (0o027, 0o640)])
def test_the_file_may_be_read_by_whom_the_umask_lets(tmp_path, mask, permissions):
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "text")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == permissions


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_block_leaves_nothing(tmp_path, error):
    with pytest.raises(error), atomic_path(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_error_in_the_block_keeps_the_old_content(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ValueError, match="stop"), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise ValueError("stop")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cannot_be_renamed_keeps_the_old_content(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def refuse(source, destination):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(CourseError, match=r"Permission denied\): choose a folder that you may write to"):
        write_text(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_cannot_be_made_is_named(blocked):
    with pytest.raises(CourseError, match=r"cannot write '.*a.txt'.*choose a folder that you may write to"):
        write_text(blocked / "a.txt", "text")


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    write_text(tmp_path / "a.txt", "± 1 ×\nend\n")
    assert (tmp_path / "a.txt").read_bytes() == "± 1 ×\nend\n".encode()
    write_text(tmp_path / "a.txt", "shorter")
    assert (tmp_path / "a.txt").read_bytes() == b"shorter"


def test_sha256_of_abc(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert (
        sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180-2, example B.1


def test_a_writable_folder_is_made_and_left_empty(tmp_path):
    require_writable(tmp_path / "new" / "deep")
    assert list((tmp_path / "new" / "deep").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(blocked):
    with pytest.raises(CourseError, match=r"cannot write '.*folder'.*choose a folder that you may write to"):
        require_writable(blocked)


def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path):
    code = "import os, sys; from pathlib import Path; from course_utils.files import atomic_path\n"
    code += "with atomic_path(Path(sys.argv[1])) as path: path.write_text('half'); os._exit(9)"
    target = tmp_path / "a [1].txt"
    subprocess.run([sys.executable, "-c", code, target], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".a [1].txt.") and left.suffix == ".part"
    write_text(target, "new")
    assert left.exists()  # it might belong to somebody who is still writing
    os.utime(left, (0, time.time() - 3_700))
    (tmp_path / ".other.txt.x.part").touch()
    os.utime(tmp_path / ".other.txt.x.part", (0, 0))
    write_text(target, "newer")
    assert {path.name for path in tmp_path.iterdir()} == {"a [1].txt", ".other.txt.x.part"}
    assert target.read_text() == "newer"


def test_a_name_is_shown_in_letters_that_any_screen_can_print():
    assert shown("two\nlines \udcff é.txt") == "two?lines ? é.txt"
