import hashlib
import io
import socket
import zipfile
from pathlib import Path

import numpy as np
import pooch
import pytest

from course_utils import CourseError, resource
from course_utils.data import registry

ENTRY = '[wine]\ntitle = "Wine"\nlicence = "CC0"\norigin = "here"\n'
FILE = '[[wine.files]]\nurl = "u"\nfile = "a"\nsize_mb = 1\n'
CONTENT = b"1,2\n3,4\n"  # what `register` expects unless told otherwise


def sha(content):
    return hashlib.sha256(content).hexdigest()


def zipped(compression=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def leftovers(cache):
    return list(cache.rglob("*")) if cache.exists() else []


def one_file():
    """The only file of the data set `numbers`."""
    (path,) = registry.fetch("numbers")
    return path


def test_every_registered_data_set_is_described():
    for name, source in registry.registry().items():
        assert source.datasheet == f"datasets/{name}.md"
        assert resource(source.datasheet).is_file()
        assert source.title and source.licence and source.origin.startswith("https://")
        assert bool(source.files) != bool(source.package)
        assert bool(source.sha256) == bool(source.package)
        for file in source.files:
            assert file.url.startswith("https://") and file.file and file.size_mb > 0
            assert len(file.expected) == {"SHA-256": 64, "MD5": 32}[file.algorithm]
        for digits in (source.sha256, *(file.expected for file in source.files)):
            assert set(digits) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[wine\n", "cannot read the data registry registry.toml"),
        (b'[wine]\ntitle = "Wine"\n', "cannot read the data registry registry.toml.*missing"),
        (ENTRY.encode(), "registry.toml: 'wine' needs files to download, or a package and the sha256"),
        (ENTRY.encode() + b'package = "p"', "registry.toml: 'wine' needs files to download, or a package"),
        (f"{ENTRY}{FILE}".encode(), "registry.toml: 'a' needs either sha256 or md5, and not both"),
        (f'{ENTRY}{FILE}md5 = "0"\nsha256 = "0"'.encode(), "'a' needs either sha256 or md5, and not both"),
        (f'{ENTRY}{FILE}md5 = "0"\n{FILE}md5 = "1"'.encode(), "two files would have the name 'a' in the"),
        (b'[wine]\ncolour = "red"\n', "cannot read the data registry registry.toml.*colour"),
        ("[wine]\ntitle = 'Crème'\n".encode("latin-1"), "cannot read the data registry registry.toml"),
    ],
)
def test_a_bad_registry_is_refused(tmp_path, content, message):
    path = tmp_path / "registry.toml"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=message):
        registry.registry(path)


def test_a_missing_registry_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"cannot read the data registry nowhere\.toml"):
        registry.registry(tmp_path / "nowhere.toml")


def test_downloads_go_to_the_users_cache_unless_told(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_DATA")
    assert registry.cache_folder() == Path(pooch.os_cache("put-to-the-test"))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert registry.cache_folder() == tmp_path


def test_a_file_is_fetched_once_from_its_address(server, cache, register):
    server["/original"] = CONTENT, len(CONTENT)
    register(url=server[""] + "/original")
    assert registry.fetch("numbers") == (cache / "numbers.csv",)
    assert (cache / "numbers.csv").read_bytes() == CONTENT
    assert leftovers(cache) == [cache / "numbers.csv"]
    del server["/original"]
    assert registry.fetch("numbers") == (cache / "numbers.csv",)


def test_a_mirror_takes_the_place_of_the_address(server, cache, register, monkeypatch):
    server["/files/numbers.csv"] = CONTENT, len(CONTENT)
    register()
    monkeypatch.setenv("COURSE_DATA_MIRROR", server[""] + "/files/")
    assert one_file().read_bytes() == CONTENT


@pytest.mark.parametrize("as_address", [False, True])
def test_a_mirror_may_be_a_folder(cache, register, monkeypatch, tmp_path, as_address):
    folder = tmp_path / "from my teacher's disk"
    folder.mkdir()
    (folder / "numbers.csv").write_bytes(CONTENT)
    register()
    monkeypatch.setenv("COURSE_DATA_MIRROR", folder.as_uri() if as_address else str(folder))
    assert one_file().read_bytes() == CONTENT
    assert (folder / "numbers.csv").read_bytes() == CONTENT
    assert leftovers(cache) == [cache / "numbers.csv"]


def test_the_cache_of_somebody_else_is_a_mirror(server, cache, register, monkeypatch, tmp_path):
    archive = zipped(**{"deep/numbers.csv": CONTENT})
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="deep/numbers.csv")
    one_file()
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(cache))
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "mine"))
    assert one_file().read_bytes() == CONTENT


@pytest.mark.parametrize("content", [None, b"other"])
def test_a_folder_without_the_right_file_is_named(cache, register, monkeypatch, tmp_path, content):
    if content is not None:
        (tmp_path / "numbers.csv").write_bytes(content)
    register()
    monkeypatch.setenv("COURSE_DATA_MIRROR", str(tmp_path))
    if content is None:
        expected = r"^cannot copy 'numbers' from .*: see that 'numbers\.csv' is there, or set COURSE_D"
    else:
        expected = r"numbers\.csv' from .* has SHA-256 .*not kept"
    with pytest.raises(CourseError, match=expected):
        registry.fetch("numbers")
    assert leftovers(cache) == []


def test_an_archives_member_is_unpacked(server, cache, register):
    archive = zipped(**{"readme.txt": b"x", "deep/numbers.csv": CONTENT})
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="deep/numbers.csv")
    assert one_file().read_bytes() == CONTENT
    assert leftovers(cache) == [cache / "numbers.csv"]


def test_a_mirror_may_hold_the_unpacked_member(server, cache, register, monkeypatch):
    server["/numbers.csv"] = CONTENT, len(CONTENT)
    register(member="deep/numbers.csv")
    monkeypatch.setenv("COURSE_DATA_MIRROR", server[""])
    assert one_file().read_bytes() == CONTENT


def test_an_archive_may_be_the_data_set_itself(server, cache, register):
    archive = zipped(**{"numbers.csv": CONTENT})
    server["/numbers.zip"] = archive, len(archive)
    register(archive, url=server[""] + "/numbers.zip", file="numbers.zip")
    assert one_file().read_bytes() == archive


def test_an_archive_without_the_member_is_refused(server, cache, register):
    archive = zipped(**{"readme.txt": b"x"})
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="deep/numbers.csv")
    with pytest.raises(CourseError, match=r"deep/numbers\.csv"):
        registry.fetch("numbers")
    assert leftovers(cache) == []


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_archive_is_refused(server, cache, register, compression):
    archive = bytearray(zipped(compression, **{"numbers.csv": CONTENT * 100}))
    start = archive.index(b"numbers.csv") + len("numbers.csv")
    archive[start : start + 4] = b"\xff\xff\xff\xff"
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="numbers.csv")
    with pytest.raises(CourseError, match="numbers"):
        registry.fetch("numbers")
    assert leftovers(cache) == []


@pytest.mark.parametrize("member", ["", "numbers.csv"])
def test_a_wrong_checksum_leaves_nothing_behind(server, cache, register, member):
    content = zipped(**{"numbers.csv": b"other"}) if member else b"other"
    server["/original"] = content, len(content)
    register(url=server[""] + "/original", member=member)
    expected = (
        rf"has SHA-256 {sha(b'other')[:12]}…, expected {sha(CONTENT)[:12]}….*not kept; try another mirror"
    )
    with pytest.raises(CourseError, match=expected):
        registry.fetch("numbers")
    assert leftovers(cache) == []


def test_a_download_that_breaks_off_leaves_nothing_behind(server, cache, register):
    server["/original"] = CONTENT[:3], len(CONTENT)
    register(url=server[""] + "/original")
    with pytest.raises(
        CourseError, match=r"cannot download 'numbers'.*check the network, or set COURSE_DATA_MIR"
    ):
        registry.fetch("numbers")
    assert leftovers(cache) == []


def test_a_file_that_the_server_has_not_is_named(server, cache, register):
    register(url=server[""] + "/nothing")
    with pytest.raises(CourseError, match=r"cannot download 'numbers' from .*/nothing \(HTTPError\)"):
        registry.fetch("numbers")
    assert leftovers(cache) == []


def test_an_unreachable_server_is_named(cache, register):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/original"
        register(url=address)
        with pytest.raises(
            CourseError, match=rf"cannot download 'numbers' from {address}.*COURSE_DATA_MIRROR"
        ):
            registry.fetch("numbers")
    assert leftovers(cache) == []


def test_offline_nothing_is_downloaded(server, cache, register, monkeypatch):
    server["/original"] = CONTENT, len(CONTENT)
    register(url=server[""] + "/original")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(
        CourseError, match=r"COURSE_OFFLINE is set: unset it once and run 'course data numbers'"
    ):
        registry.fetch("numbers")
    assert leftovers(cache) == []
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    registry.fetch("numbers")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert one_file().read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_not_trusted(cache, register):
    register()
    cache.mkdir()
    (cache / "numbers.csv").write_bytes(CONTENT[:-1])
    with pytest.raises(CourseError, match=r"numbers.csv' was changed or damaged.*: delete it and run again"):
        registry.fetch("numbers")


@pytest.mark.parametrize("name", ["nothing", "breast_cancer"])
def test_a_name_that_is_not_to_download_gets_the_list(name):
    with pytest.raises(
        CourseError, match=f"unknown data set '{name}': those to download are fashion_mnist, "
    ):
        registry.fetch(name)


def test_a_cache_folder_that_cannot_be_made_is_named(register, blocked, monkeypatch):
    register()
    monkeypatch.setenv("COURSE_DATA", str(blocked))
    with pytest.raises(CourseError, match=r"cannot write .*choose a folder that you may write to"):
        registry.fetch("numbers")


def test_several_files_come_in_the_registrys_order(server, cache, register):
    contents = {"b.csv": b"second letter", "a.csv": b"first letter", "c.csv": CONTENT}
    for file, content in contents.items():
        server[f"/{file}"] = content, len(content)
        register(content, url=f"{server['']}/{file}", file=file, kind="md5" if file == "a.csv" else "sha256")
    paths = registry.fetch("numbers")
    assert paths == tuple(cache / file for file in contents)
    assert [path.read_bytes() for path in paths] == list(contents.values())
    assert sorted(leftovers(cache)) == sorted(paths)
    assert registry.registry()["numbers"].size_mb == pytest.approx(0.3)


def test_files_before_one_that_fails_are_kept(server, cache, register, monkeypatch):
    server["/a"] = b"good", 4
    register(b"good", url=server[""] + "/a", file="a")
    server["/b"] = b"bad!", 4
    register(b"fine", url=server[""] + "/b", file="b")
    with pytest.raises(CourseError, match=r"'b' from .* has SHA-256"):
        registry.fetch("numbers")
    assert leftovers(cache) == [cache / "a"]
    monkeypatch.setenv("COURSE_OFFLINE", "1")  # one of two is not enough
    with pytest.raises(CourseError, match="COURSE_OFFLINE is set"):
        registry.fetch("numbers")
    monkeypatch.delenv("COURSE_OFFLINE")
    del server["/a"]
    server["/b"] = b"fine", 4
    assert registry.fetch("numbers") == (cache / "a", cache / "b")


def test_md5_is_checked_before_a_file_is_kept(server, cache, register):
    server["/original"] = b"other", 5
    register(url=server[""] + "/original", kind="md5")
    found, expected = (hashlib.md5(content).hexdigest()[:12] for content in (b"other", CONTENT))
    with pytest.raises(CourseError, match=f"has MD5 {found}…, expected {expected}….*not kept"):
        registry.fetch("numbers")
    assert leftovers(cache) == []


@pytest.mark.parametrize(("kind", "name"), [("md5", "MD5"), ("sha256", "SHA-256")])
def test_each_file_of_the_cache_is_checked_at_every_use(cache, register, kind, name):
    register(b"first", file="a", kind=kind)
    register(b"second", file="b", kind=kind)
    cache.mkdir()
    (cache / "a").write_bytes(b"first")
    (cache / "b").write_bytes(b"second")
    assert registry.fetch("numbers") == (cache / "a", cache / "b")
    (cache / "b").write_bytes(b"sec0nd")
    with pytest.raises(CourseError, match=rf"b' was changed or damaged \({name} differs\): delete it"):
        registry.fetch("numbers")


def test_the_names_and_parts_of_a_content_count():
    known = registry.content_sha256(("a", "b"), np.array([[1, 2]]), np.array([3]))
    assert known == sha(b"a\nb" + np.array([1.0, 2.0]).tobytes() + np.array([3]).tobytes())
    assert known == registry.content_sha256(
        ("a", "b"), np.array([[1, 2]], np.float32), np.array([3], np.int8)
    )
    assert known != registry.content_sha256(("a", "c"), np.array([[1, 2]]), np.array([3]))


def test_a_readers_own_data_have_no_data_sheet():
    assert registry.Source("own", "Own", "mine", "here", sha256="0").datasheet == ""
