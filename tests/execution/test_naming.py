"""Names that C, C++, CMake, the system or lrc have a use for: a sample. `make soak` has the whole thousand."""

import json
import random
import re
from pathlib import Path

import naming
import numpy as np
import pytest

import lrc
from lrc.backends.names import model_name, program_names
from lrc.execution import toolchain

PORTS = """
m arguments class double linux errno M_PI I size_t net net_run net_relu net_add net_copy NULL near lrc_hook
"""
MODELS = "time size string stdint kernels_copy note end pthread_mutex mtx lrc ../a */"


def some(count: int, *first: str) -> list[str]:
    """These names and others, as many as there may be."""
    others = [name for name in naming.all_names() if name not in first]
    return [*first, *random.Random(count).sample(others, count - len(first))]


@pytest.mark.parametrize("turned", [False, True])
def test_inputs_layers_and_outputs(tmp_path: Path, turned: bool) -> None:
    names = some(60, *PORTS.split())
    inputs, outputs = (names[30:], names[:30]) if turned else (names[:30], names[30:])
    assert len(list(naming.built_and_run("net", inputs, names[10:40], outputs, tmp_path))) == naming.WAYS


def test_models(tmp_path: Path) -> None:
    names, dialects = some(100, *MODELS.split()), naming.dialects()
    folders = naming.emit(naming.network("net", ["x"], ["a"], ["y"]), tmp_path, names)
    naming.check_headers(folders, tmp_path)
    for number, folder in enumerate(folders[: len(MODELS.split())]):
        naming.call([naming.build(dialects[number % len(dialects)], folder), "1"])


def test_a_thousand_names_are_a_thousand() -> None:
    assert len(naming.all_names()) > 1000


def test_nothing_that_this_systems_headers_say_is_left_as_it_is() -> None:
    text = naming.preprocessed()
    models = {f"{name}_{end}" for name, end in naming.ends_of_an_api(text) if model_name(name) == name}
    assert not models, "these are the system's: reserved.txt lacks the models"
    macros = re.findall(r"^#define ([a-z]\w*) +(\S.*)$", text, re.M)
    dangerous = {name for name, meaning in macros if not re.fullmatch(r"[a-zA-Z_]\w*", meaning.strip())}
    assert not {name for name in dangerous if program_names("net", [name], []).inputs == (name,)}


def test_the_programs_json_holds_any_name_of_a_layer(tmp_path: Path) -> None:
    layers = ['"a"', "\\", "\n\t\x01", "é", "%s", "??/"]
    (folder,) = naming.emit(
        naming.network("net", layers, layers, [f"y{name}" for name in layers]), tmp_path / 'a "b" \\ é', ["net"]
    )
    toolchain.build(folder)
    (folder / "net.lrw").unlink()  # the program has the weights in it
    times = json.loads(toolchain.run_program(folder, ["1", "--json"]).splitlines()[-1])
    assert [layer["name"] for layer in times["layers"]] == layers


UNDERSCORES = """\
model _ {
  weights random(seed: 0)
  input _1: f32[1, 1, 2, 3]
  _2: relu(_1)
  _3: conv2d(_2) { filters: 1, kernel: 1 }
  __: batch_norm(_3)
  _: relu(__)
  output y = _
  output z = _2
}
"""


def test_names_that_the_ir_takes_for_numbers() -> None:
    with lrc.compile(lrc.parse(UNDERSCORES), "c") as net:
        assert (list(net.inputs), list(net.outputs)) == (["_1"], ["y", "z"])
        x = np.array([[[[-1, 2, -3], [4, -5, 6]]]], np.float32)
        np.testing.assert_array_equal(net(x)[1], np.maximum(x, 0))
