"""The zoo's digits, trained and pruned anew: the files that are shipped, byte for byte."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="torch sums in another order on other processors")
def test_training_repeats_to_the_same_files(tmp_path: Path) -> None:
    script = ROOT / "examples" / "train_digits.py"
    subprocess.run([sys.executable, script, "--output", tmp_path], check=True, capture_output=True)
    for name in ("digits.safetensors", "digits-test.npz", "digits.json"):
        assert (tmp_path / name).read_bytes() == (ROOT / "lrc" / "zoo" / name).read_bytes(), name
    print("1 of the networks trained as they are shipped")
