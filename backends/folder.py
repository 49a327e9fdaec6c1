"""Writes an emitted folder: all of it or nothing.

Everything is written to a hidden folder inside the place first, so that a full disk or Ctrl-C leaves what was
there before. The files are then renamed into place, with the signals held back that could come between.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from lrc.backends import c_api, lrw
from lrc.backends.emitted import EmittedModel

METADATA = "metadata.json"


class ForeignFileError(FileExistsError):
    """A file stands in the way that lrc did not write."""


def write_folder(
    folder: Path,
    model: EmittedModel,
    arrays: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, Any],
    embed_weights: bool = False,
) -> list[Path]:
    """Writes the folder, over an older one of lrc's if there is one, and returns the paths of its files.

    Args:
        folder: made with its parents if it does not exist. Files of others in it stay as they are.
        arrays: what ``NAME.lrw`` holds, in the order whose `lrw.layout` gave the offsets in the graph.
        metadata: further entries of metadata.json.
        embed_weights: take the weights into the object files too.

    Raises:
        ForeignFileError: a file of the same name exists that no earlier call wrote; nothing is changed.
        OSError: the place cannot be written or the disk is full; nothing is changed.
    """
    with replaced_together(folder, _files_of(folder)) as staging:
        _write_files(staging, model, arrays, metadata, embed_weights)
        names = sorted(path.name for path in staging.iterdir())
    return [folder / name for name in names]


@contextmanager
def replaced_together(folder: Path, previous: Collection[str]) -> Generator[Path]:
    """Gives an empty folder, and moves what the body writes there into `folder`: all files, or none if the body fails.

    `previous` are the files in `folder` that may be replaced; those of them that the body did not write are removed.
    Raises ForeignFileError if any other file is in the way, and OSError; nothing is changed then.
    """
    with _made(folder):
        staging = Path(tempfile.mkdtemp(prefix=".lrc-", dir=folder))
        try:
            yield staging
            names = sorted(path.name for path in staging.iterdir())
            for name in names:
                if name not in previous and os.path.lexists(folder / name):
                    raise ForeignFileError(
                        errno.EEXIST, "lrc did not write this file and leaves it alone", str(folder / name)
                    )
            with _signals_held():
                for name in names:
                    os.replace(staging / name, folder / name)
                for name in set(previous) - set(names):
                    (folder / name).unlink(missing_ok=True)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def read_metadata(folder: Path) -> dict[str, Any]:
    """What metadata.json says. OSError: there is none; ValueError: it is not lrc's."""
    content: Any = json.loads((folder / METADATA).read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not content.keys() >= {"lrc", "c_name", "target", "sources", "files"}:
        raise ValueError(f"{folder / METADATA} was not written by lrc")
    return cast(dict[str, Any], content)


def _write_files(
    place: Path, model: EmittedModel, arrays: Mapping[str, NDArray[Any]], metadata: Mapping[str, Any], embed: bool
) -> None:
    layout = lrw.layout(arrays)
    texts = c_api.code_files(model, layout, embed)
    checksum = lrw.write(place / f"{model.c_name}.lrw", arrays, c_api.model_hash(model, layout))
    if embed:
        texts[f"{model.c_name}_weights.c"] = c_api.weights_unit(model, layout, checksum)
    sources = sorted(name for name in texts if name.endswith(".c") and name != "lrc_bench.c")
    texts["CMakeLists.txt"] = c_api.cmake_lists(model, sources, embed)
    description = {
        "lrc": c_api.lrc_version(),
        "model": model.name,
        "c_name": model.c_name,
        "target": model.target,
        "inputs": [{"name": port.name, "shape": list(port.shape)} for port in model.inputs],
        "outputs": [{"name": port.name, "shape": list(port.shape)} for port in model.outputs],
        "arena_bytes": model.arena_bytes,
        "weights_bytes": layout.total_bytes,
        "weights_checksum": f"{checksum.sum:016x}{checksum.sum_of_sums:016x}",
        "embeds_weights": embed,
        "sources": sources,
        "layers": [vars(layer) for layer in model.layers],
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(texts.items())},
        **metadata,
    }
    texts[METADATA] = json.dumps(description, indent=1) + "\n"
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8", newline="\n")


def _files_of(folder: Path) -> set[str]:
    """The files that lrc wrote into the folder before: none if it did not."""
    try:
        metadata = read_metadata(folder)
    except (OSError, ValueError):
        return set()
    names = {METADATA, f"{metadata['c_name']}.lrw", *metadata["files"]}
    return {name for name in names if os.path.basename(name) == name}  # whoever edited the list: only files in here


@contextmanager
def _made(folder: Path) -> Generator[None]:
    """Makes the folder and its parents, and takes away again what it made if the body fails."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        for place in missing:
            try:
                place.rmdir()
            except OSError:
                break
        if isinstance(error, OSError) and not isinstance(error, ForeignFileError):
            # The user knows the folder, not what is hidden in it; and a full disk names no file at all.
            raise OSError(error.errno, error.strerror, str(folder)) from error
        raise


@contextmanager
def _signals_held() -> Generator[None]:
    """Lets Ctrl-C and a polite kill wait until the body is through."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is ever interrupted
        return
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda it, _: caught.append(it)) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in caught:
            signal.raise_signal(number)
