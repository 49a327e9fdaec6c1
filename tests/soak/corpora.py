"""What the readers are given whole, before it is broken: the tests' own files, and such as lrc writes."""

import io
import json
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save

TESTS = Path(__file__).parents[1]

LONGEST = 1200
"""Bytes of a text: those of most tests are shorter, and short ones are read faster."""


def networks() -> list[bytes]:
    """`.lr` files: each with its mistake, those of the zoo, and the examples."""
    import lrc

    folders = (TESTS / "errors", Path(lrc.__file__).parent / "zoo", TESTS.parent / "examples")
    return _short([path.read_bytes() for folder in folders for path in sorted(folder.glob("*.lr"))])


def modules() -> list[bytes]:
    """Texts of the IR: each function and model of the FileCheck tests by itself."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((TESTS / "filecheck").rglob("*.mlir"))]
    parts = [part for text in texts for part in text.split("// -----")]
    code = ["\n".join(line for line in part.splitlines() if not line.lstrip().startswith("//")) for part in parts]
    return _short([each.strip().encode() + b"\n" for each in code if each.strip()])


def weights() -> list[bytes]:
    """Safetensors files for the network of `lrc.testing.checks.robustness`, right and nearly right."""
    kernels = np.zeros((3, 2, 3, 3), np.float32)
    kernels[:, :, :2, :2] = 1.5
    numbers = np.ones(3, np.float32)
    arrays = {
        "a.weight": kernels,
        "a.bias": numbers,
        **{f"b.{each}": numbers for each in ("weight", "bias", "running_mean", "running_var")},
        "d.weight": np.ones((2, 60), np.float32),
        "d.bias": np.ones(2, np.float32),
    }
    others = {name: array.astype(np.float64) for name, array in arrays.items()}
    more = arrays | {"extra": np.arange(4, dtype=np.uint8), "empty": np.zeros((0, 3), np.int64)}
    return [save(arrays), save(arrays, {"written by": "lrc"}), save(others), save(more)]


def weights_whose_header_fits(data: bytes) -> bytes:
    """A safetensors file with a broken header, whose length is right again: else little of it is looked at."""
    end = data.rfind(b"}") + 1
    return struct.pack("<Q", end - 8) + data[8:] if end > 8 else data


def arrays() -> list[bytes]:
    """`.npy` and `.npz` files, of one input and of both."""
    x, z = np.zeros((1, 2, 5, 4), np.float32), np.ones((1, 3), np.float32)
    both, packed, others, one = (io.BytesIO() for _ in range(4))
    np.savez(both, x=x, z=z)
    np.savez_compressed(packed, x=x, z=z)
    np.savez(others, x=x.astype(np.float64), z=z.astype(np.int8))
    np.save(one, x)
    return [each.getvalue() for each in (both, packed, others, one)]


def metadata() -> list[bytes]:
    """The metadata.json of a folder, as it is and without its blanks."""
    import handwritten

    with tempfile.TemporaryDirectory() as folder:
        written = (handwritten.emit(Path(folder) / "model") / "metadata.json").read_bytes()
    return [written, json.dumps(json.loads(written), separators=(",", ":")).encode()]


CORPORA: Mapping[str, Callable[[], list[bytes]]] = {
    "lr": networks,
    "mlir": modules,
    "safetensors": weights,
    "npz": arrays,
    "json": metadata,
}
"""For each reader of `lrc.testing.checks.robustness`."""


def _short(texts: list[bytes]) -> list[bytes]:
    return [text for text in texts if len(text) <= LONGEST]
