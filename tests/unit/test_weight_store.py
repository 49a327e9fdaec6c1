"""The weight store: files, random arrays that fit their layer, and what passes put."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

import lrc
from lrc.compilation import compiler
from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr
from lrc.dialects.lr.store import (
    WeightError,
    WeightSpec,
    WeightStore,
    array_of,
    derived,
    find_file,
    inline,
    is_written_by_lrc,
)
from lrc.dialects.values.patterns import PatternSet, Sparsity
from lrc.dialects.values.pruning import find_violation

P = PatternSet.parse('["110/110/000", "011/011/000"]')


def test_what_is_put_into_an_overlay_is_not_in_the_store_below() -> None:
    store = WeightStore.random(0)
    store.expect(WeightSpec("w", (2, 3), "weight"))
    over = store.overlay()
    assert over == store and over["w"] is store["w"]
    assert over.put("w", np.zeros(3, np.float32)) == "w.2"
    over.expect(WeightSpec("v", (4,), "bias"))
    assert over.made == {"w.2"} and store.made == set() and store.names() == ("w",)
    store.expect(WeightSpec("v", (5,), "bias"))
    assert (over["v"].shape, store["v"].shape) == ((4,), (5,))
    store.put("a", np.zeros(1, np.float32))
    assert "a" not in over


@pytest.mark.parametrize(
    "sparsity",
    [
        Sparsity("pattern", P),
        Sparsity("pattern", P, 1 / 3.6),
        Sparsity("pattern", P, 1 / 3.6, "layer"),
        Sparsity("connectivity", None, 0.5),
        Sparsity("pattern", P, 1 / 3.6, "layer", share=2),
        Sparsity("connectivity", None, 0.5, share=4),
    ],
)
def test_random_weights_are_pruned_as_declared_and_keep_the_scale(sparsity: Sparsity) -> None:
    store = WeightStore.random(0)
    store.expect(WeightSpec("w", (64, 48, 3, 3), "weight", sparsity))
    weights = store["w"]
    assert find_violation(weights, sparsity) is None
    energy = (weights.astype(np.float64) ** 2).sum() / 64
    assert energy == pytest.approx(2, rel=0.5)


def test_random_weights_depend_on_name_and_seed_alone() -> None:
    specs = [WeightSpec("a", (4, 3), "weight"), WeightSpec("b", (4, 3), "weight")]
    one, two, other = WeightStore.random(1), WeightStore.random(1), WeightStore.random(2)
    for spec in specs:
        one.expect(spec)
        other.expect(spec)
    for spec in reversed(specs):
        two.expect(spec)
    assert np.array_equal(two["b"], one["b"])
    assert np.array_equal(two["a"], one["a"])
    assert not np.array_equal(one["a"], one["b"])
    assert not np.array_equal(one["a"], other["a"])


def test_one_name_has_one_shape() -> None:
    store = WeightStore.random(0)
    store.expect(WeightSpec("w", (4,), "bias"))
    with pytest.raises(ValueError, match=r"bias \[4\] and as bias \[5\]"):
        store.expect(WeightSpec("w", (5,), "bias"))


def test_a_file_is_read_when_asked(tmp_path: Path) -> None:
    half = np.arange(6, dtype=np.float16).reshape(2, 3)
    save_file({"w": half}, tmp_path / "net.safetensors")
    store = WeightStore.from_file(tmp_path / "net.safetensors", "net.safetensors")
    assert store.names() == ("w",)
    assert store.shape("w") == (2, 3)
    assert (store["w"].dtype, store.number_type("w")) == (np.float16, "float16"), (
        "what no layer has for its own is read as it is"
    )
    store.expect(WeightSpec("w", (2, 3), "weight"))
    assert (store["w"].dtype, store.number_type("w")) == (np.float32, "float32")
    assert np.array_equal(store["w"], half)
    assert not store["w"].flags.writeable
    assert "v" not in store
    with pytest.raises(WeightError, match=r"no array named 'v'; their source is file"):
        store["v"]
    with pytest.raises(WeightError, match="there is no weight file"):
        WeightStore.from_file(tmp_path / "nit.safetensors", "nit.safetensors")


def test_putting_other_numbers_under_a_name_takes_another_name() -> None:
    store = WeightStore.empty()
    ones, twos = np.ones(3, np.float32), np.full(3, 2, np.float32)
    assert store.put("w", ones) == "w"
    assert store.put("w", ones.copy()) == "w"
    assert store.put("w", twos) == "w.2"
    assert np.array_equal(store["w"], ones)
    bytes = np.ones(3, np.uint8)
    assert store.put("w", bytes) == "w.3", "the same numbers of another type"
    assert store["w.3"].dtype == np.uint8
    assert derived(WeightAttr("w"), "w", twos, store) == WeightAttr("w.2")


@pytest.mark.parametrize("dtype", ["float32", "uint8", "uint16", "int32"])
def test_inline_weights_keep_their_numbers(dtype: str) -> None:
    array = np.array([[1, 2], [200, 3]]).astype(dtype)
    back = array_of(inline(array), WeightStore.empty())
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)


def test_saved_arrays_are_read_back_as_they_are(tmp_path: Path) -> None:
    store = WeightStore.empty()
    kinds = ("uint8", "uint16", "uint32", "int32", "float32")
    arrays = {kind: np.array([[1, 2], [3, np.iinfo(np.uint8).max]], kind) for kind in kinds}
    for kind, array in arrays.items():
        store.put(kind, array)
    store.put("empty", np.zeros((0, 4), np.uint16))
    store.put("other", np.zeros(4, np.float32))
    store.save(tmp_path / "level.safetensors", [*kinds, "empty"])
    back = WeightStore.from_file(tmp_path / "level.safetensors", "level.safetensors")
    assert set(back.names()) == {*kinds, "empty"}
    assert (back["empty"].shape, back["empty"].dtype) == ((0, 4), np.uint16)
    for kind, array in arrays.items():
        assert back[kind].dtype == array.dtype
        np.testing.assert_array_equal(back[kind], array)
    assert is_written_by_lrc(tmp_path / "level.safetensors")


def test_what_a_layer_takes_for_its_weights_is_float32(tmp_path: Path) -> None:
    numbers = np.array([1, 2, 200])
    save_file({kind: numbers.astype(kind) for kind in ("float16", "float64", "uint8")}, tmp_path / "net.safetensors")
    store = WeightStore.from_file(tmp_path / "net.safetensors", "net.safetensors")
    for name in store:
        store.expect(WeightSpec(name, (3,), "bias"))
    for name in ("float16", "float64"):
        assert store[name].dtype == np.float32
        np.testing.assert_array_equal(store[name], numbers)
    with pytest.raises(WeightError, match="'uint8' holds numbers of type U8"):
        store["uint8"]
    assert not is_written_by_lrc(tmp_path / "net.safetensors")


def test_random_weights_do_not_stand_in_for_those_that_passes_made() -> None:
    store = WeightStore.random(0)
    store.expect(WeightSpec("w", (4,), "bias"))
    store.put("w.folded", np.ones(4, np.float32))
    store.put("unused", np.ones(4, np.float32))
    alone = store.alone(["w", "w.folded"])
    assert alone.source == 'random 0 without ["w.folded"]'
    for name in ("w", "w.folded"):
        alone.expect(WeightSpec(name, (4,), "bias"))
    np.testing.assert_array_equal(alone["w"], store["w"])
    assert "w.folded" not in alone
    assert store.alone(["w"]) is store


def test_files_are_found_beside_the_text_in_the_zoo_or_here(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").touch()
    assert find_file("a.safetensors", tmp_path) == tmp_path / "a.safetensors"
    assert find_file("b.safetensors", tmp_path) == Path("b.safetensors")
    assert find_file("zoo:digits.safetensors", tmp_path).is_file()


def test_a_compilation_leaves_its_source_as_it_was() -> None:
    layers = "a: conv2d(x) { filters: 4, kernel: 3, pad: 1 } b: batch_norm(a) output y = b"
    module = lrc.parse(f"model m {{ weights random(seed: 0) input x: f32[1, 2, 4, 5] {layers} }}")
    text, store = str(module), lr.find_model(module).store
    names = store.names()
    assert "a.weight.folded" in lr.find_model(compiler.lower(module, "c", "fkw").module).store
    assert (str(module), store.names()) == (text, names)
