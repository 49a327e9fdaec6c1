"""What is no network is refused, at the place where it is wrong. `tests/errors` has the words."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

import lrc

NETWORK = """\
model net {
  weights "net.safetensors"
  input x: f32[1, 4, 8, 8]
  patterns p = ["110/110/000", "000/011/011"]
  a: conv2d(x) { filters: 6, kernel: 3, pad: 1, sparsity: pattern(p) }
  b: batch_norm(a)
  c: conv2d(x) { filters: 6, kernel: 3, pad: 1 }
  d: add(b, c)
  e: flatten(d)
  f: linear(e) { units: 3 }
  output y = f
}
"""

EDITS = {
    "several pictures": ("f32[1, 4, 8, 8]", "f32[2, 4, 8, 8]", 3),
    "no rank that there is": ("f32[1, 4, 8, 8]", "f32[1, 4, 8, 8, 8, 8]", 3),
    "no picture": ("f32[1, 4, 8, 8]", "f32[1, 4, 8]", 5),
    "numbers of another type": ("f32[1", "f16[1", 3),
    "a pattern twice": ('"000/011/011"]', '"110/110/000"]', 4),
    "patterns for another kernel": ("kernel: 3, pad: 1, sparsity", "kernel: 5, pad: 2, sparsity", 5),
    "a layer too many": ("add(b, c)", "add(b, c, a)", 8),
    "a layer too few": ("add(b, c)", "add(b)", 8),
    "shapes that do not add": ("c: conv2d(x) { filters: 6", "c: conv2d(x) { filters: 5", 8),
    "a picture for a vector": ("linear(e)", "linear(d)", 10),
    "no filters": ("filters: 6, kernel: 3, pad: 1 }", "filters: 0, kernel: 3, pad: 1 }", 7),
    "filters that no groups divide": ("pad: 1 }", "pad: 1, groups: 4 }", 7),
    "a kernel larger than its picture": ("kernel: 3, pad: 1 }", "kernel: 11, pad: 1 }", 7),
    "an unknown layer": ("flatten(d)", "flatten(q)", 9),
    "a layer twice": ("c: conv2d", "b: conv2d", 7),
    "a layer before it is there": ("batch_norm(a)", "batch_norm(c)", 6),
    "an input as output": ("output y = f", "output y = x", 11),
    "a share of more than all": ("pattern(p)", "pattern(p, keep: 3/2)", 5),
}
"""What is wrong -> the text that is right, the one that is not, and the line that has to be named."""


def arrays() -> dict[str, np.ndarray]:
    """Arrays that fit the network."""
    random = np.random.default_rng(0)
    result = {name: random.standard_normal((6, 4, 3, 3), np.float32) for name in ("a.weight", "c.weight")}
    result["a.weight"][:, :, :, 2] = result["a.weight"][:, :, 2] = 0
    result |= {f"b.{name}": np.ones(6, np.float32) for name in ("weight", "bias", "running_mean", "running_var")}
    result |= {"a.bias": np.zeros(6, np.float32), "c.bias": np.zeros(6, np.float32), "f.bias": np.zeros(3, np.float32)}
    return result | {"f.weight": random.standard_normal((3, 384), np.float32)}


def write(folder: Path, text: str, numbers: dict[str, np.ndarray]) -> Path:
    save_file(numbers, folder / "net.safetensors")
    (folder / "net.lr").write_text(text, encoding="utf-8")
    return folder / "net.lr"


def lines(path: Path) -> set[int | None]:
    """The lines in which something is wrong with a network."""
    with pytest.raises(lrc.LrcError) as caught:
        lrc.load(path)
    return {each.line for each in caught.value.diagnostics}


def test_the_network_is_right(tmp_path: Path) -> None:
    lrc.load(write(tmp_path, NETWORK, arrays()), strict=True)


@pytest.mark.parametrize("what", EDITS)
def test_texts(what: str, tmp_path: Path) -> None:
    right, wrong, line = EDITS[what]
    assert right in NETWORK
    assert line in lines(write(tmp_path, NETWORK.replace(right, wrong, 1), arrays()))


@pytest.mark.parametrize(
    ("name", "place", "number", "line"),
    [
        ("b.running_var", (5,), -1e-3, 6),
        ("b.running_mean", (0,), np.nan, 6),
        ("c.weight", (1, 2, 0, 1), np.inf, 7),
        ("f.bias", (2,), -np.inf, 10),
        ("a.weight", (3, 1, 0, 2), 1.0, 5),
    ],
)
def test_numbers(name: str, place: tuple[int, ...], number: float, line: int, tmp_path: Path) -> None:
    """A single number that no layer can have."""
    numbers = arrays()
    numbers[name][place] = number
    assert lines(write(tmp_path, NETWORK, numbers)) == {line}


@pytest.mark.parametrize(("name", "line"), [("c.weight", 7), ("f.weight", 10), ("a.weight", 5)])
def test_shapes(name: str, line: int, tmp_path: Path) -> None:
    """An array whose axes are exchanged has as many numbers as it should."""
    numbers = arrays()
    numbers[name] = np.ascontiguousarray(numbers[name].swapaxes(0, 1))
    assert lines(write(tmp_path, NETWORK, numbers)) == {line}


@pytest.mark.parametrize(("name", "line"), [("a.bias", 5), ("b.running_var", 6), ("f.weight", 10)])
def test_missing(name: str, line: int, tmp_path: Path) -> None:
    numbers = {other: array for other, array in arrays().items() if other != name}
    assert lines(write(tmp_path, NETWORK, numbers)) == {line}
