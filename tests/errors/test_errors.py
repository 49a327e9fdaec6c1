"""One file for each mistake a user can make, or is warned of, with what lrc says about it beside it.

`pytest tests/errors --update-golden` writes the expected texts anew.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from lrc.cli import main
from lrc.diagnostics import Diagnostic, LrcError, show
from lrc.frontend import load

FOLDER = Path(__file__).parent
CASES = sorted(path.stem for path in FOLDER.glob("*.lr"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the weights that the files name, good ones and bad ones."""
    kernels = np.ones((4, 3, 3, 3), np.float32)
    not_a_number, infinite, pruned = kernels.copy(), kernels.copy(), np.zeros_like(kernels)
    not_a_number[1, 2, 0, 1] = np.nan
    not_a_number[3, 0, 0, 0] = np.nan
    infinite[0, 1, 2, 2] = -np.inf
    pruned[:, :, :2, :2] = 1
    pruned[2, 1, 2, 0] = 0.5
    arrays: dict[str, NDArray[Any]] = {
        "conv1.weight": kernels,
        "nan.weight": not_a_number,
        "inf.weight": infinite,
        "pruned.weight": pruned,
        "full.weight": kernels,
        "quantized.weight": kernels.astype(np.int8),
        "large.weight": kernels.astype(np.float64) * 1e300,
        "bn.weight": np.ones(3, np.float32),
        "bn.bias": np.ones(3, np.float32),
        "bn.running_mean": np.ones(3, np.float32),
        "bn.running_var": np.array([1, -1, 1], np.float32),
    }
    for call, channels in (("s1", 3), ("s2", 4), ("s3", 4)):
        arrays[f"{call}.conv.weight"] = np.ones((4, channels, 1, 1), np.float32)
        arrays[f"{call}.conv.bias"] = np.ones(4, np.float32)
        for name in ("weight", "bias", "running_mean", "running_var"):
            arrays[f"{call}.bn.{name}"] = np.ones(4, np.float32)
    save_file(arrays, tmp_path / "net.safetensors")
    whole = (tmp_path / "net.safetensors").read_bytes()
    (tmp_path / "truncated.safetensors").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "checkpoint.pth").write_bytes(b"PK\x03\x04" + bytes(200))
    (tmp_path / "folder.safetensors").mkdir()
    (tmp_path / "text.safetensors").write_text("these are no weights\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", CASES)
def test_mistake(case: str, folder: Path, request: pytest.FixtureRequest) -> None:
    shutil.copy(FOLDER / f"{case}.lr", folder)
    said: list[Diagnostic] = []
    try:
        load(f"{case}.lr", said.extend)
    except LrcError as error:
        said.extend(error.diagnostics)
    assert said, "nothing is said about this mistake"
    text = f"{show(said)}\n"
    expected = FOLDER / f"{case}.expected"
    if request.config.getoption("--update-golden"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["check", "compile", "run"])
def test_commands_say_the_same(command: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copy(FOLDER / "output_named_as_input.lr", folder)
    with pytest.raises(SystemExit) as end:
        main([command, "output_named_as_input.lr"])
    assert end.value.code == 1
    assert capfd.readouterr().err == (FOLDER / "output_named_as_input.expected").read_text(encoding="utf-8")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(LrcError, match=r"nowhere\.lr: error: cannot be read: No such file"):
        load("nowhere.lr")


def test_every_expectation_has_its_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.expected")) == CASES
