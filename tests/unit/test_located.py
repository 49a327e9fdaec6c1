"""What is read from text is verified with its places, beyond what xDSL looks at."""

import pytest
from xdsl.utils.exceptions import ParseError, VerifyException

from lrc.compilation.compiler import make_context
from lrc.files.located import LocatedParser, verify

MODEL = """\
lr.model @m {weights = #lr.store<random 0>} (%x : tensor<1x2x4x4xf32>) {
  %a = lr.softmax "a"(%x) : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  %b = lr.conv2d "b"(%a) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"b.weight">} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %b {names = ["y"]} : tensor<1x2x4x4xf32>
}
"""  # noqa: E501

LINES = MODEL.split("\n")

MISTAKES = {
    "\n".join([LINES[0], LINES[2], LINES[1], *LINES[3:]]): "2:3: %a is used before it is defined",
    MODEL.replace("groups 1", "groups 0"): "3:3: layer 'b': 2 filters in 0 groups are not possible",
    MODEL.replace("groups 1", "groups -1"): "3:3: layer 'b': 2 filters in -1 groups are not possible",
    MODEL.replace("kernel [1, 1]", "kernel [1, 0]"): "3:3: layer 'b': a kernel of [1, 0] is not possible",
    MODEL.replace("strides [1, 1]", "strides [1]"): "3:3: strides has 1 numbers, expected 2",
    MODEL.replace("pads [0, 0, 0, 0]", "pads [0, 0, -1, 0]"): "3:3: layer 'b': a padding of [0, 0, -1, 0] is not",
    MODEL.replace('"b"(', '"a"('): "1:1: 2 layers are called 'a'",
    MODEL.replace('["y"]', '["y", "y"]')
    .replace("%b {", "%b, %b {")
    .replace(
        "} : tensor<1x2x4x4xf32>\n}", "} : tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>\n}"
    ): "1:1: 2 outputs are called 'y'",
    MODEL.replace("1x2x4x4", "1x2x4"): "3:3: layer 'b': takes a picture [1, C, H, W], not [1, 2, 4]",
    MODEL.replace("1x2x4x4", "1x2x4x4x4x4"): "1:1: input 'x' is tensor<1x2x4x4x4x4xf32>, but values are [1, C] to",
    MODEL.replace("1x2x4x4", "1x2x0x4"): "1:1: input 'x' is tensor<1x2x0x4xf32>, but values are",
    MODEL.replace("1x2x4x4", "1x2x4x999999999"): "1:1: input 'x' is tensor<1x2x4x999999999xf32>, but 7999999992",
}
"""Text -> how what is said about it begins."""


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=[*map(str, range(len(MISTAKES)))])
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    module = LocatedParser(make_context(), text, "net.mlir").parse_module()
    with pytest.raises(VerifyException) as error:
        verify(module)
    assert str(error.value).startswith(f"net.mlir:{message}")


def test_a_number_that_is_too_large() -> None:
    parser = LocatedParser(make_context(), MODEL.replace("kernel [1, 1]", f"kernel [{10**20}, 1]"), "net.mlir")
    with pytest.raises(ParseError, match=r"net.mlir:3:3[^$]*a number is too large for its type"):
        parser.parse_module()


def test_a_complex_number_of_three_parts() -> None:
    text = '"test.op"() {a = dense<(1.0, 2.0, 3.0)> : tensor<1xcomplex<f32>>} : () -> ()'
    with pytest.raises(ParseError, match=r"net.mlir:1:33[^$]*'\)' expected"):
        LocatedParser(make_context(), text, "net.mlir").parse_module()


def test_a_value_of_a_loop_is_not_seen_outside() -> None:
    text = """\
%n = "test.op"() : () -> index
scf.for %i = %n to %n step %n {
  %inner = arith.addi %i, %n : index
}
%sum = arith.addi %n, %n : index
"""
    verify(LocatedParser(make_context(), text, "loop.mlir").parse_module())
    module = LocatedParser(make_context(), text, "loop.mlir").parse_module()
    *_, loop, add = module.body.block.ops
    (inner, *_) = loop.regions[0].block.ops
    add.operands[0] = inner.results[0]
    with pytest.raises(VerifyException, match=r"^loop.mlir:5:1: %inner is used before it is defined"):
        verify(module)
