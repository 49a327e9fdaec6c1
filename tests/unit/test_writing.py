"""`lrc.write` gives a text that means the module, as `lrc fmt` would leave it; `lrc.save` writes its arrays as well."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument

import lrc
from lrc import frontend, zoo
from lrc.compilation import compiler
from lrc.dialects import lr
from lrc.files import levels
from lrc.files.located import LocatedParser
from lrc.testing import modules
from lrc.universe import UNIVERSE

EXAMPLES = Path(__file__).parents[2] / "examples"


def check(text: str) -> str:
    """The text that is written of a text's network. It is canonical, and means the same."""
    module = lrc.parse(text)
    before, written = str(module), lrc.write(module)
    assert str(module) == before, "the module stays as it is"
    assert str(lrc.parse(written)) == before
    assert lrc.write(lrc.parse(written)) == written
    assert frontend.format(written) == written
    return written


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_networks_of_the_zoo(name: str) -> None:
    module = lrc.load(f"zoo:{name}")
    assert str(lrc.parse(lrc.write(module))) == str(module)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.lr")), ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    check(path.read_text())


def model(body: str, output: str = "z") -> str:
    """A network with random weights around some layers, formatted."""
    return frontend.format(
        f"model net {{ weights random(seed: 3) input x: f32[1, 4, 7, 8]\n{body}\noutput y = {output} }}"
    )


CANONICAL = [
    "z: conv2d(x) { filters: 6, kernel: [3, 1], stride: [1, 2], pad: [1, 0], dilation: 2, groups: 2, bias: false }",
    "z: conv2d(x) { filters: 4, kernel: 3, pad: [0, 1, 2, 1], sparsity: connectivity(keep: 1/3.6, budget: layer) }",
    "z: conv2d(x) { filters: 4, kernel: 1, sparsity: connectivity(keep: 1/2, share: 4) }",
    "z: conv2d(x) { filters: 4, kernel: 3, sparsity: dense, tuning: { unroll: [1, 2, 8], load: rows } }",
    "z: conv2d(x) { filters: 4, kernel: 3, sparsity: connectivity(keep: 0.3), tuning: { tile: [4, 2] } }",
    "z: conv2d(x) { filters: 4, kernel: 1, sparsity: auto, tuning: { permute: cohwci } }",
    "z: conv2d(x) { filters: 4, kernel: 1, tuning: {} }",
    """patterns p2 = ["110/110/000", "011/011/000"] patterns p1 = ["1"] patterns p2_2 = ["010/111/010", "111/111/111"]

    a: conv2d(x) { filters: 4, kernel: 3, sparsity: pattern(p2, keep: 1/2) }
    b: conv2d(a) { filters: 4, kernel: 1, sparsity: pattern(p1) }
    z: conv2d(b) { filters: 4, kernel: 3, sparsity: pattern(p2_2, keep: 1) }""",
    'a: batch_norm(x) { epsilon: 0.001 } b: batch_norm(a) z: batch_norm(b) { epsilon: 1e-45, weights: "b" }',
    "a: leaky_relu(x) b: leaky_relu(a) { slope: -1.5 } c: leaky_relu(b) { slope: 0 } z: hard_swish(c)",
    "a: max_pool(x) { kernel: 2 } z: avg_pool(a) { kernel: [1, 2], stride: 1, pad: [0, 1] }",
    "a: upsample(x) { scale: [1, 2] } z: upsample(a) { scale: 2 }",
    "a: add(x, x) b: mul(a, x) c: concat(b, a, b) z: global_avg_pool(c)",
    'a: flatten(x) b: linear(a) { units: 3, weights: "fc.0" } z: linear(b) { units: 2, weight: "w", bias: false }',
    'z: batch_norm(x) { weight: "scale", variance: "v" }',
    'z: conv2d(x) { filters: 1, kernel: 1, weights: "" }',
]
"""Layers, as they are written."""


@pytest.mark.parametrize("layers", CANONICAL)
def test_layers(layers: str) -> None:
    assert check(model(layers)).split() == model(layers).split()


BLOCKS = {
    "calls of equal layers share a block": """
    block a(x) { conv: conv2d(x) { filters: 4, kernel: 1 } act: relu(conv) result act }
    a: a(x)
    z: a(a)""",
    "several results, and several inputs": """
    block enc(x) { a: relu(x) b: max_pool(a) { kernel: 2 } result a, b }
    block z(x, y) { small: flatten(x) large: flatten(y) c: concat(small, large) result c }
    enc: enc(x)
    z: z(enc.b, enc.a)""",
    "blocks in blocks, names that are taken": """
    block inner(y) { x: relu(y) result x }
    block outer(x) { inner: inner(x) y: tanh(inner) result y }
    block outer_2(x) { y: tanh(x) result y }
    a: outer(x)
    z: outer_2(a)""",
    "repeated calls": """
    block s(x, y) { c: add(x, y) r: relu(c) result r }
    s: repeat(3) s(x, x)
    a: repeat(2) relu(s)
    z: add(s.1, a.0)""",
    "words that begin statements": """
    block output(x) { input: relu(x) result: relu(input) result result }
    output: output(x)
    z: conv2d(output) { filters: 4, kernel: 1, bias: false, weights: "z.0" }""",
    "prefixes of arrays": """
    block layer(x) {
      conv: conv2d(x) { filters: 4, kernel: 1, bias: false }
      bn: batch_norm(conv) { weights: "norm.0" }
      result bn
    }
    layer: layer(x) { weights: "features.3" }
    b: repeat(2) layer(layer) { weights: "features" }
    z: repeat(2) batch_norm(b) { weights: "" }""",
}


@pytest.mark.parametrize("what", BLOCKS)
def test_blocks(what: str) -> None:
    written = check(model(BLOCKS[what]))
    assert written.count("repeat(") == BLOCKS[what].count("repeat(")
    assert written.count("block ") == BLOCKS[what].count("block ")


def test_a_name_becomes_the_call_that_makes_it() -> None:
    module = lrc.parse(model("block up(x) { a: relu(x) result a } s: up(x) z: relu(s)"))
    assert (
        lrc.write(module)
        == """\
model net {
  weights random(seed: 3)
  input x: f32[1, 4, 7, 8]

  block s(x) {
    a: relu(x)
    result a
  }

  s: s(x)
  z: relu(s)
  output y = z
}
"""
    )


def same_arrays(module: ModuleOp, other: ModuleOp) -> None:
    names = levels.array_names(module)
    assert levels.array_names(other) == names
    for name in names:
        np.testing.assert_array_equal(levels.find_store(module)[name], levels.find_store(other)[name], name)


def is_sayable(module: ModuleOp) -> bool:
    """Whether all outputs are made by layers, as the language has it."""
    output = lr.find_model(module).block.last_op
    return output is not None and not any(isinstance(value, BlockArgument) for value in output.operands)


@pytest.mark.filterwarnings("ignore::lrc.LrcWarning")
@settings(max_examples=30)
@given(modules().filter(is_sayable))
def test_drawn_networks_are_saved(module: ModuleOp) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.lr")
        lrc.save(module, path)
        back = lrc.load(path)
        same_arrays(module, back)
        lr.find_model(back).weights = lr.find_model(module).weights
        assert str(back) == str(module)


def test_random_arrays_need_no_file(tmp_path: Path) -> None:
    module = lrc.parse(model("z: conv2d(x) { filters: 4, kernel: 1 }"))
    lrc.save(module, tmp_path / "net.lr")
    assert [each.name for each in tmp_path.iterdir()] == ["net.lr"]
    same_arrays(module, lrc.load(tmp_path / "net.lr"))


def test_arrays_that_a_pass_made(tmp_path: Path) -> None:
    """A folded batch norm is gone, and so is what its convolution's arrays were called."""
    module = lrc.parse(model("block c(x) { c: conv2d(x) { filters: 4, kernel: 1 } n: batch_norm(c) result n } z: c(x)"))
    UNIVERSE.all_passes["fuse-conv-bn"]()().apply(Context(), module)
    lrc.save(module, tmp_path / "net.lr")
    assert 'c: conv2d(x) { filters: 4, kernel: 1, weight: "z.c.weight.folded"' in (tmp_path / "net.lr").read_text()
    same_arrays(module, lrc.load(tmp_path / "net.lr"))
    with pytest.raises(lrc.UserError, match="is in memory, and in no file"):
        lrc.write(module)
    assert 'weights "a.safetensors"' in lrc.write(module, weights="a.safetensors")


def test_files_of_arrays_are_named_as_before(tmp_path: Path) -> None:
    text = model("z: conv2d(x) { filters: 4, kernel: 1 }").replace("random(seed: 3)", '"net.safetensors"')
    lrc.save(lrc.parse(model("z: conv2d(x) { filters: 4, kernel: 1 }")), tmp_path / "random.lr")
    lr.find_model(lrc.load(tmp_path / "random.lr")).store.save(tmp_path / "net.safetensors", ["z.weight", "z.bias"])
    (tmp_path / "net.lr").write_text(text)
    module = lrc.load(tmp_path / "net.lr")
    assert f'weights "{tmp_path}/net.safetensors"' in lrc.write(module)
    assert str(lrc.parse(lrc.write(module))) == str(module)


UNSAYABLE = {
    """%y = lr.conv2d "a"(%x) then <relu> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {weight = #lr.weight<"w">} : IN -> IN""": "an lr.conv2d with 'relu' fused into it",
    """%y = lr.conv2d "a"(%x) plus %x : IN kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {weight = #lr.weight<"w">} : IN -> IN""": "an lr.conv2d with an addition fused into it",
    '%y = lr.pad "a"(%x) pads [0, 0, 0, 0] {value = 0.0 : f64} : IN -> IN': "'a' is an lr.pad, which",
    '%y = lr.concat "a"(%x) : IN -> IN': "'a' joins one layer",
    '%y = lr.softmax "a b"(%x) : IN -> IN': "no 'a b' as a name for layer 'a b'",
    '%y = lr.softmax "0.a"(%x) : IN -> IN': "no '0' as a name",
    '%y = lr.softmax "x"(%x) : IN -> IN': "'x' is an input and a layer",
    '%y = lr.activation "a"(%x) <leaky_relu -0.0> : IN -> IN': "no number -0.0",
    '%y = lr.activation "a"(%x) <leaky_relu 1.0e-200> : IN -> IN': "no number 1e-200",
    '%y = lr.activation "a"(%x) <leaky_relu 1.0e39> : IN -> IN': "no number 1e\\+39",
    """%y = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {weight = dense<0.0> : tensor<4x4x1x1xf32>} : IN -> IN""": "'a' has a weight without a name",
    """%y = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {weight = #lr.weight<"a\\22b">} : IN -> IN""": "no string of the language holds",
    """%z = lr.softmax "a.x"(%x) : IN -> IN %w = lr.softmax "b"(%z) : IN -> IN
       %y = lr.softmax "a.y"(%w) : IN -> IN""": "'a.…' do not stand together",
    """%z = lr.softmax "a"(%x) : IN -> IN
       %y = lr.softmax "a.y"(%z) : IN -> IN""": "a layer 'a' beside 'a.…'",
    '%y = lr.softmax "a.1"(%x) : IN -> IN': "'a.…': the numbers have to be 0, 1 and so on",
    '%y = lr.softmax "a.0.0"(%x) : IN -> IN': "'a.0.…': a number is no name",
    """%z = lr.softmax "a.0"(%x) : IN -> IN %y = lr.softmax "a.1"(%x) : IN -> IN
       %w = lr.add "b"(%z, %y) : IN, IN -> IN""": "take the one before",
    """%z = lr.softmax "a.0"(%x) : IN -> IN
       %y = lr.activation "a.1"(%z) <relu> : IN -> IN""": "they are not alike",
    """%z = lr.add "a.0"(%x, %x) : IN, IN -> IN
       %y = lr.add "a.1"(%x, %z) : IN, IN -> IN""": "as its first argument",
}
"""Layers that the language does not have, and what is said about it."""


def read(layers: str, result: str = "%y", names: str = '"y"') -> ModuleOp:
    text = f"""lr.model @net {{weights = #lr.store<random 0>}} (%x : IN) {{
      {layers}
      lr.output {result} {{names = [{names}]}} : IN
    }}"""
    module = LocatedParser(
        compiler.make_context(), text.replace("IN", "tensor<1x4x7x8xf32>"), "net.mlir"
    ).parse_module()
    module.verify()
    return module


@pytest.mark.parametrize("layers", UNSAYABLE)
def test_what_the_language_cannot_say(layers: str) -> None:
    with pytest.raises(lrc.UserError, match=UNSAYABLE[layers]) as error:
        lrc.write(read(layers))
    assert error.value.diagnostics[0].hint


def test_a_module_that_is_for_a_machine() -> None:
    module = compiler.lower(lrc.parse(model("z: relu(x)")), "neon", "lr").module
    with pytest.raises(lrc.UserError, match="the module is for kryo485"):
        lrc.write(module)


def test_values_that_have_layouts() -> None:
    module = lrc.parse(model("z: relu(x)"))
    lowered = compiler.lower(module, "c", "fkw").module
    with pytest.raises(lrc.UserError, match="have layouts"):
        lrc.write(lowered)


def test_an_output_that_is_an_input() -> None:
    with pytest.raises(lrc.UserError, match="output 'y' is an input"):
        lrc.write(read("", "%x"))
