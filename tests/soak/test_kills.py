"""The command itself, killed at random times: two networks are compiled and built, over and over, into one folder."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

KILLS = 300
NETWORK = """\
model NAME {
  weights random(seed: 0)
  input x: f32[1, 4, 9, 9]
  a: conv2d(x) { filters: FILTERS, kernel: 3, pad: 1 }
  output y = a
}
"""


def command(name: str) -> subprocess.Popen[bytes]:
    arguments = f"compile {name}.lr --target c --build -o net"
    return subprocess.Popen([sys.executable, "-m", "lrc", *arguments.split()], stdout=subprocess.DEVNULL)


def is_whole(folder: Path) -> bool:
    """Whether the folder is one of the two, by what it says of itself, and what is the user's is there."""
    metadata = json.loads((folder / "metadata.json").read_text())
    built = {"metadata.json", f"{metadata['c_name']}.lrw", f"{metadata['c_name']}_bench"}
    texts = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name not in built}
    hashes = {name: hashlib.sha256(text).hexdigest() for name, text in texts.items() if name != "main.c"}
    return hashes == metadata["files"]


def test_a_folder_is_whole_whenever_lrc_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time_left: Callable[[], bool]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    for name, filters in (("one", 8), ("two", 12)):
        Path(f"{name}.lr").write_text(NETWORK.replace("NAME", name).replace("FILTERS", str(filters)))
    began = time.monotonic()
    assert command("one").wait() == 0
    usual = time.monotonic() - began
    folder, seen, number = Path("net"), Counter[str](), 0
    (folder / "main.c").write_text("mine")
    moments = random.Random(0)
    while number < KILLS and time_left():
        number += 1
        process = command("two" if number % 2 else "one")
        time.sleep(moments.uniform(0.2, 1.1) * usual)
        process.send_signal(moments.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        seen[str(process.wait())] += 1
        assert is_whole(folder), f"after {number} kills"
    for name in ("one", "two"):
        assert command(name).wait() == 0
        assert is_whole(folder) and (folder / "main.c").read_text() == "mine"
    assert sorted(os.listdir()) == ["net", "one.lr", "temporary", "two.lr"]
    assert os.listdir("temporary") == []
    print(f"{number} of {KILLS} times hit; exit codes and how often: {dict(seen)}")
