"""An emitted folder is written whole or not at all, over lrc's own files alone, the same every time."""

import errno
import shutil
from pathlib import Path

import handwritten
import numpy as np
import pytest

from lrc.backends import lrw
from lrc.backends.folder import write_folder
from lrc.backends.replacing import ForeignFileError


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_input_same_bytes(tmp_path: Path) -> None:
    assert contents(handwritten.emit(tmp_path / "a")) == contents(handwritten.emit(tmp_path / "b" / "c"))


def test_an_older_folder_is_renewed_and_other_files_stay(tmp_path: Path) -> None:
    folder = handwritten.emit(tmp_path / "model", name="older", embed=True)
    (folder / "notes.txt").write_text("mine")
    (folder / "build").mkdir()
    handwritten.emit(folder)
    fresh = contents(handwritten.emit(tmp_path / "fresh"))
    assert contents(folder) == fresh | {"notes.txt": b"mine"}
    assert (folder / "build").is_dir()


def test_a_file_of_the_users_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "CMakeLists.txt").write_text("mine")
    with pytest.raises(ForeignFileError, match=r"CMakeLists\.txt"):
        handwritten.emit(tmp_path)
    assert contents(tmp_path) == {"CMakeLists.txt": b"mine"}


def test_a_file_of_the_users_beside_lrcs_own_is_not_overwritten(tmp_path: Path) -> None:
    """A name that lrc has no use for until the folder is written anew."""
    folder = handwritten.emit(tmp_path / "model")
    (folder / "two_scales_weights.c").write_text("mine")
    before = contents(folder)
    with pytest.raises(ForeignFileError, match=r"two_scales_weights\.c"):
        handwritten.emit(folder, embed=True)
    assert contents(folder) == before


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("exists", [False, True])
def test_a_failure_half_way_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, exists: bool
) -> None:
    folder = tmp_path / "a" / "model"
    before = contents(handwritten.emit(folder, seed=1)) if exists else {}

    def fail(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise failure

    monkeypatch.setattr(lrw, "write", fail)
    with pytest.raises(type(failure)):
        handwritten.emit(folder)
    assert contents(tmp_path) == {f"a/model/{name}": data for name, data in before.items()}
    assert list(tmp_path.iterdir()) == ([tmp_path / "a"] if exists else [])


@pytest.mark.parametrize("place", ["file", "file/model"])
def test_a_place_that_is_no_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        handwritten.emit(tmp_path / place)
    assert contents(tmp_path) == {"file": b""}


def test_a_full_disk(tmp_path: Path) -> None:
    """A device that takes nothing stands where the weights are to be written."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match="No space left"):
        lrw.write(full, {"a": np.zeros(1 << 20, np.float32)}, 0)


def test_arrays_may_be_mapped_files(tmp_path: Path) -> None:
    arrays = handwritten.weights()
    arrays["factor"].tofile(tmp_path / "factor")
    mapped = arrays | {"factor": np.memmap(tmp_path / "factor", np.float32, "r")}
    write_folder(tmp_path / "model", handwritten.model("two-scales", "host", mapped), mapped)
    wanted = handwritten.emit(tmp_path / "wanted")
    assert (tmp_path / "model/two_scales.lrw").read_bytes() == (wanted / "two_scales.lrw").read_bytes()
    shutil.rmtree(tmp_path / "model")
