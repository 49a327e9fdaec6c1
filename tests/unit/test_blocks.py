"""Blocks: several results, repetition, and the names that layers and their arrays get."""

import re

import pytest
from xdsl.ir import SSAValue

from lrc.diagnostics import LrcError
from lrc.dialects import lr
from lrc.frontend import format, lift, parse


def model(text: str, outputs: str = "output y = last") -> lr.ModelOp:
    """The network of some statements over the input x, [1, 4, 8, 8]."""
    return lr.find_model(
        lift(parse(f"model net {{\nweights random(seed: 0)\ninput x: f32[1, 4, 8, 8]\n{text}\n{outputs}\n}}"))
    )


def layers(text: str, outputs: str = "output y = last") -> list[str]:
    """The layers of such a network, each with the layers that it reads."""
    found = model(text, outputs)
    names: dict[SSAValue, str] = dict(zip(found.block.args, found.inputs, strict=True))
    lines: list[str] = []
    for op in found.block.ops:
        read = [names[operand] for operand in op.operands]
        if isinstance(op, lr.LayerOp):
            names[op.output] = op.layer.data
            lines.append(f"{op.layer.data}({', '.join(read)})")
        else:
            lines.append(f"outputs {', '.join(read)}")
    return lines


def arrays(text: str) -> list[str]:
    """The names of the arrays that such a network reads."""
    ops = model(text).block.ops
    return [spec.name for op in ops if isinstance(op, lr.LayerOp) for _, _, spec in op.weight_specs()]


def mistake(text: str) -> str:
    """What is said about some wrong statements."""
    with pytest.raises(LrcError) as caught:
        model(text)
    return str(caught.value)


ENCODER = """
block encoder(x, filters) {
  deep: conv2d(x) { filters, kernel: 3, pad: 1 }
  out: max_pool(deep) { kernel: 2 }
  result out, skip = deep
}
"""


def test_a_call_hands_out_several_results() -> None:
    text = "enc: encoder(x, filters: channels(x))\nup: upsample(enc.out) { scale: 2 }\nlast: add(up, enc.skip)"
    assert layers(ENCODER + text, "output y = last\noutput skip = enc.skip") == [
        "enc.deep(x)",
        "enc.out(enc.deep)",
        "up(enc.out)",
        "last(up, enc.deep)",
        "outputs last, enc.deep",
    ]


def test_results_have_channels() -> None:
    text = "enc: encoder(x, filters: 6)\nlast: conv2d(enc.out) { filters: channels(enc.skip) * 2, kernel: 1 }"
    last = list(model(ENCODER + text).block.ops)[-2]
    assert isinstance(last, lr.Conv2dOp)
    assert last.weight_shape() == (12, 6, 1, 1)


def test_several_results_are_one_argument() -> None:
    decoder = "block decoder(e) {\nup: upsample(e.out, scale: 2)\nsum: add(up, e.skip)\nresult sum\n}\n"
    text = ENCODER + decoder + "enc: encoder(x, filters: 4)\nlast: decoder(enc)"
    assert layers(text)[2:] == ["last.up(enc.out)", "last.sum(last.up, enc.deep)", "outputs last.sum"]


def test_results_go_through_blocks() -> None:
    outer = "block outer(x) {\nenc: encoder(x, filters: 2)\nresult a = enc.out, b = enc.skip\n}\n"
    assert layers(ENCODER + outer + "o: outer(x)\nlast: relu(o.b)")[-2:] == ["last(o.enc.deep)", "outputs last"]


def test_one_result_stands_for_the_call() -> None:
    block = "block act(x) {\nr: relu(x)\nresult out = r\n}\n"
    assert layers(block + "a: act(x)\nlast: add(a, a.out)") == ["a.r(x)", "last(a.r, a.r)", "outputs last"]


def test_a_call_with_several_results_does_not_stand_for_one() -> None:
    said = mistake(ENCODER + "enc: encoder(x, filters: 4)\nlast: relu(enc)")
    assert "'enc' has several results" in said
    assert "'enc.out' or 'enc.skip'" in said


def test_layers_inside_of_a_block_are_its_own() -> None:
    said = mistake(ENCODER + "enc: encoder(x, filters: 4)\nlast: relu(enc.deep)")
    assert "'enc' has no result 'deep'" in said
    assert "here 'enc.out' and 'enc.skip'" in said


def test_repeat_chains() -> None:
    block = "block basic(x, filters) {\nc: conv2d(x) { filters, kernel: 1 }\nr: relu(c)\nresult r\n}\n"
    text = block + "layer1: repeat(3) basic(x) { filters: 4 }\nlast: add(layer1, layer1.0)"
    assert layers(text) == [
        "layer1.0.c(x)",
        "layer1.0.r(layer1.0.c)",
        "layer1.1.c(layer1.0.r)",
        "layer1.1.r(layer1.1.c)",
        "layer1.2.c(layer1.1.r)",
        "layer1.2.r(layer1.2.c)",
        "last(layer1.2.r, layer1.0.r)",
        "outputs last",
    ]
    assert arrays(text)[:2] == ["layer1.0.c.weight", "layer1.0.c.bias"]


def test_the_count_of_a_repetition_is_a_number_of_the_block() -> None:
    block = "block stage(x, depth) {\nr: repeat(depth - 1) relu(x)\nresult r\n}\n"
    assert layers(block + "last: stage(x, depth: 3)") == ["last.r.0(x)", "last.r.1(last.r.0)", "outputs last.r.1"]


def test_repetitions_hand_on_all_their_results() -> None:
    block = "block both(p) {\na: relu(p.b)\nb: tanh(p.a)\nresult a, b\n}\n"
    first = "block first(x) {\na: relu(x)\nb: tanh(x)\nresult a, b\n}\n"
    text = first + block + "f: first(x)\ng: repeat(2) both(f)\nlast: add(g.a, g.0.b)"
    assert layers(text)[2:] == [
        "g.0.a(f.b)",
        "g.0.b(f.a)",
        "g.1.a(g.0.b)",
        "g.1.b(g.0.a)",
        "last(g.1.a, g.0.b)",
        "outputs last",
    ]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        ("0", "0 is too small"),
        ("-1", "-1 is too small"),
        ("1/2", "0.5 is no whole number"),
        ("1000000000", "1000000000 is too large"),
        ("x", "'x' is a layer, but a number is expected"),
    ],
)
def test_counts_of_repetitions_are_held(count: str, said: str) -> None:
    assert said in mistake(f"last: repeat({count}) relu(x)")


def test_what_is_wrong_in_a_repetition_is_said_once() -> None:
    said = mistake("last: repeat(5) conv2d(x) { filters: 4, kernel: 3, colour: 1 }")
    assert said.count("error:") == 1
    assert "unknown field 'colour'" in said


def test_names_of_arrays_begin_as_a_call_says() -> None:
    block = """
block basic(x) {
  conv1: conv2d(x) { filters: 4, kernel: 1, bias: false }
  bn: batch_norm(conv1)
  short: conv2d(x) { filters: 4, kernel: 1, bias: false, weights: "downsample.0" }
  sum: add(bn, short)
  result sum
}
a: basic(x) { weights: "layer1.0" }
b: repeat(2) basic(a) { weights: "stage" }
c: basic(b, weights: "")
flat: flatten(c)
last: linear(flat) { units: 2, weights: "head.1", bias: "other" }
"""
    found = arrays(block)
    names = ("conv1.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "downsample.0.weight")
    prefixes = ("layer1.0.", "stage.0.", "stage.1.", "")
    assert found == [f"{prefix}{name}" for prefix in prefixes for name in names] + ["head.1.weight", "other"]


def test_two_layers_may_share_their_arrays() -> None:
    a = 'a: conv2d(x) { filters: 4, kernel: 3, pad: 1, weights: "shared" }\n'
    assert arrays(a + 'last: conv2d(a) { filters: 4, kernel: 3, weights: "shared" }')[:2] == arrays(a + "last: relu(a)")
    said = mistake(a + 'last: conv2d(a) { filters: 8, kernel: 3, weights: "shared" }')
    assert "'shared.weight' is used as weight [4, 4, 3, 3] and as weight [8, 4, 3, 3]" in said


TIDY = """\
model net {
  block encoder(x, filters) {
    deep: conv2d(x) { filters, kernel: 3 }
    out: max_pool(deep) { kernel: 2 }
    result out, skip = deep
  }
  enc: repeat(2 * 3) encoder(x) { filters: 4, weights: "layer1" }
  output y = enc.0.skip
}
"""


def test_layout() -> None:
    untidy = TIDY.replace("\n", " ").replace(": ", ":").replace("repeat(2 * 3) ", "repeat ( 2*3 )\n").replace(", ", ",")
    assert format(untidy) == TIDY


LONG = """\
model net {
  block b(x) {
    c: repeat(3 + channels(x) * 2) a_rather_long_name_of_a_block(x, another_one, filters: 256,
                                                                 kernel: [3, 3], pad: 1) {
      weights: "w"
      sparsity: pattern(p, keep: 1/3.6)
      stride: [2, 2]
    }
    result a_long_name_of_a_result_1 = c.out, a_long_name_of_a_result_2,
           a_long_name_of_a_result_3 = c.skip, a_long_name_of_a_result_4
  }
}
"""


def test_layout_of_long_lines() -> None:
    untidy = re.sub(r"\n *", " ", LONG).replace("result_4", "result_4,")
    assert format(untidy) == LONG
    assert format(LONG) == LONG


def test_a_prefix_may_be_a_parameter() -> None:
    block = "block act(x, where) {\nc: conv2d(x) { filters: 2, kernel: 1, weights: where }\nresult c\n}\n"
    assert arrays(block + 'last: act(x, "conv.0") { weights: "layer1" }')[0] == "layer1.conv.0.weight"
