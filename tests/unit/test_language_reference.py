"""The language reference says what the language is: its examples compile, its tables are the operators'.

`pytest --update-golden` writes the tables anew.
"""

import re
from inspect import Parameter, signature
from pathlib import Path

import pytest

from lrc.diagnostics import Diagnostic
from lrc.dialects.lr import find_model
from lrc.frontend import lift, parse
from lrc.frontend.operators import OPERATORS, Operator

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
EXAMPLES = re.findall(r"^```lr\n(.*?)^```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def whole(example: str) -> str:
    """A piece of a network with what it lacks to be one."""
    if "model " in example:
        return example
    rest = "" if "weights " in example else "weights random(seed: 0)\n"
    rest += "" if "input " in example else "input x: f32[1, 4, 16, 16]\n"
    layers = re.findall(r"^(\w+): \w+\(", example, flags=re.MULTILINE)
    rest += "" if layers else "last: relu(x)\n"
    rest += "" if "output " in example else f"output y = {layers[-1] if layers else 'last'}\n"
    return f"model example {{\n{rest}{example}}}\n"


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_compile(example: str) -> None:
    tree = parse(whole(example))
    if 'weights "' not in example:
        warnings: list[Diagnostic] = []
        find_model(lift(tree, warn=warnings.extend))
        assert not warnings


def row(operator: Operator) -> str:
    """An operator's row of the table."""
    fields: list[str] = []
    inputs: list[str] = []
    for name, parameter in list(signature(operator.build).parameters.items())[1:]:
        if parameter.kind is not Parameter.KEYWORD_ONLY:
            inputs.append(f"{name}, …" if parameter.kind is Parameter.VAR_POSITIONAL else name)
        else:
            fields.append(f"**`{name}`**" if operator.fields[name].is_required else f"`{name}{default(parameter)}`")
    doc = " ".join((operator.build.__doc__ or "").split())
    return f"| `{operator.name}({', '.join(inputs)})` | {', '.join(fields)} | {doc} |"


def default(parameter: Parameter) -> str:
    """What a field is if left out, where that is a value of the language."""
    value = parameter.default
    if value is None:
        return ""
    return f": {str(value).lower() if isinstance(value, bool) else value}"


def tables() -> dict[str, list[str]]:
    """The rows of both tables."""
    kinds: dict[str, list[str]] = {}
    for operator in OPERATORS.values():
        for name, spec in operator.fields.items():
            names = kinds.setdefault(spec.kind.words, [])
            if name not in names:
                names.append(name)
    heads = ["| operator | fields | |", "|---|---|---|"]
    return {
        "operators": [*heads, *(row(operator) for operator in OPERATORS.values())],
        "kinds": [
            "| field | what it may be |",
            "|---|---|",
            *(f"| {', '.join(f'`{name}`' for name in names)} | {words} |" for words, names in kinds.items()),
        ],
    }


@pytest.mark.parametrize("table", ["operators", "kinds"])
def test_tables_are_the_operators(table: str, request: pytest.FixtureRequest) -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = "\n".join(tables()[table])
    expected = re.sub(rf"(<!-- {table} -->\n).*?(<!-- end -->)", rf"\g<1>{rows}\n\g<2>", page, flags=re.DOTALL)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(expected, encoding="utf-8")
        page = expected
    assert page == expected, "pytest --update-golden writes the tables anew"
