"""No command writes over what it reads, however that is called, and what fails leaves its output as it was."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from lrc import cli, opt

NET = """\
model net {
  weights "net.safetensors"
  input x: f32[1, 2, 4, 4]
  a: conv2d(x) { filters: 4, kernel: 1 }
  output y = a
}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a network with its weights, an input for it, and the same as a level."""
    monkeypatch.chdir(tmp_path)
    Path("net.lr").write_text(NET)
    save_file({"a.weight": np.ones((4, 2, 1, 1), np.float32), "a.bias": np.zeros(4, np.float32)}, "net.safetensors")
    np.save("x.npy", np.ones((1, 2, 4, 4), np.float32))
    call(cli.main, "compile net.lr --emit fkw -o level.mlir")
    return tmp_path


def call(main: Callable[[], None], line: str) -> int:
    """The exit code of a command line."""
    arguments = sys.argv
    sys.argv = ["lrc", *line.split()]
    try:
        main()
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code
    finally:
        sys.argv = arguments
    return 0


def contents(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}


OVER = [
    (cli.main, "compile net.lr --emit c -o OUT", "net.lr"),
    (cli.main, "compile net.lr --emit lr -o OUT", "net.lr"),
    (cli.main, "compile net.lr --emit c -o OUT", "net.safetensors"),
    (cli.main, "run net.lr --input x.npy --output OUT", "net.lr"),
    (cli.main, "run net.lr --input x.npy --output OUT", "net.safetensors"),
    (cli.main, "run net.lr --input x.npy --output OUT", "x.npy"),
    (opt.main, "level.mlir -o OUT", "level.mlir"),
    (opt.main, "level.mlir -o OUT", "level.safetensors"),
    (opt.main, "net.lr -p fuse-conv-bn -o OUT", "net.lr"),
    (opt.main, "net.lr -p fuse-conv-bn -o OUT", "net.safetensors"),
]


@pytest.mark.parametrize("spelling", ["same", "dotted", "absolute", "link", "hard link"])
@pytest.mark.parametrize(("main", "line", "victim"), OVER, ids=[f"{line.split()[0]}-{of}" for _, line, of in OVER])
def test_nothing_is_written_over_an_input(
    place: Path,
    main: Callable[[], None],
    line: str,
    victim: str,
    spelling: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = {"dotted": f"../{place.name}/{victim}", "absolute": str(place / victim)}.get(spelling, victim)
    if spelling == "link":
        os.symlink(victim, out := "out.txt")
    if spelling == "hard link":
        os.link(victim, out := "out.txt")
    before = contents(place)
    assert call(main, line.replace("OUT", out)) == 1
    assert contents(place) == before
    assert f"{out}: error: this is" in capsys.readouterr().err


def test_arrays_beside_an_output_are_not_written_over_those_that_were_read(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("deep").mkdir()
    os.rename("level.mlir", "deep/level.mlir")
    before = contents(place)
    assert call(opt.main, "deep/level.mlir -o level.mlir") == 1
    assert contents(place) == before
    assert "level.safetensors: error: this is an input" in capsys.readouterr().err


def test_a_network_in_an_emitted_folder_is_not_replaced_by_that_folder(place: Path) -> None:
    assert call(cli.main, "compile net.lr -o .") == 0
    os.replace("net.lr", "net.c")
    before = contents(place)
    assert call(cli.main, "compile net.c -o .") == 1
    assert contents(place) == before


FAILING = [
    (opt.main, "broken.mlir -o OUT"),
    (opt.main, "nowhere.mlir -o OUT"),
    (opt.main, "net.lr -p no-such-pass -o OUT"),
    (opt.main, "level.mlir -p fuse-conv-bn -t no-such-target -o OUT"),
    (cli.main, "compile broken.mlir --emit c -o OUT"),
    (cli.main, "run net.lr --input broken.mlir --output OUT"),
]


@pytest.mark.parametrize(("main", "line"), FAILING, ids=[line.replace(" ", "_") for _, line in FAILING])
def test_what_fails_leaves_its_output_as_it_was(place: Path, main: Callable[[], None], line: str) -> None:
    Path("broken.mlir").write_text('"builtin.module"() ({')
    before = contents(place) | {"out.mlir": b"older"}
    Path("out.mlir").write_bytes(b"older")
    assert call(main, line.replace("OUT", "out.mlir")) != 0
    assert contents(place) == before
    assert call(main, line.replace("OUT", "new.mlir")) != 0
    assert contents(place) == before


def test_lrc_opt_writes_text_and_arrays_together(place: Path) -> None:
    assert call(opt.main, "net.lr -p fuse-conv-bn,assign-patterns,reorder-filters -o out.mlir") == 0
    assert call(opt.main, "out.mlir -o /dev/null") == 0
    assert {"out.mlir", "out.safetensors"} < contents(place).keys()
    assert not Path("/dev/null.safetensors").exists()


def test_lrc_opt_keeps_the_arrays_of_two_modules_apart(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(cli.main, "compile net.lr --emit lr -o one.mlir") == 0
    text = Path("one.mlir").read_text()
    Path("two.mlir").write_text(f"{text}// -----\n{text}")
    before = contents(place)
    assert call(opt.main, "two.mlir --split-input-file -p assign-patterns -o out.mlir") == 1
    assert contents(place) == before
    assert "out.mlir: error: the arrays of several modules do not go into one file" in capsys.readouterr().err


def test_a_link_stays_one_and_its_file_keeps_its_permissions(place: Path) -> None:
    Path("real.mlir").write_text("older")
    Path("real.mlir").chmod(0o640)
    Path("out.mlir").symlink_to("real.mlir")
    assert call(opt.main, "level.mlir -o out.mlir") == 0
    assert Path("out.mlir").is_symlink() and "fkw.conv2d" in Path("real.mlir").read_text()
    assert Path("real.mlir").stat().st_mode & 0o777 == 0o640
