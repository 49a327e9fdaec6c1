"""Every level, once written, is read back as it was: the same text, the same results, and the same C in the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc.backends.c.emit import Emitted, emit
from lrc.backends.replacing import ForeignFileError
from lrc.compilation import compiler, pipelines
from lrc.diagnostics import UserError
from lrc.dialects import lr
from lrc.dialects.lr.store import array_of
from lrc.dialects.pattern.ops import Conv2dOp
from lrc.files import levels
from lrc.interpreters import loops, run
from lrc.interpreters.reference import Array
from lrc.verification import verify

TARGET = "neon"
LEVELS = ("lr", "pattern", "fkw", "loops", "target")

TWO_LAYERS = """\
model two_layers {
  weights random(seed: 0)
  input x: f32[1, 4, 6, 7]
  patterns p2 = ["110/110/000", "000/011/011"]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1, bias: false, sparsity: pattern(p2, keep: 1/2) }
  b: batch_norm(a)
  c: relu(b)
  d: conv2d(c) { filters: 4, kernel: 1 }
  d2: leaky_relu(d) { slope: 1/3 }
  e: flatten(d2)
  f: linear(e) { units: 5 }
  output y = f
}
"""

NETWORKS = {"digits": "zoo:digits", "two_layers": TWO_LAYERS}


def network(name: str) -> ModuleOp:
    source = NETWORKS[name]
    return lrc.load(source) if source.startswith("zoo:") else lrc.parse(source)


def inputs(module: ModuleOp) -> list[Array]:
    return [np.asarray(array, np.float64) for array in verify.random_inputs(module).values()]


def saved(module: ModuleOp, level: str, folder: Path) -> ModuleOp:
    """A level written to disk, and read back by a context that knows nothing of the compilation."""
    path = folder / f"{level}.mlir"
    levels.save(compiler.lower(module, TARGET, level).module, path)
    return levels.load(path, compiler.make_context())


Saved = Callable[[str, str], tuple[Path, ModuleOp]]


@pytest.fixture(scope="module")
def level_of(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The folder in which a network's level was written, alone, and what was read back, once for all tests."""

    @cache
    def of(name: str, level: str) -> tuple[Path, ModuleOp]:
        folder = tmp_path_factory.mktemp(f"{name}-{level}")
        return folder, saved(network(name), level, folder)

    return lambda name, level: (of(name, level)[0], of(name, level)[1].clone())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_text_is_the_same(name: str, level: str, level_of: Saved) -> None:
    folder, back = level_of(name, level)
    text = (folder / f"{level}.mlir").read_text()
    assert levels.show(back) == text
    assert f'#lr.store<file "{level}.safetensors">' in text
    assert set(levels.find_store(back).names()) == levels.array_names(back)
    assert sorted(os.listdir(folder)) == [f"{level}.mlir", f"{level}.safetensors"]


@cache
def straight(name: str) -> Emitted:
    """A network's C without a stop on the way."""
    return emit(compiler.lower(network(name), TARGET).module)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_compilation_goes_on_to_the_same_c(name: str, level: str, level_of: Saved) -> None:
    _, back = level_of(name, level)
    for following in LEVELS[LEVELS.index(level) + 1 :]:
        pipelines.parse(pipelines.stage(following, TARGET)).apply(compiler.make_context(), back)
    again, expected = emit(back), straight(name)
    assert again.model == expected.model
    assert again.arrays.keys() == expected.arrays.keys()
    for array, numbers in expected.arrays.items():
        assert again.arrays[array].dtype == numbers.dtype
        np.testing.assert_array_equal(again.arrays[array], numbers)


@pytest.mark.parametrize("level", LEVELS[:3])
@pytest.mark.parametrize("name", NETWORKS)
def test_layers_mean_the_same(name: str, level: str, level_of: Saved) -> None:
    module = network(name)
    _, back = level_of(name, level)
    for found, exact in zip(run(back, inputs(module)), run(module, inputs(module)), strict=True):
        np.testing.assert_allclose(found, exact, 1e-4, 1e-5)


@pytest.mark.parametrize("level", LEVELS[3:])
def test_loops_mean_the_same(level: str, level_of: Saved) -> None:
    module = network("two_layers")
    _, back = level_of("two_layers", level)
    (exact,) = run(module, inputs(module))
    (found,) = loops.run(back, "two_layers", inputs(module), [exact.size], levels.find_store(back))
    np.testing.assert_allclose(found.reshape(exact.shape), exact, 1e-4, 1e-5)


def test_weights_outside_of_their_patterns_are_nothing(tmp_path: Path) -> None:
    """What the assignment says counts, whatever the store has: a text may be edited."""
    (tmp_path / "one.lr").write_text(
        'model one { weights random(seed: 0) input x: f32[1, 2, 4, 5] patterns p = ["110/100/000", "001/011/000"]\n'
        "a: conv2d(x) { filters: 3, kernel: 3, sparsity: pattern(p) } output y = a }"
    )
    module = lrc.load(tmp_path / "one.lr")
    lowered = compiler.lower(module, TARGET, "pattern").module
    (conv,) = (op for op in lowered.walk() if isinstance(op, Conv2dOp))
    store = lr.find_model(lowered).store
    (before,) = run(lowered, inputs(module))
    outside = np.where(array_of(conv.weight, store) == 0, np.float32(7), array_of(conv.weight, store))
    conv.weight = lr.WeightAttr(store.put("outside", outside))
    np.testing.assert_array_equal(run(lowered, inputs(module))[0], before)
    conv.assignment = lr.WeightAttr(store.put("removed", np.zeros((3, 2), np.uint8)))
    assert conv.bias is not None
    bias = array_of(conv.bias, store)[:, None, None]
    np.testing.assert_array_equal(run(lowered, inputs(module))[0], np.broadcast_to(bias, before.shape))


@pytest.mark.parametrize("slope", [1 / 3, 1e-7, -2.5e20, 3.0])
def test_numbers_are_read_back_to_the_last_place(slope: float, tmp_path: Path) -> None:
    text = (
        f"input x: f32[1, 2] a: leaky_relu(x) {{ slope: {slope!r} }} b: batch_norm(a) {{ epsilon: 1/7 }} output y = b"
    )
    back = saved(lrc.parse(f"model m {{ weights random(seed: 0) {text} }}"), "lr", tmp_path)
    act, norm = (op for op in back.walk() if isinstance(op, lr.LayerOp))
    assert isinstance(act, lr.ActivationOp) and isinstance(norm, lr.BatchNormOp)
    assert (act.activation.data.slope, norm.epsilon.value.data) == (slope, 1 / 7)


def test_an_edited_level_is_another_network(tmp_path: Path) -> None:
    module = network("two_layers")
    saved(module, "fkw", tmp_path)
    path = tmp_path / "fkw.mlir"
    path.write_text(path.read_text().replace("then <relu> ", ""))
    without = lrc.parse(TWO_LAYERS.replace("  c: relu(b)\n", "").replace("conv2d(c)", "conv2d(b)"))
    (found,), (exact,) = (run(each, inputs(module)) for each in (levels.load(path, compiler.make_context()), without))
    np.testing.assert_allclose(found, exact, 1e-4, 1e-5)


def test_the_arrays_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(network("two_layers"), "fkw", tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    back = levels.load(Path("../fkw.mlir"), compiler.make_context())
    assert levels.find_store(back)["a.fkw.index"].dtype == np.uint8
    monkeypatch.chdir(tmp_path)
    Path("fkw.mlir").rename("elsewhere/fkw.mlir")
    assert levels.find_store(levels.load(elsewhere / "fkw.mlir", compiler.make_context())) is not None


def test_a_network_of_the_zoo_is_named_so_that_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    module = lrc.load("zoo:digits")
    text = levels.show(module)
    assert '#lr.store<file "zoo:digits.safetensors">' in text
    assert not levels.needs_arrays(module)
    Path("digits.mlir").write_text(text)
    back = levels.load(Path("digits.mlir"), compiler.make_context())
    np.testing.assert_array_equal(run(back, inputs(module)), run(module, inputs(module)))


@pytest.mark.parametrize("level", LEVELS)
def test_missing_arrays_are_errors_with_a_place(level: str, tmp_path: Path) -> None:
    module = network("two_layers")
    path = tmp_path / "alone.mlir"
    lowered = compiler.lower(module, TARGET, level).module
    assert levels.needs_arrays(lowered)
    path.write_text(levels.show(levels.without_arrays(lowered)))
    back = levels.load(path, compiler.make_context())
    with pytest.raises(UserError, match=r"the weights have no array named '.*'; their source is random 0") as error:
        if level in LEVELS[:3]:
            run(back, inputs(module))
        else:
            loops.run(back, "two_layers", inputs(module), [5], levels.find_store(back))
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.filename == str(path)
    assert diagnostic.line is not None and diagnostic.line > 2


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    module = network("two_layers")
    theirs = tmp_path / "net.safetensors"
    theirs.write_bytes(b"mine")
    with pytest.raises(ForeignFileError):
        levels.save(module, tmp_path / "net.mlir")
    with pytest.raises(UserError, match="the file of arrays"):
        levels.save(module, theirs)
    assert os.listdir(tmp_path) == ["net.safetensors"]
    assert theirs.read_bytes() == b"mine"


def test_both_files_are_written_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = network("two_layers")
    saved(module, "lr", tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def interrupted(module: ModuleOp) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(levels, "show", interrupted)
    with pytest.raises(KeyboardInterrupt):
        levels.save(compiler.lower(module, TARGET, "fkw").module, tmp_path / "lr.mlir")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_same_level_is_the_same_bytes(tmp_path: Path) -> None:
    files: list[dict[str, bytes]] = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        saved(network("two_layers"), "fkw", folder)
        files.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert files[0] == files[1]


def test_a_module_without_arrays_is_written_too(tmp_path: Path) -> None:
    module = lrc.parse("model m { weights random(seed: 0) input x: f32[1, 4, 4, 4] a: relu(x) output y = a }")
    back = saved(module, "lr", tmp_path)
    assert lr.find_model(back).store.names() == ()
