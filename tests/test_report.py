"""What `lrc compile` says about a compilation: in a terminal, in a pipe, as JSON, in metadata.json."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

import lrc
from lrc.dialects.values.schedules import Schedule

NETWORK = """\
model scattered {
  weights "scattered.safetensors"
  input x: f32[1, 4, 12, 12]
  patterns p2 = ["110/110/000", "000/011/011"]

  any_four: conv2d(x) { filters: 8, kernel: 3, pad: 1, sparsity: auto }
  patterned: conv2d(any_four) { filters: 8, kernel: 3, pad: 1, sparsity: pattern(p2) }
  strided: conv2d(patterned) { filters: 8, kernel: 3, pad: 1, stride: 2 }
  pool: max_pool(strided) { kernel: 3, stride: 2, pad: 1 }
  flat: flatten(pool)
  last: linear(flat) { units: 10 }
  output y = last
}
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose zeros are made use of in one layer of four."""
    folder, numbers = tmp_path_factory.mktemp("network"), np.random.default_rng(0)
    four = numbers.standard_normal((8, 4, 9), np.float32)
    np.put_along_axis(four, np.argsort(np.abs(four), axis=2)[:, :, :5], 0, axis=2)
    patterned = numbers.standard_normal((8, 8, 3, 3), np.float32)
    patterned[:, :, :, 2] = patterned[:, :, 2] = 0
    arrays = {
        "any_four.weight": four.reshape(8, 4, 3, 3),
        "patterned.weight": patterned,
        "strided.weight": numbers.standard_normal((8, 8, 3, 3), np.float32),
        "last.weight": np.eye(10, 72, dtype=np.float32),
    }
    arrays |= {name.replace("weight", "bias"): np.zeros(len(array), np.float32) for name, array in arrays.items()}
    save_file(arrays, folder / "scattered.safetensors")
    path = folder / "scattered.lr"
    path.write_text(NETWORK)
    return path


@pytest.fixture(scope="module")
def layers(network: Path) -> dict[str, dict[str, Any]]:
    """The JSON of each layer, by name."""
    command = [sys.executable, "-m", "lrc", "compile", network, "--target", "neon", "--json"]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True, cwd=network.parent)
    return {layer["name"]: layer for layer in json.loads(outcome.stdout)["layers"]}


def test_the_rate_is_that_of_what_is_executed(layers: dict[str, dict[str, Any]]) -> None:
    counts = {name: (row["executed"], row["nonzero"], row["rate"]) for name, row in layers.items() if row["weights"]}
    assert counts == {
        "any_four": (288, 128, 1.0),
        "patterned": (256, 256, 2.25),
        "strided": (576, 576, 1.0),
        "last": (720, 10, 1.0),
    }


def test_zeros_that_are_not_used_have_a_reason(layers: dict[str, dict[str, Any]]) -> None:
    unused = {name: row["unused_zeros"] for name, row in layers.items() if row["unused_zeros"]}
    assert unused.keys() == {"any_four", "last"}
    assert "different patterns of 4 taps, and at most 16 fit a layer" in unused["any_four"]["why"]
    assert "fully connected layers are executed dense" in unused["last"]["why"]


def test_loads_become_fewer_in_strided_layers_too(layers: dict[str, dict[str, Any]]) -> None:
    for name, loads in {"patterned": 1, "strided": 2}.items():
        row = layers[name]
        assert row["loads_before"] == loads * row["multiplications"]
        assert row["loads_after"] < 0.7 * row["loads_before"]
    assert layers["patterned"]["shuffles"] == 0 < layers["strided"]["shuffles"]


def test_counts_are_those_of_all_bodies(layers: dict[str, dict[str, Any]]) -> None:
    """A body for each pattern multiplies every sum of the tile by each of its taps."""
    for name, taps in {"patterned": 4 + 4, "strided": 9}.items():
        schedule = Schedule.parse(layers[name]["schedule"])
        assert layers[name]["multiplications"] == schedule.accumulators * taps


def test_metadata_says_what_is_executed(network: Path, layers: dict[str, dict[str, Any]]) -> None:
    metadata = json.loads((network.parent / "build/neon/scattered/metadata.json").read_text())
    assert metadata["weights"]["any_four"] == {"weights": 288, "executed": 288, "nonzero": 128}
    assert metadata["weights"].keys() == {name for name, row in layers.items() if row["weights"]}


@pytest.mark.parametrize("pad", [0, 1])
def test_layers_that_passes_add_are_not_taken_off_those_that_they_fuse(pad: int) -> None:
    with lrc.compile(
        lrc.parse(
            "model m { weights random(seed: 0)\n input x: f32[1, 2, 8, 8]\n"
            f"a: conv2d(x) {{ filters: 2, kernel: 3 }}\n b: max_pool(a) {{ kernel: 3, pad: {pad} }}\n output y = b }}"
        ),
        "c",
    ) as net:
        assert (net.report.layers_written, net.report.layers_fused, net.report.layers_added) == (2, 0, pad)


def printed(network: Path, columns: int, *options: str) -> list[str]:
    """What `lrc compile` prints on a terminal with so many columns, line by line."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = [sys.executable, "-m", "lrc", "compile", network, "--target", "neon", "-o", "out", *options]
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "TERM", "NO_COLOR")}
    with subprocess.Popen(
        command, stdout=follower, stderr=subprocess.DEVNULL, cwd=network.parent, env=environment | {"TERM": "dumb"}
    ):
        os.close(follower)
        content = b""
        while chunk := _read(leader):
            content += chunk
    os.close(leader)
    return content.decode().splitlines()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the last writer is gone
        return b""


def test_a_terminal_of_80_columns_shows_what_matters(network: Path) -> None:
    lines = printed(network, 80)
    assert all(len(line) <= 80 for line in lines)
    header, *rows = (line.split() for line in lines if line.strip() and "─" not in line)
    assert header[:6] == ["layer", "rate", "kind", "weights", "nonzero", "loads"]
    assert [row[:2] for row in rows[:2]] == [["any_four", "1.0x"], ["patterned", "2.2x"]]
    text = " ".join(" ".join(lines).split())
    assert "left out, as this terminal is narrow: shuffles, schedule; --wide prints all columns" in text
    assert "note: any_four multiplies by zeros: " in text
    assert "= prune each kernel to one of at most 16 patterns, and declare `pattern(…)`" in text


@pytest.mark.parametrize(("columns", "options"), [(80, ["--wide"]), (200, [])])
def test_all_columns_are_shown_where_there_is_room(network: Path, columns: int, options: list[str]) -> None:
    lines = printed(network, columns, *options)
    assert "schedule" in lines[1]
    assert "left out" not in " ".join(lines)
    assert max(map(len, lines)) > 100
