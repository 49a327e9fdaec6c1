"""What the frontend makes of a program is what the program means by another definition of the language."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, seed, settings

from lrc import frontend
from lrc.frontend import syntax
from lrc.frontend.operators import OPERATORS
from lrc.testing import DrawnProgram, formats, means, programs, roundtrips


@pytest.mark.filterwarnings("error::lrc.LrcWarning")
@settings(max_examples=150)
@given(programs())
def test_programs_mean_what_they_say(program: DrawnProgram) -> None:
    means(program.text, program.module, program.arrays)


@settings(max_examples=20)
@given(programs())
def test_programs_are_formatted(program: DrawnProgram) -> None:
    formats(program.text)
    means(frontend.format(program.text), program.module, program.arrays)


@settings(max_examples=20)
@given(programs())
def test_what_programs_mean_is_written(program: DrawnProgram) -> None:
    roundtrips(program.module)


TEXTS = {
    "field without a value": r"[{,] *(filters|stride|kernel|bias|sparsity|slope|tuning|units|scale) *[,}]",
    "fields in parentheses": r"(conv2d|max_pool|linear|batch_norm|leaky_relu)\([^)]*:",
    "no commas": r"(kernel|pad|stride): *\d+ [a-z]+:",
    "trailing comma": r",\s*[\])}]",
    "empty braces": r"\{\s*\}",
    "comment": r"#",
    "line breaks": r":\n|\(\n",
    "tab": r"\t",
    "carriage return": r"\r\n",
    "byte order mark": r"^\ufeff",
    "an output first": r"output[^}]*input",
    "same": r"pad\s*:\s*same",
    "pad of 1": r"pad\s*:\s*\d",
    "pad of 2": r"pad: \[[^],]+, [^],]+,?\]",
    "pad of 4": r"pad: \[[^],]+, [^],]+, [^],]+, [^],]+,?\]",
    "negative number": r"slope\s*:\s*-",
    "share": r"keep\s*:\s*1\s*/\s*3\.6",
    "decimal": r"\d\.\d",
    "exponent": r"\d[eE]-?\d",
    "parentheses": r":\s*-?\(|\)\s*\*",
    "channels": r"channels\(\w",
    "channels of a result": r"channels\(\w+\.",
    "device": r"\bdevice \w+",
    "random without a seed": r"random\s*\(\s*\)",
    "random with a sum": r"seed: *\d \+",
    "file": r"weights\s*\"net",
    "prefix": r"weights\s*:\s*\"layer1\.0\"",
    "empty prefix": r"weights\s*:\s*\"\"",
    "name of a weight": r"weight\s*:\s*\"",
    "name of a bias": r"bias\s*:\s*\"",
    "name of a variance": r"variance\s*:\s*\"",
    "bias": r"bias\s*:\s*(true|false)",
    "pattern": r"pattern\s*\(",
    "connectivity": r"connectivity\s*\(",
    "auto": r"sparsity\s*:\s*auto",
    "dense": r"sparsity\s*:\s*dense",
    "budget": r"budget\s*:\s*layer",
    "storage": r"storage\s*:\s*fkw",
    "groups": r"groups\s*:\s*channels",
    "epsilon": r"epsilon\s*:\s*1",
    **{word: rf"\b{word}\s*:" for word in ("unroll", "tile", "permute", "load", "dilation", "scale")},
    **{word: rf":\s*{word}\s*\(" for word in OPERATORS},
    "a word of the language as a name": r"\b(output|input|weights|block|result|repeat|model)\s*[:=(,]",
}
"""What a text has, as a pattern finds it."""

IN_TREES = """
block, block in a block, several results, a call with results as an argument, argument by name, argument by place,
default left out, default of an earlier parameter, layer as a default, repeated block, repeated operator,
repeat in a block, count that a parameter says, result of a repeated call, result of a call, prefix of a call,
pattern set as a parameter, sparsity as a parameter, several inputs, several outputs, vector, output of a result,
arithmetic on a parameter
"""


def in_tree(file: syntax.File) -> Iterator[str]:
    """What a program has, as its tree shows it."""
    blocks = {each.name.text: each for each in file.statements if isinstance(each, syntax.Block)}
    layers = [(each, "") for each in file.statements if isinstance(each, syntax.Layer)]
    layers += [(layer, name) for name, block in blocks.items() for layer in block.layers]
    parameters = {name: {each.name.text for each in block.parameters} for name, block in blocks.items()}
    parameters[""] = set()
    kinds = Counter(type(each) for each in file.statements)
    yield from ["several inputs"] * (kinds[syntax.Input] > 1) + ["several outputs"] * (kinds[syntax.Output] > 1)
    for each in file.statements:
        if isinstance(each, syntax.Input) and len(each.sizes.elements) == 2:
            yield "vector"
        if isinstance(each, syntax.Output) and "." in (each.layer or each.name).text:
            yield "output of a result"
    for block in blocks.values():
        names = [parameter.name.text for parameter in block.parameters]
        yield from ["several results"] * (len(block.result.exports) > 1)
        for parameter in block.parameters:
            used = [name.text for name in syntax.names_in(parameter.default)]
            if isinstance(parameter.default, syntax.Name) and used[0] == names[0]:
                yield "layer as a default"
            elif set(used) & set(names):
                yield "default of an earlier parameter"
    for layer, around in layers:
        call, block, own = layer.call, blocks.get(layer.call.name.text), parameters[around]
        given = [*call.arguments, *(layer.group.fields if layer.group else ())]
        values = [argument.value or argument.name for argument in given]
        if layer.count is not None:
            yield "repeated block" if block else "repeated operator"
            yield from ["repeat in a block"] * bool(around)
            yield from ["count that a parameter says"] * bool({n.text for n in syntax.names_in(layer.count)} & own)
        for value in values:
            match value:
                case syntax.Name(text=text):
                    yield from ["result of a repeated call"] * (".0" in text) + ["result of a call"] * ("." in text)
                case syntax.Call(name=syntax.Name(text="pattern"), arguments=(argument, *_)):
                    yield from ["pattern set as a parameter"] * (
                        argument.value in [syntax.Name(t, span=value.span) for t in own]
                    )
                case syntax.Arithmetic():
                    yield from ["arithmetic on a parameter"] * bool({n.text for n in syntax.names_in(value)} & own)
                case _:
                    pass
            names = [argument.name.text for argument in given if argument.name and argument.value in (None, value)]
            if isinstance(value, syntax.Name) and value.text in own and "sparsity" in names:
                yield "sparsity as a parameter"
        if block is not None:
            yield "block in a block" if around else "block"
            named = {argument.name.text for argument in given if argument.name is not None}
            yield from ["prefix of a call"] * ("weights" in named) + ["argument by name"] * bool(named - {"weights"})
            by_place = len(given) - len(named)
            yield from ["argument by place"] * (by_place > 1)
            yield from ["default left out"] * (by_place + len(named - {"weights"}) < len(block.parameters))
            results = {
                name.text.partition(".")[0]
                for inner in block.layers
                for name in syntax.names_in(inner.call)
                if "." in name.text
            }
            yield from ["a call with results as an argument"] * bool(results & parameters[block.name.text])


MOST = 40
"""How often a hundred programs are drawn, at most, until all has occurred; some things are as rare as one in 300."""


def test_what_is_drawn() -> None:
    """All that the language has occurs, sooner or later."""
    missing = {*TEXTS, *(" ".join(each.split()) for each in IN_TREES.split(","))}

    for number in range(MOST):
        # of another seed each time: what is drawn at once resembles itself
        @seed(number)
        @settings(max_examples=100, database=None, phases=[Phase.generate])
        @given(programs())
        def draw(program: DrawnProgram) -> None:
            missing.difference_update(what for what, pattern in TEXTS.items() if re.search(pattern, program.text))
            missing.difference_update(in_tree(frontend.parse(program.text)))

        draw()
        if not missing:
            break
    assert missing == set()
