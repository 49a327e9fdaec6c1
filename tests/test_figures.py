"""The figures that lrc promises and that no other process can disturb: sizes, counts of loads, peak memory."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module", params=["neon", "host"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `lrc compile zoo:vgg16-conv --json` says, as a process of its own."""
    folder = tmp_path_factory.mktemp("vgg16-conv")
    command = [
        sys.executable,
        "-m",
        "lrc",
        "compile",
        "zoo:vgg16-conv",
        "--target",
        request.param,
        "-o",
        folder,
        "--json",
    ]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return json.loads(printed)


def pruned(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [layer for layer in report["layers"] if layer["kept"] < layer["weights"]]


def test_all_layers_but_the_first_are_pruned(report: dict[str, Any]) -> None:
    rates = [layer["rate"] for layer in pruned(report)]
    assert len(rates) == 12
    # 4 of 9 weights in 1 of 3.6 kernels, and whole kernels in every filter
    assert all(7.5 < rate < 9 for rate in rates)


def test_fkw_is_two_fifths_smaller_than_csr(report: dict[str, Any]) -> None:
    for layer in pruned(report):
        assert layer["fkw_bytes"] <= 0.6 * layer["csr_bytes"], layer["name"]


def test_redundant_loads_are_gone(report: dict[str, Any]) -> None:
    for layer in pruned(report):
        assert layer["loads_after"] < 0.9 * layer["loads_before"] <= layer["multiplications"], layer["name"]


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
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert kilobytes * (1 if sys.platform == "darwin" else 1024) < 2e9
