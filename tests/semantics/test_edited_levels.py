"""A level that was edited by hand is refused where it does not fit together, and never compiled to unsafe code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file  # pyright: ignore[reportUnknownVariableType]
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Operation
from xdsl.utils.exceptions import DiagnosticException, PassFailedException, VerifyException

import lrc
from lrc import interpreters
from lrc.backends.c.emit import emit
from lrc.compilation import compiler, pipelines
from lrc.dialects import kernel, lr
from lrc.dialects.lr.store import Array
from lrc.files import levels
from lrc.interpreters import loops

MACHINE = "neon"

NETWORK = """\
model edited {
  weights random(seed: 0)
  input x: f32[1, 3, 5, 6]
  patterns p2 = ["110/110/000", "000/011/011"]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1, sparsity: pattern(p2, keep: 1/2) }
  m: max_pool(a) { kernel: 3, stride: 2, pad: 1 }
  b: conv2d(a) { filters: 4, kernel: 3, pad: 1, stride: 2, groups: 2 }
  s: add(m, b)
  q: softmax(s)
  n: batch_norm(q)
  u: upsample(n) { scale: 2 }
  f: flatten(u)
  c: linear(f) { units: 5 }
  output y = c
}
"""


def text_of(level: str, folder: Path) -> Path:
    """The network at a level, in a file with its arrays beside it."""
    path = folder / f"{level}.mlir"
    levels.save(compiler.lower(lrc.parse(NETWORK), MACHINE, level).module, path)
    return path


EDITS = {
    r'("a".*?tile = )\[\d+, \d+\]': (r"\1[9, 3]", "the layout of input 0 has tail = 12, but its readers need 48"),
    r'("a".*?pads )\[1, 1, 1, 1\]': (
        r"\1[2, 1, 0, 1]",
        "the layout of input 0 has 1 zeros before axis 1, but its readers need 2",
    ),
    r'("b".*?pads )\[1, 1, 1, 1\]': (
        r"\1[0, 0, 2, 2]",
        "layout of layer 'a' has 1 zeros after axis 1, but its readers need 2",
    ),
    r'("a".*?lanes = )4': (r"\g<1>8", "layer 'a' is scheduled for vectors of 8 floats, the machine has 4"),
    r"(3:\d+ x 5:8)\(1,": (r"\g<1>(0,", "the layout of input 0 has 0 zeros before axis 1, but its readers need 1"),
    r", #kernel.layout<[^>]*>": ("", "input 0 has no layout: run assign-layout before lower-to-loops"),
    r'("3:\d+ x )5:8': (r"\g<1>4:8", "the layout of input 0 has shape = (3, 4, 6), expected (3, 5, 6)"),
    r'"4:\d+ x 5:8': ('"4:80 x 5:10', "stride 1 = 10, which is no multiple of 4 lanes"),
    r'("3:\d+ x .*? x )f32,': (r"\g<1>f16,", "the layout of input 0 has element = f16, expected f32"),
    r'("3:[^>]*?), arena': (r"\g<1>, caller", "the layout of input 0 has space = caller, expected arena"),
}


@pytest.mark.parametrize("found", EDITS)
def test_what_does_not_fit_is_refused(found: str, tmp_path: Path) -> None:
    path, (edited, message) = text_of("fkw", tmp_path), EDITS[found]
    before = path.read_text()
    path.write_text(re.sub(found, edited, before))
    assert path.read_text() != before
    module = levels.load(path, compiler.make_context())
    with pytest.raises(PassFailedException, match=re.escape(message)) as raised:
        pipelines.parse(pipelines.stage("loops", MACHINE)).apply(compiler.make_context(), module)
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: ", str(raised.value))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            ('assignment = #lr.weight<"a.assignment">', 'assignment = #lr.weight<"a.order">'),
            "assignment is [4], expected",
        ),
        (
            ('assignment = #lr.weight<"a.assignment">', 'assignment = #lr.weight<"a.weight">'),
            "assignment is [4, 3, 3, 3]",
        ),
        (
            ('order = #lr.weight<"a.order">', 'order = #lr.weight<"a.bias">'),
            "order is no permutation of filters 0 to 3",
        ),
    ],
)
def test_one_array_is_no_other(edit: tuple[str, str], message: str, tmp_path: Path) -> None:
    path = text_of("pattern", tmp_path)
    before = path.read_text()
    path.write_text(before.replace(*edit))
    assert path.read_text() != before
    with pytest.raises(VerifyException, match=rf"^{re.escape(str(path))}:\d+:\d+: {re.escape(message)}"):
        levels.load(path, compiler.make_context())


def test_a_layer_has_a_buffer_of_its_name(tmp_path: Path) -> None:
    path = text_of("target", tmp_path)
    right = path.read_text()
    path.write_text(right.replace('layer "a" in output', 'layer "nobody" in output'))
    with pytest.raises(
        VerifyException, match=rf"^{re.escape(str(path))}:\d+:\d+: launches complete 'nobody' as layer 0"
    ):
        levels.load(path, compiler.make_context())
    path.write_text(re.sub(r"(%a = kernel.arena \d+) \{layout = .*?\}", r"\1", right))
    with pytest.raises(DiagnosticException, match="layer 'a' lies in no buffer that has a layout"):
        emit(levels.load(path, compiler.make_context()))


def change(path: Path, name: str, edit: Callable[[Array], Array]) -> None:
    """Change one of the arrays beside a text."""
    file = path.with_suffix(".safetensors")
    arrays = load_file(file)
    arrays[name] = np.ascontiguousarray(edit(arrays[name]))
    save_file(arrays, file)


def with_number(place: int, number: int) -> Callable[[Array], Array]:
    def edit(array: Array) -> Array:
        array = array.copy()
        array.flat[place] = number
        return array

    return edit


def shorter(array: Array) -> Array:
    return array[:-1]


ARRAYS: dict[str, tuple[str, Callable[[Array], Array], str]] = {
    "reorder": ("fkw", with_number(1, 4), "layer 'a': reorder[1] is 4, expected 0 to 3"),
    "index": ("fkw", with_number(2, 255), "layer 'a': index[2] is 255, expected 0 to 2"),
    "offset": ("fkw", with_number(2, 65535), "layer 'a': offset[2] is 65535, expected"),
    "stride": (
        "loops",
        with_number(2, 7),
        "array 'a.fkw.stride' has other numbers than those that",
    ),
    "weight": (
        "loops",
        shorter,
        "array 'a.fkw.weight' has 28 numbers of type float32, not 32",
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_do_not_fit_are_refused(name: str, tmp_path: Path) -> None:
    level, edit, message = ARRAYS[name]
    path = text_of(level, tmp_path)
    change(path, f"a.fkw.{name}", edit)
    with pytest.raises(VerifyException, match=rf"^{re.escape(str(path))}:\d+:\d+: {re.escape(message)}"):
        levels.load(path, compiler.make_context())


@pytest.mark.parametrize(
    ("name", "place", "number", "message"),
    [
        ("a.assignment", 5, 3, "chooses pattern 3 for channel 2, but the set has 2"),
        ("a.order", 1, 2, "order is no permutation of filters 0 to 3"),
        ("a.order", 2, 4, "order is no permutation of filters 0 to 3"),
    ],
)
def test_filters_and_patterns_are_there_and_once(
    name: str, place: int, number: int, message: str, tmp_path: Path
) -> None:
    path = text_of("pattern", tmp_path)
    before = load_file(path.with_suffix(".safetensors"))[name]
    change(path, name, with_number(place, number))
    assert before.flat[place] != number
    with pytest.raises(VerifyException, match=message):
        levels.load(path, compiler.make_context())


def test_weights_have_the_shape_that_their_layer_takes(tmp_path: Path) -> None:
    path = text_of("fkw", tmp_path)
    change(path, "c.weight", lambda weight: weight.T.copy())
    module = levels.load(path, compiler.make_context())
    with pytest.raises(PassFailedException, match=r"layer 'c' has a weight of \[\d+, 5\], expected \[5, \d+\]"):
        pipelines.parse(pipelines.stage("loops", MACHINE)).apply(compiler.make_context(), module)


@pytest.mark.parametrize("level", ["fkw", "loops", "target"])
def test_whatever_integer_is_changed(level: str, tmp_path: Path) -> None:
    """Every integer of every array in turn becomes others: it is refused, or the loops stay in their buffers."""
    module = levels.load(text_of(level, tmp_path), compiler.make_context())
    store, random, accepted = levels.find_store(module), np.random.default_rng(0), 0
    named = {name: op for op in module.walk() for name in names_of(op) if store[name].dtype.kind == "u"}
    assert len(named) == 8
    for name, op in sorted(named.items()):
        array = store[name]
        for place in range(array.size):
            for number in {0, int(array.flat[place]) + 1, int(random.integers(256)), np.iinfo(array.dtype).max}:
                changed = with_number(place, number % (np.iinfo(array.dtype).max + 1))(array)
                if np.array_equal(changed, array):
                    continue
                rename(op, name, other := store.put(f"{name}.{place}.{number}", changed))
                if verifies(op):
                    accepted += 1
                    if accepted % 20 == 1:
                        stays_inside(module)
                rename(op, other, name)
    assert (accepted > 0) == (level == "fkw")


def names_of(op: Operation) -> list[str]:
    """The arrays that an operation names."""
    if isinstance(op, kernel.WeightsOp):
        return [op.weight.data]
    return [each.data for each in op.properties.values() if isinstance(each, lr.WeightAttr)]


def verifies(op: Operation) -> bool:
    try:
        op.verify_()
    except VerifyException:
        return False
    return True


def rename(op: Operation, old: str, new: str) -> None:
    """Let an operation name another array."""
    for key, value in op.properties.items():
        if value == lr.WeightAttr(old):
            op.properties[key] = lr.WeightAttr(new)
    if isinstance(op, kernel.WeightsOp):
        op.weight = StringAttr(new)


def stays_inside(packed: ModuleOp) -> None:
    """Run the loops of packed layers where every access is looked at: they compute what the layers mean."""
    lowered, inputs = packed.clone(), [np.random.default_rng(1).standard_normal((1, 3, 5, 6))]
    pipelines.parse(pipelines.stage("loops", MACHINE)).apply(compiler.make_context(), lowered)
    (exact,) = interpreters.run(packed, inputs)
    (found,) = loops.run(lowered, "edited", inputs, [exact.size], levels.find_store(lowered))
    np.testing.assert_allclose(found.reshape(exact.shape), exact, 1e-4, 1e-5)
