"""The language as a whole: any text gives a network or a located error, and formatting keeps what a text says."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark

import lrc
from lrc.diagnostics import LrcError
from lrc.dialects.lr import LayerOp, find_model
from lrc.frontend import format, lift, parse
from lrc.frontend.parsing import grammar
from lrc.zoo import NETWORKS, path

ZOO = [name for name in NETWORKS if path(name).exists()]
TEXTS = [path(name) for name in ZOO] + sorted((Path(__file__).parents[2] / "examples").glob("*.lr"))
PIECES = st.sampled_from(sorted(set(re.findall(r'"[^"]*"|\w+|.|\n', path("resnet18").read_text(encoding="utf-8")))))
slow = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def compiles_or_explains(text: str) -> None:
    """A text is a network, or every mistake in it is explained."""
    try:
        find_model(lift(parse(text, "net.lr"), Path("/nowhere")))
    except LrcError as error:
        assert error.diagnostics
        assert all(d.message and d.filename == "net.lr" for d in error.diagnostics)


def keeps_its_meaning(text: str) -> None:
    formatted = format(text)
    assert parse(formatted) == parse(text)
    assert format(formatted) == formatted


@slow
@given(from_lark(grammar(), start="start"))
def test_any_text_of_the_grammar_compiles_or_explains(text: str) -> None:
    compiles_or_explains(text)


@slow
@given(from_lark(grammar(), start="start"))
def test_formatting_any_text_of_the_grammar_keeps_its_meaning(text: str) -> None:
    try:
        parse(text)
    except LrcError:
        return  # brackets too deep, a number too long
    keeps_its_meaning(text)


@slow
@given(st.lists(PIECES, max_size=40).map(" ".join) | st.text())
def test_any_text_compiles_or_explains(text: str) -> None:
    compiles_or_explains(text)


@slow
@given(st.sampled_from(TEXTS), st.data())
def test_a_damaged_network_compiles_or_explains(file: Path, data: st.DataObject) -> None:
    text = file.read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    compiles_or_explains(text[:start] + data.draw(PIECES | st.text(max_size=3)) + text[end:])


@slow
@given(st.sampled_from(TEXTS), st.lists(st.integers(0, 200), max_size=8))
def test_comments_anywhere_survive_formatting(file: Path, lines: list[int]) -> None:
    text = file.read_text(encoding="utf-8")
    words = re.sub(r"#.*", "", text).split(" ")
    for number, place in enumerate(sorted(lines)):
        words.insert(place * 7 % len(words), f"# comment {number}\n")
    keeps_its_meaning(" ".join(words))


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_networks_are_in_the_canonical_layout(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert format(text) == text


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_networks_load_without_a_warning(file: Path) -> None:
    model = find_model(lrc.load(file, strict=True))
    assert model.sym_name.data == file.stem
    assert len(model.inputs) == 1


def test_a_byte_order_mark_says_nothing() -> None:
    text = path("digits").read_text(encoding="utf-8")
    assert parse("\ufeff" + text) == parse(text)
    assert format("\ufeff" + text) == text


def test_words_that_begin_statements_are_names_elsewhere() -> None:
    """Behind a word without a comma, too: so `lrc fmt` writes fields that stand on a line each."""
    text = """model net {
      weights random(seed: 0)
      input input: f32[1, 3, 8, 8]
      weights: conv2d(input) { filters: 8 kernel: 3 pad: same weights: "a" }
      block block(input, device) {
        result: conv2d(input) { filters: device kernel: 1 bias: false weights: "b" tuning: {} }
        output: relu(result)
        patterns: relu(output)
        result patterns
      }
      output: block(weights) { device: 3 }
      output output_of_block = output
    }"""
    layers = [op.layer.data for op in find_model(lrc.parse(text)).block.ops if isinstance(op, LayerOp)]
    assert layers == ["weights", "output.result", "output.output", "output.patterns"]
    assert str(lrc.parse(format(text))) == str(lrc.parse(text))
