"""What the command does where its surroundings fail it: streams, folders, disks, compilers, emulators."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from installed import tool

TINY = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 4, 9, 9]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1 }
  output y = a
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.lr").write_text(TINY)
    return tmp_path


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of shell in which `lrc` is the command."""
    function = f'lrc() {{ "{sys.executable}" -m lrc "$@"; }}\n'
    return subprocess.run(
        [tool("bash"), "-c", function + command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_closed_streams_are_empty_ones(folder: Path) -> None:
    assert shell("lrc zoo vgg16 >&-", folder).returncode == 0
    outcome = shell("lrc check - <&-", folder)
    assert (outcome.returncode, outcome.stderr.splitlines()[0]) == (1, "<stdin>: error: the file is empty")


def test_a_link_and_a_device_stay_what_they_are(folder: Path) -> None:
    source = folder / "real.lr"
    source.write_text(TINY.replace("  a:", " a:"))
    source.chmod(0o640)
    (folder / "link.lr").symlink_to("real.lr")
    assert shell("lrc fmt link.lr", folder).returncode == 0
    assert (folder / "link.lr").is_symlink() and source.read_text() == TINY
    assert source.stat().st_mode & 0o777 == 0o640
    outcome = shell("lrc compile tiny.lr --emit c -o /dev/stdout | head -c 2", folder)
    assert (outcome.stdout, Path("/dev/stdout").is_symlink()) == ("/*", True)


@pytest.mark.parametrize(("place", "reason"), [("tiny.lr", "Not a directory"), ("tiny.lr/x", "Not a directory")])
def test_a_place_that_cannot_be_written_is_named_as_the_user_calls_it(folder: Path, place: str, reason: str) -> None:
    outcome = shell(f"lrc compile tiny.lr -o {place}", folder)
    assert (outcome.returncode, outcome.stderr) == (1, f"error: {place}: {reason}\n")
    assert [path.name for path in folder.iterdir()] == ["tiny.lr"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_keeps_what_was_there(folder: Path) -> None:
    commands = f"""\
        mkdir disk && {tool("mount")} -t tmpfs -o size=200k none disk || exit 77
        lrc compile tiny.lr --target c -o disk/out && head -c 1M /dev/zero > disk/fill
        before=$(md5sum disk/out/*)
        lrc compile tiny.lr --target neon -o disk/out; echo $?
        lrc compile tiny.lr --target neon -o disk/new; echo $?
        test "$before" = "$(md5sum disk/out/*)" && ls -A disk/out | grep -c "^\\."; ls disk"""
    outcome = shell(f"unshare --mount bash -c '{{ lrc() {{ {sys.executable} -m lrc \"$@\"; }}; {commands}; }}'", folder)
    if outcome.returncode == 77:
        pytest.skip("nothing can be mounted here")
    assert outcome.stdout.split()[-5:] == ["1", "1", "0", "fill", "out"], outcome.stderr
    assert "error: disk/out: No space left on device" in outcome.stderr
    assert "error: disk/new: No space left on device" in outcome.stderr


@pytest.mark.parametrize(
    ("cc", "complaint"),
    [
        ("nonsense", "cannot run the C compiler nonsense: No such file or directory"),
        ("false", "false failed:"),
        ("true", "true says nothing and makes no program"),
        ("'half", "$CC is no command: no closing quotation"),
    ],
)
def test_a_compiler_of_the_users_that_does_not_work(folder: Path, cc: str, complaint: str) -> None:
    outcome = shell("lrc compile tiny.lr --build", folder, CC=cc)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"error: {complaint}") and "CC" in outcome.stderr.splitlines()[-1]


def test_tools_that_are_missing_are_missed_before_the_work(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'ziglang' else find(name, *more)\n"
    )
    tools = {"PATH": "/nowhere", "PYTHONPATH": str(folder)}
    outcome = shell("lrc compile tiny.lr --build", folder, **tools)
    assert (outcome.returncode, outcome.stderr.splitlines()[0]) == (1, "error: no C compiler found")
    assert not (folder / "build").exists()


def test_an_encoding_that_lacks_a_character(folder: Path) -> None:
    (folder / "comment.lr").write_text(TINY.replace("  input", "  # größer\n  input"), encoding="utf-8")
    outcome = shell("lrc compile tiny.lr | grep 3x3; lrc fmt - < comment.lr", folder, PYTHONIOENCODING="ascii")
    assert outcome.returncode == 0
    assert " ? " in outcome.stdout and "größer" in outcome.stdout


@pytest.mark.parametrize(("variable", "coloured"), [("NO_COLOR=1", False), ("TERM=dumb", False), ("TERM=xterm", True)])
def test_colours_are_for_who_wants_them(folder: Path, variable: str, coloured: bool) -> None:
    lrc = f"{sys.executable} -m lrc compile"
    line = f"stty cols 60; export {variable}; {lrc} none.lr; {lrc} tiny.lr"
    outcome = shell(f"env -u NO_COLOR {tool('script')} -qec {shlex.quote(line)} /dev/null", folder)
    assert ("\x1b[31m" in outcome.stdout) == coloured
    rows = [row for row in outcome.stdout.splitlines() if "3x3 dense" in row]
    assert rows and all(len(re.sub(r"\x1b\[[0-9;]*m", "", row)) <= 60 for row in rows)


def test_a_folder_does_not_go_to_standard_output(folder: Path) -> None:
    outcome = shell("lrc compile tiny.lr -o -", folder)
    assert outcome.returncode == 2
    assert "--emit prints one level" in outcome.stderr
    assert [path.name for path in folder.iterdir()] == ["tiny.lr"]
