"""Every name of `naming.all_names` as model, layer, input and output: built by every compiler, and run."""

from collections.abc import Callable
from pathlib import Path

import naming

TOGETHER = 60
"""Inputs, layers and outputs of one network: a C function takes 127 parameters everywhere."""

TimeLeft = Callable[[], bool]


def test_as_inputs_layers_and_outputs(tmp_path: Path, time_left: TimeLeft) -> None:
    """Each name in each of the three roles, beside ever other names."""
    names, done = naming.all_names(), 0
    for begin in range(0, len(names), TOGETHER):
        inputs, layers, outputs = (
            (names * 2)[begin + shift : begin + shift + TOGETHER] for shift in (0, 7, TOGETHER + 20)
        )
        folder = tmp_path / str(begin)
        folder.mkdir()
        for _ in naming.built_and_run("net", inputs, layers, outputs, folder):
            done += TOGETHER
        if not time_left():
            break
    print(f"{done} of {len(names) * naming.WAYS} (name, way to build) as input, layer and output built and run")


def test_as_models(tmp_path: Path, time_left: TimeLeft) -> None:
    """Each name with one way to build, then with the next; and all headers behind all of the system's at once."""
    names, dialects, done = naming.all_names(), naming.dialects(), 0
    folders = naming.emit(naming.network("net", ["x"], ["a"], ["y"]), tmp_path, names)
    naming.check_headers(folders, tmp_path)
    for turn in range(len(dialects)):
        for number, folder in enumerate(folders):
            if time_left():
                program = naming.build(dialects[(number + turn) % len(dialects)], folder)
                naming.call([program, "1"])
                program.unlink()
                done += 1
    print(f"{done} of {len(names) * len(dialects)} (name, way to build) as model built and run")
