"""Networks called from Python: as a program, under an emulator, in this process; and the program's own options."""

import json
import shutil
import subprocess
from pathlib import Path

import handwritten
import numpy as np
import pytest
from numpy.typing import NDArray

import lrc
from lrc.diagnostics import UserError
from lrc.execution import toolchain
from lrc.execution.library import Library
from lrc.execution.program import Program

TARGETS = ["host", "c", "neon"]


@pytest.fixture(scope="module", params=TARGETS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the hand-written network with its program, for each target."""
    folder = handwritten.emit(tmp_path_factory.mktemp("build") / "model", target=request.param)
    toolchain.build(folder)
    return folder


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = handwritten.emit(tmp_path_factory.mktemp("host") / "model")
    toolchain.build(folder)
    toolchain.build(folder, shared=True)
    return folder


@pytest.mark.parametrize("pictures", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_program_computes(built: Path, pictures: int, threads: int) -> None:
    given = handwritten.inputs(pictures)
    wanted = handwritten.expected(given)
    outputs = Program(built, threads).run(given)
    assert outputs.keys() == wanted.keys()
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(outputs[name], tensor)


def test_a_dump_holds_every_layer_of_the_last_picture(built: Path) -> None:
    given = handwritten.inputs(pictures=2)
    outputs, layers = Program(built).dump(given)
    np.testing.assert_array_equal(layers["y"], outputs["y"][-1])
    np.testing.assert_array_equal(layers["block.scale"], outputs["y"][-1] - given["shift"][-1])


def test_bench_times_each_layer(built: Path) -> None:
    times = Program(built, threads=2).bench(3)
    assert 0 < times["min_ms"] <= times["median_ms"]
    assert times["threads"] == 2
    assert [layer["name"] for layer in times["layers"]] == ["block.scale", "y"]


def test_bench_says_which_layer_takes_long() -> None:
    module = lrc.parse(
        "model net { weights random(seed: 0) input x: f32[1, 48, 48, 48] a: conv2d(x) { filters: 48, kernel: 3 }"
        " b: global_avg_pool(a) c: sigmoid(b) output y = c }"
    )
    with lrc.compile(module, "c") as net:
        times = net.bench(5)
    layers = {layer["name"]: layer["median_ms"] for layer in times["layers"]}
    assert layers["a"] > 5 * layers["c"] > 0
    assert max(layers.values()) <= 1.5 * times["median_ms"]


@pytest.mark.parametrize("embed", [False, True])
def test_a_program_finds_its_weights(tmp_path: Path, embed: bool) -> None:
    """Beside itself, wherever it is called from; or in itself."""
    folder = handwritten.emit(tmp_path / "model", embed=embed)
    program = toolchain.build(folder)
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder, elsewhere)
    if embed:
        (elsewhere / "two_scales.lrw").unlink()
    assert "of 2 runs" in toolchain.run_program(elsewhere, ["2"])
    assert program.name == "two_scales_bench"


def test_new_weights_reach_a_program_that_embeds_them(tmp_path: Path) -> None:
    """Though only NAME.lrw and a comment change, which a compiler's cache might miss."""
    for seed in (0, 1):
        folder = handwritten.emit(tmp_path / "model", seed=seed, embed=True)
        for compiler in toolchain.find_compilers("host"):
            toolchain.build(folder, compiler=compiler)
            given = handwritten.inputs()
            np.testing.assert_array_equal(Program(folder).run(given)["y"], handwritten.expected(given, seed)["y"])


@pytest.mark.parametrize("threads", [1, 2])
def test_a_shared_library_computes(host: Path, threads: int) -> None:
    given = handwritten.inputs(pictures=3)
    program = Library(host, threads)
    for _ in range(2):
        for name, tensor in handwritten.expected(given).items():
            np.testing.assert_array_equal(program.run(given)[name], tensor)


GIVEN = handwritten.inputs()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"shift": GIVEN["shift"]}, "takes x, shift; given: shift"),
        (GIVEN | {"x": GIVEN["x"][:, :5]}, r"shape \[1, 6, 3, 4\], not \[1, 5, 3, 4\]"),
        (GIVEN | {"x": GIVEN["x"].swapaxes(2, 3)}, r"shape \[1, 6, 3, 4\], not \[1, 6, 4, 3\]"),
        (GIVEN | {"x": GIVEN["x"][0, 0]}, r"shape \[1, 6, 3, 4\], not \[3, 4\]"),
        (GIVEN | {"x": np.repeat(GIVEN["x"], 2, axis=0)}, "as many pictures"),
    ],
)
def test_inputs_must_fit(host: Path, given: dict[str, NDArray[np.float32]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Program(host).run(given)
    with pytest.raises(UserError, match=message):
        Library(host).run(given)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "usage:"),
        (["x"], "usage:"),
        (["3", "--threads"], "usage:"),
        (["3", "--input", "f"], "usage:"),
        (["3", "--threads", "0"], "usage:"),
        (["3", "--threads", "-1"], "usage:"),
        (["3", "--threads", "4294967297"], "usage:"),
        ([str(2**61)], "memory: Cannot allocate memory"),  # whose times take 2**64 bytes
        (["--input", "missing"], "missing: No such file"),
        (["--input", "short"], "short: does not hold a whole number of pictures"),
        (["1", "--weights", "missing"], "missing: No such file"),
        (["1", "--weights", "empty"], "empty: the weights are truncated"),
        (["1", "--weights", "truncated"], "truncated: the weights are truncated"),
        (["1", "--weights", "corrupt"], "corrupt: the weights are corrupt"),
        (["1", "--weights", "other"], "other: the weights belong to another"),
        (["1", "--dump", "missing"], "missing/0.bin: No such file"),
    ],
)
def test_the_program_says_what_is_wrong(
    host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = (host / "two_scales.lrw").read_bytes()
    other = handwritten.emit(tmp_path / "model", name="other") / "other.lrw"
    Path("short").write_bytes(bytes(4 * 72 + 2))
    Path("empty").touch()
    Path("truncated").write_bytes(weights[:-1])
    Path("corrupt").write_bytes(weights[:-40] + b"\x01" + weights[-39:])
    Path("other").write_bytes(other.read_bytes())
    with pytest.raises(UserError, match=message):
        toolchain.run_program(host, words)


def test_a_program_that_cannot_print_fails(host: Path) -> None:
    command = [*toolchain.program_command(host), "3", "--json"]
    with open("/dev/full", "w") as full:
        outcome = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert outcome.returncode == 1
    assert "standard output: No space left on device" in outcome.stderr


def test_a_program_explains_itself(host: Path) -> None:
    assert "usage:" in toolchain.run_program(host, ["--help"])


def test_a_library_with_foreign_weights_is_refused(host: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(host, folder)
    shutil.copy(handwritten.emit(tmp_path / "other", name="other") / "other.lrw", folder / "two_scales.lrw")
    with pytest.raises(UserError, match=r"two_scales\.lrw: error: the weights belong to another"):
        Library(folder)


def test_metadata_describes_the_folder(host: Path) -> None:
    metadata = json.loads((host / "metadata.json").read_text())
    assert metadata["model"] == "two-scales"
    assert metadata["inputs"][0] == {"name": "x", "shape": [1, 6, 3, 4]}
    assert metadata["schedules"] == {"block.scale": "by hand"}
