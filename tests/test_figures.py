"""The figures that lrc promises and that no other process can disturb: sizes, counts of loads, peak memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MEASURED = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""
"""Runs a command and says what memory it took at most. A process of its own, as Linux counts for a child what the
process that started it had: all that the tests before this one left behind."""


@pytest.fixture(scope="module", params=["neon", "host"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `lrc compile zoo:vgg16-conv --json` says, as a process of its own, and how much memory that took."""
    folder = tmp_path_factory.mktemp("vgg16-conv")
    words = ["compile", "zoo:vgg16-conv", "--target", request.param, "-o", folder, "--json"]
    command = [sys.executable, "-c", MEASURED, sys.executable, "-m", "lrc", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    peak = int(done.stderr.split()[-1]) * (1 if sys.platform == "darwin" else 1024)
    return json.loads(done.stdout) | {"peak_bytes": peak}


def pruned(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer for layer in report["layers"] if layer["executed"] < layer["weights"]]


def test_all_layers_but_the_first_are_pruned(report: dict[str, Any]) -> None:
    rates = [layer["rate"] for layer in pruned(report)]
    assert len(rates) == 12
    # 4 of 9 weights in 1 of 3.6 kernels, and whole kernels in every filter
    assert all(7.5 < rate < 9 for rate in rates)


def test_fkw_is_two_fifths_smaller_than_csr(report: dict[str, Any]) -> None:
    for layer in pruned(report):
        assert layer["fkw_bytes"] <= 0.6 * layer["csr_bytes"], layer["name"]


def test_what_is_executed_is_not_zero(report: dict[str, Any]) -> None:
    for layer in report["layers"]:
        assert (layer["executed"], layer["unused_zeros"]) == (layer["nonzero"], None), layer["name"]
        assert layer["rate"] == round(layer["weights"] / max(layer["executed"], 1), 3)


def test_redundant_loads_are_gone(report: dict[str, Any]) -> None:
    """In every layer for NEON; in all of them together for whatever machine this is: with few registers, a tile of one
    row that wastes nothing may be faster than one whose rows share their loads."""
    for layer in pruned(report):
        most = 0.9 if report["target"] == "neon" else 1
        assert layer["loads_after"] <= most * layer["loads_before"], layer["name"]
        assert layer["loads_before"] == layer["multiplications"], layer["name"]
    after, before = (sum(layer[count] for layer in pruned(report)) for count in ("loads_after", "loads_before"))
    assert after < 0.9 * before


def test_the_arena_is_a_tenth_over_the_tensors_that_live_at_once(report: dict[str, Any]) -> None:
    assert report["live_bytes"] <= report["arena_bytes"] <= 1.1 * report["live_bytes"]


def test_every_activation_is_fused(report: dict[str, Any]) -> None:
    assert report["layers_fused"] == 13
    assert {layer["kind"] for layer in report["layers"]} == {"3x3 dense", "3x3 pattern + connectivity", "max_pool"}


def test_the_folder_holds_what_the_report_says(report: dict[str, Any]) -> None:
    weights = Path(report["folder"]) / "vgg16_conv.lrw"
    assert weights.stat().st_size == report["weights_bytes"]
    assert report["weights_bytes"] < 1.2 * sum(layer["fkw_bytes"] for layer in report["layers"])


def test_compiling_takes_less_than_2_gigabytes(report: dict[str, Any]) -> None:
    assert report["weights_bytes"] < report["peak_bytes"] < 2e9
