"""Whatever is read, text or numbers: there is a result or an error that says where, and no traceback."""

from random import Random

import pytest
from soak.corpora import CORPORA, weights_whose_header_fits
from soak.mutations import Mutator

from lrc.testing.checks.robustness import tolerates

LAYER = '%a = lr.activation "a"(%x) <relu> : tensor<1x2xf32> -> tensor<1x2xf32>'
MODEL = f'lr.model @m (%x : tensor<1x2xf32>) {{\n  {LAYER}\n  lr.output %a {{names = ["y"]}} : tensor<1x2xf32>\n}}\n'

FOUND = {
    "a string that nobody closes": MODEL.replace('"y"', '"' + "y" * 200),
    "an output without names": MODEL.replace("names", "nomes"),
    "names that are numbers": MODEL.replace('"y"', "1.0"),
    "a number for a name": MODEL.replace('"a"', "-1"),
    "a vector of nothing else": MODEL.replace("> -> tensor<1x2x", "> -> tensor<1x").replace("activation", "linear"),
    "numbers that do not fit": "%c = arith.constant dense<300> : tensor<1xui8>",
    "numbers without end": "%c = arith.constant dense<1.0> : tensor<99999999999999999999xf32>",
    "numbers of a type of others": "%c = arith.constant dense<1.0> : tensor<2xf128>",
    "more numbers than there is memory": "%c = arith.constant dense<0.0> : tensor<4294967296xf32>",
    "types in types": MODEL.replace("tensor<1x2xf32>)", "(" * 2000 + ")"),
    "lists in lists": "#a = " + "[" * 2000,
    "operations in operations": "builtin.module {\n" * 600,
    "an integer that fits nothing": "%c = arith.constant 99999999999999999999 : i64",
}
"""Texts of the IR that were once answered with a traceback, without a place, or never."""


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_texts_that_were_not_tolerated(text: str) -> None:
    assert not tolerates(text, "mlir")


@pytest.mark.parametrize(("reader", "count"), [("lr", 400), ("mlir", 400), ("safetensors", 400), ("npz", 1000)])
def test_broken_inputs(reader: str, count: int) -> None:
    """A sample of what `make soak` does."""
    mutator = Mutator(CORPORA[reader](), Random(1), is_text=reader in ("lr", "mlir"))
    for number in range(count):
        data = mutator.draw()
        tolerates(weights_whose_header_fits(data) if reader == "safetensors" and number % 2 else data, reader)


@pytest.mark.parametrize("reader", ["safetensors", "npz"])
def test_whole_inputs_are_read(reader: str) -> None:
    assert tolerates(CORPORA[reader]()[0], reader)
