"""Tensors of `lrc run`: read from `.npy` and `.npz` files, drawn at random, described for a person."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrc.backends import staging
from lrc.dialects.files import read

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Tensors = Mapping[str, NDArray[np.float32]]
    Shapes = Mapping[str, tuple[int, ...]]

TOP = 5
"""How many of the likeliest classes are shown."""


def read_tensors(path: Path, shapes: Shapes) -> Tensors:
    """The network's inputs from a `.npy` file (one input) or a `.npz` file (inputs by name); - is standard input.

    A tensor has its input's shape, or any number of pictures stacked along the first axis.

    Raises:
        UserError: it is no such file, or the tensors in it do not fit.
        OSError: it cannot be read.
    """
    import numpy as np

    from lrc.diagnostics import UserError

    shown = "standard input" if path == Path("-") else str(path)
    data = sys.stdin.buffer.read() if path == Path("-") else read(path)
    try:
        content: Any = np.load(io.BytesIO(data), allow_pickle=False)
        is_archive = hasattr(content, "files")
        arrays: dict[str, NDArray[Any]] = dict(content) if is_archive else {next(iter(shapes)): content}
    except Exception:  # numpy and zipfile raise whatever they stumble over, of a dozen kinds
        hint = "np.save writes such a file"
        raise UserError.because("this is no whole .npy or .npz file", filename=shown, hint=hint) from None
    if arrays.keys() != shapes.keys():
        hint = f"np.savez({shown!r}, {', '.join(f'{name}=…' for name in shapes)}) writes such a file"
        message = f"the network takes {', '.join(shapes)}, and the file holds {', '.join(arrays) or 'nothing'}"
        raise UserError.because(message, filename=shown, hint=hint)
    return {name: _fitting(name, array, shapes[name], shown) for name, array in arrays.items()}


def check_place(path: Path, names: Sequence[str]) -> None:
    """Raises UserError, or OSError, if tensors of these names cannot be written to `path`."""
    from lrc.diagnostics import UserError

    path.parent.stat()
    if path.suffix == ".npy" and len(names) > 1:
        hint = f"{path.with_suffix('.npz')} holds them by name"
        message = f"a .npy file holds one array, and the network has {len(names)} outputs: {', '.join(names)}"
        raise UserError.because(message, filename=str(path), hint=hint)


def write_tensors(path: Path, tensors: Tensors) -> None:
    """Writes tensors whole or not at all: by name to `.npz`; elsewhere one as `.npy` has it, several as `.npz`;
    - is standard output."""
    import numpy as np

    buffer = io.BytesIO()
    if len(tensors) == 1 and path.suffix != ".npz":
        np.save(buffer, next(iter(tensors.values())))
    else:
        np.savez(buffer, **tensors)  # pyright: ignore[reportArgumentType]
    if path == Path("-"):
        sys.stdout.buffer.write(buffer.getvalue())
    else:
        staging.write(path, buffer.getvalue())


def describe(tensor: NDArray[np.float32]) -> dict[str, Any]:
    """Shape and range of an output, and for each picture the likeliest classes where it is a vector of classes."""
    import numpy as np

    report: dict[str, Any] = {"shape": list(tensor.shape), "min": float(tensor.min()), "max": float(tensor.max())}
    classes = tensor.reshape(len(tensor), -1)
    if tensor[0].size == max(tensor.shape[1:]) > 1:
        best = np.argsort(-classes, axis=1, kind="stable")[:, :TOP]
        report["top"] = [
            [{"class": int(c), "value": float(row[c])} for c in order] for row, order in zip(classes, best, strict=True)
        ]
    return report


def _fitting(name: str, array: NDArray[Any], shape: tuple[int, ...], shown: str) -> NDArray[np.float32]:
    import numpy as np

    from lrc.diagnostics import UserError
    from lrc.execution.ports import fit

    array = fit(name, array, shape, shown)
    if not len(array):
        raise UserError.because(f"input {name} holds no picture", filename=shown)
    if not (finite := np.isfinite(array)).all():
        place = [int(i) for i in np.unravel_index(int(np.argmin(finite)), array.shape)]
        what = "not a number" if np.isnan(array[tuple(place)]) else "infinite"
        raise UserError.because(f"input {name} is {what} at {place}", filename=shown)
    return array
