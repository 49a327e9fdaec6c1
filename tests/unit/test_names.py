"""What things are called in an emitted program: legal, apart, and as their author spelled them where that is safe."""

import re
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrc.backends.c.isa import isa_of
from lrc.backends.names import LONGEST, Names, api_words, kernel_names, model_name, program_names
from lrc.dialects.values.elements import ELEMENTS
from lrc.dialects.values.machines import MACHINES

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
"""A C identifier that no standard keeps for itself: no underscore at an end, none beside another."""


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("vgg16", "vgg16"),
        ("ResNet50", "ResNet50"),
        ("vgg16-conv", "vgg16_conv"),
        ("a__b_", "a_b"),
        ("kernels_copy", "kernels_copy"),
        ("2x", "model_2x"),
        ("_", "model"),
        ("int", "model_int"),
        ("time", "model_time"),
        ("String", "model_String"),
        ("pthread_mutex", "model_pthread_mutex"),
        ("edit_cache", "model_edit_cache"),
        ("lrc", "model_lrc"),
        ("lrc-net", "model_lrc_net"),
        ("input_2", "model_input_2"),
        ("*/ #include", "include"),
    ],
)
def test_models(name: str, called: str) -> None:
    assert model_name(name) == called


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("x", "x"),
        ("left_image", "left_image"),
        ("s1a.conv1", "s1a_conv1"),
        ("printf", "printf"),  # a parameter may hide a function that nobody calls there
        ("X", "input_X"),
        ("M_PI", "input_M_PI"),
        ("linux", "input_linux"),
        ("double", "input_double"),
        ("class", "input_class"),
        ("size_t", "input_size_t"),
        ("m", "input_m"),
        ("arguments", "input_arguments"),
        ("net", "input_net"),
        ("net_softmax", "input_net_softmax"),
        ("lrc_hook", "input_lrc_hook"),
        ("__", "input"),
    ],
)
def test_inputs_of_a_model_called_net(name: str, called: str) -> None:
    assert program_names("net", [name], []).inputs == (called,)


def test_what_has_one_name_gets_numbers() -> None:
    names = program_names("net", ["x", "a-b", "a.b"], ["x", "double", "output_double"], ["run", "Run", "conv", "t"])
    assert names.inputs == ("x", "a_b", "a_b_1")
    assert names.outputs == ("x_1", "output_double", "output_double_1")
    assert list(names.kernels.values()) == ["net_run_1", "net_run_2", "net_conv", "net_t_1"]
    variables = names.variables()
    assert [variables.fresh(layer) for layer in ("x", "conv1", "net_run_1")] == ["x_2", "conv1", "layer_net_run_1"]


def test_a_block_gives_its_names_back() -> None:
    names = Names("value")
    assert names.fresh("x") == "x"
    with names.scope():
        assert [names.fresh("x"), names.fresh("y")] == ["x_1", "y"]
    assert [names.fresh("y"), names.fresh("x"), names.fresh(None)] == ["y", "x_1", "t"]


def test_long_names_differ_where_they_are_cut() -> None:
    names = {model_name("a" * 300 + end) for end in ("a", "b")}
    assert len(names) == 2
    assert all(len(name) <= LONGEST for name in names)


TEXTS = st.text(st.sampled_from('aAbxt_-. 2é/*\\"\n'), max_size=6) | st.sampled_from(["int", "m", "linux", "net_run"])


@given(TEXTS, st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5, unique=True))
def test_any_names_are_legal_and_apart(model: str, inputs: list[str], outputs: list[str], symbols: list[str]) -> None:
    names = program_names(model, inputs, outputs, symbols)
    variables = names.variables()
    local = [*names.inputs, *names.outputs, *(variables.fresh(symbol) for symbol in symbols)]
    api = [f"{names.model}_{word}" for word in api_words()]
    everything = [*local, *names.kernels.values(), *api]
    assert len(set(everything)) == len(everything)
    assert all(IDENTIFIER.fullmatch(name) for name in everything)
    assert len(names.inputs) == len(inputs) and len(names.outputs) == len(outputs)
    assert not any(name.startswith(f"{names.model}_") for name in local)


def test_kernels_alone_are_called_as_their_symbols_are() -> None:
    assert kernel_names(["conv3x3", "double", "a.b"]) == {"conv3x3": "conv3x3", "double": "kernel_double", "a.b": "a_b"}


def test_no_model_can_meet_what_lrc_writes_itself() -> None:
    """An API's names end in few ways. Nothing else in the fixed texts and in the preludes of the kernels does."""
    texts = [
        path.read_text("utf-8") for path in files("lrc.backends.runtime").iterdir() if path.name.endswith((".c", ".h"))
    ]
    texts += [isa.prelude([*ELEMENTS.values()]) for isa in map(isa_of, MACHINES.values())]
    code = re.sub(r'/\*.*?\*/|"(\\.|[^"\n])*"|#include.*', "", "\n".join(texts), flags=re.S)
    words = {word for word in re.findall(r"\w+", code) if not word.startswith(("NAME_", "lrc_", "LRC_"))}
    ends = tuple(f"_{word}" for word in api_words() - {"t"})
    assert {word for word in words if word.endswith(ends)} <= {"atomic_init", "pthread_mutex_init", "pthread_cond_init"}
    types = {word for word in words if word.endswith("_t") and model_name(word.removesuffix("_t")) == word[:-2]}
    assert not types, "types that a model's own could hide: add them to reserved.txt"
