import gzip
import hashlib
import http.server
import io
import socket
import threading
import zipfile

import numpy as np
import pandas as pd
import pytest

from course_utils import ROOT, CourseError, data

CONTENT = b"1,2\n3,4\n"


def sha(content):
    return hashlib.sha256(content).hexdigest()


def zipped(compression=zipfile.ZIP_STORED, **members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


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
    """Puts one data set that has to be downloaded into an otherwise empty registry."""

    def put(
        content=CONTENT, url="http://127.0.0.1:9/original", name="numbers", file="numbers.csv", member=""
    ):
        path = tmp_path / "registry.toml"
        path.write_text(
            f'[{name}]\ntitle = "Numbers"\nlicence = "CC0"\norigin = "here"\nurl = "{url}"\n'
            f'file = "{file}"\narchive_member = "{member}"\nsha256 = "{sha(content)}"\nsize_mb = 0.1\n'
        )
        monkeypatch.setattr(data, "REGISTRY_PATH", path)

    return put


def leftovers(cache):
    return list(cache.rglob("*")) if cache.exists() else []


@pytest.mark.parametrize(
    ("load", "shape", "classes", "counts"),
    [
        (data.load_breast_cancer, (569, 30), ("malignant", "benign"), [212, 357]),
        (data.load_wine, (178, 13), ("class_0", "class_1", "class_2"), [59, 71, 48]),
    ],
)
def test_bundled_tables(load, shape, classes, counts):
    table = load()
    assert table.X.shape == shape
    assert set(table.X.dtypes) == {np.dtype("float64")}
    assert (table.y.shape, table.y.dtype) == ((shape[0],), np.dtype("int64"))
    assert table.classes == classes
    assert np.bincount(table.y).tolist() == counts
    assert data.fingerprint(table) == table.source.sha256


def test_embedded_lists_the_tables_that_come_with_a_package():
    assert {name for name, source in data.registry().items() if source.package} == set(data.EMBEDDED)
    for name, load in data.EMBEDDED.items():
        assert load().source == data.registry()[name]


def test_a_changed_bundled_table_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "registry.toml"
    content = data.REGISTRY_PATH.read_text(encoding="utf-8")
    path.write_text(content.replace(data.registry()["wine"].sha256, "0" * 64), encoding="utf-8")
    monkeypatch.setattr(data, "REGISTRY_PATH", path)
    with pytest.raises(
        CourseError, match=r"'wine'.*expected 000000000000….*reinstall the packages of require"
    ):
        data.load_wine()
    assert data.load_breast_cancer().X.shape == (569, 30)


def test_the_fingerprint_covers_names_values_and_classes():
    def table(columns=("a", "b"), values=((1, 2), (3, 4)), y=(0, 1), classes=("no", "yes"), order="C"):
        X = pd.DataFrame(np.array(values, dtype=float, order=order), columns=list(columns))
        return data.Table(X, np.array(y), classes, data.registry()["wine"])

    known = data.fingerprint(table())
    assert known == sha(b"a\nb\nno\nyes" + np.array([1, 2, 3, 4.0]).tobytes() + np.array([0, 1]).tobytes())
    assert data.fingerprint(table(order="F")) == known
    changed = [
        table(columns=("a", "c")),
        table(values=((1, 2), (3, 4 + 1e-12))),
        table(values=((1, 3), (2, 4))),
        table(y=(1, 0)),
        table(classes=("yes", "no")),
    ]
    assert len({known, *map(data.fingerprint, changed)}) == 6


def test_every_registered_data_set_is_described():
    for name, source in data.registry().items():
        assert source.datasheet == f"datasets/{name}.md"
        assert (ROOT / source.datasheet).is_file()
        assert source.title and source.licence and source.origin.startswith("https://")
        assert len(source.sha256) == 64 and set(source.sha256) <= set("0123456789abcdef")
        download = bool(source.url.startswith("https://") and source.file and source.size_mb > 0)
        assert download != bool(source.package)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[wine\n", "cannot read the data registry registry.toml"),
        (b'[wine]\ntitle = "Wine"\n', "cannot read the data registry registry.toml.*missing"),
        (b'[wine]\ncolour = "red"\n', "cannot read the data registry registry.toml.*colour"),
        ("[wine]\ntitle = 'Crème'\n".encode("latin-1"), "cannot read the data registry registry.toml"),
    ],
)
def test_a_bad_registry_is_refused(tmp_path, content, message):
    path = tmp_path / "registry.toml"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=message):
        data.registry(path)


def test_a_missing_registry_is_refused(tmp_path):
    with pytest.raises(CourseError, match=r"cannot read the data registry nowhere\.toml"):
        data.registry(tmp_path / "nowhere.toml")


def test_downloads_go_to_the_users_cache_unless_told(monkeypatch, tmp_path):
    assert data.cache_folder().name == "put-to-the-test"
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert data.cache_folder() == tmp_path


def test_a_file_is_fetched_once_from_its_address(server, cache, register):
    server["/original"] = CONTENT, len(CONTENT)
    register(url=server[""] + "/original")
    assert data.fetch("numbers") == cache / "numbers.csv"
    assert (cache / "numbers.csv").read_bytes() == CONTENT
    assert leftovers(cache) == [cache / "numbers.csv"]
    del server["/original"]
    assert data.fetch("numbers") == cache / "numbers.csv"


def test_a_mirror_takes_the_place_of_the_address(server, cache, register, monkeypatch):
    server["/files/numbers.csv"] = CONTENT, len(CONTENT)
    register()
    monkeypatch.setenv("COURSE_DATA_MIRROR", server[""] + "/files/")
    assert data.fetch("numbers").read_bytes() == CONTENT


def test_an_archives_member_is_unpacked(server, cache, register):
    archive = zipped(**{"readme.txt": b"x", "deep/numbers.csv": CONTENT})
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="deep/numbers.csv")
    assert data.fetch("numbers").read_bytes() == CONTENT
    assert leftovers(cache) == [cache / "numbers.csv"]


def test_a_mirror_may_hold_the_unpacked_member(server, cache, register, monkeypatch):
    server["/numbers.csv"] = CONTENT, len(CONTENT)
    register(member="deep/numbers.csv")
    monkeypatch.setenv("COURSE_DATA_MIRROR", server[""])
    assert data.fetch("numbers").read_bytes() == CONTENT


def test_an_archive_may_be_the_data_set_itself(server, cache, register):
    archive = zipped(**{"numbers.csv": CONTENT})
    server["/numbers.zip"] = archive, len(archive)
    register(archive, url=server[""] + "/numbers.zip", file="numbers.zip")
    assert data.fetch("numbers").read_bytes() == archive


def test_an_archive_without_the_member_is_refused(server, cache, register):
    archive = zipped(**{"readme.txt": b"x"})
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="deep/numbers.csv")
    with pytest.raises(CourseError, match=r"deep/numbers\.csv"):
        data.fetch("numbers")
    assert leftovers(cache) == []


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_archive_is_refused(server, cache, register, compression):
    archive = bytearray(zipped(compression, **{"numbers.csv": CONTENT * 100}))
    start = archive.index(b"numbers.csv") + len("numbers.csv")
    archive[start : start + 4] = b"\xff\xff\xff\xff"
    server["/numbers.zip"] = archive, len(archive)
    register(url=server[""] + "/numbers.zip", member="numbers.csv")
    with pytest.raises(CourseError, match="numbers"):
        data.fetch("numbers")
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
        data.fetch("numbers")
    assert leftovers(cache) == []


def test_a_download_that_breaks_off_leaves_nothing_behind(server, cache, register):
    server["/original"] = CONTENT[:3], len(CONTENT)
    register(url=server[""] + "/original")
    with pytest.raises(
        CourseError, match=r"cannot download 'numbers'.*check the network, or set COURSE_DATA_MIR"
    ):
        data.fetch("numbers")
    assert leftovers(cache) == []


def test_a_file_that_the_server_has_not_is_named(server, cache, register):
    register(url=server[""] + "/nothing")
    with pytest.raises(CourseError, match=r"cannot download 'numbers' from .*/nothing \(HTTPError\)"):
        data.fetch("numbers")
    assert leftovers(cache) == []


def test_an_unreachable_server_is_named(cache, register):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/original"
        register(url=address)
        with pytest.raises(
            CourseError, match=rf"cannot download 'numbers' from {address}.*COURSE_DATA_MIRROR"
        ):
            data.fetch("numbers")
    assert leftovers(cache) == []


def test_offline_nothing_is_downloaded(server, cache, register, monkeypatch):
    server["/original"] = CONTENT, len(CONTENT)
    register(url=server[""] + "/original")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(
        CourseError, match=r"COURSE_OFFLINE is set: unset it once and run 'course data numbers'"
    ):
        data.fetch("numbers")
    assert leftovers(cache) == []
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    data.fetch("numbers")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert data.fetch("numbers").read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_not_trusted(cache, register):
    register()
    cache.mkdir()
    (cache / "numbers.csv").write_bytes(CONTENT[:-1])
    with pytest.raises(CourseError, match=r"numbers.csv' was changed or damaged.*: delete it and run again"):
        data.fetch("numbers")


@pytest.mark.parametrize("name", ["nothing", "breast_cancer"])
def test_a_name_that_is_not_to_download_gets_the_list(name):
    with pytest.raises(CourseError, match=f"unknown data set '{name}': those to download are forest_cover$"):
        data.fetch(name)


def test_a_cache_folder_that_cannot_be_made_is_named(register, blocked, monkeypatch):
    register()
    monkeypatch.setenv("COURSE_DATA", str(blocked))
    with pytest.raises(CourseError, match=r"cannot write .*choose a folder that you may write to"):
        data.fetch("numbers")


@pytest.fixture
def forest(cache, register):
    """Puts a small forest-cover file into the cache: 10 rows of each of the 7 kinds; gives the rows."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 300, size=(70, 55))
    rows[:, -1] = np.repeat(np.arange(1, 8), 10)
    content = gzip.compress("\n".join(",".join(map(str, row)) for row in rows).encode())
    register(content, name="forest_cover", file="covtype.data.gz")
    cache.mkdir()
    (cache / "covtype.data.gz").write_bytes(content)
    return rows


def as_rows(table):
    """The rows as they stand in the file: kinds count from 1 there. No two are the same."""
    return {tuple(row) for row in np.column_stack([table.X, table.y + 1])}


def test_forest_cover_with_all_rows(forest):
    table = data.load_forest_cover(70)
    assert as_rows(table) == {tuple(row) for row in forest}
    assert (table.y.dtype, set(table.X.dtypes)) == (np.dtype("int64"), {np.dtype("float64")})
    assert [table.X.columns[i] for i in (0, 9, 10, 13, 14, 53)] == [
        *("elevation", "fire_distance", "area_1", "area_4", "soil_1", "soil_40")
    ]
    assert (len(table.classes), table.classes[6]) == (7, "krummholz")
    assert table.source.name == "forest_cover"


def test_forest_cover_draws_rows_that_keep_the_shares(forest):
    table = data.load_forest_cover(28)
    assert np.bincount(table.y).tolist() == [4] * 7
    assert as_rows(table) <= {tuple(row) for row in forest}
    assert len(as_rows(table)) == 28


def test_forest_cover_follows_its_seed(forest):
    first, again, other = (data.load_forest_cover(28, seed).X for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_forest_cover_has_no_more_rows_than_it_has(forest):
    with pytest.raises(CourseError, match="has 70 rows, 71 were asked for: ask for fewer"):
        data.load_forest_cover(71)


@pytest.mark.parametrize("n_rows", [0, 3])
def test_forest_cover_needs_a_row_of_each_kind(forest, n_rows):
    with pytest.raises(CourseError, match="ask for"):
        data.load_forest_cover(n_rows)


def test_forest_cover_gives_nearly_all_rows_too(forest):
    table = data.load_forest_cover(69)
    assert len(table.X) == len(as_rows(table)) == 69
    assert as_rows(table) < {tuple(row) for row in forest}
