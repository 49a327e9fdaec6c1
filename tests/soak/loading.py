"""libFuzzer on the loader of emitted networks, by turns: one written by hand, and one with pruned layers."""

from pathlib import Path

import handwritten
import loader

from lrc import api
from lrc.compilation import compiler
from soak.slices import Slice

SECONDS = 60
"""How long one network is fuzzed at a time."""

PRUNED = """
model pruned {
  weights random(seed: 1)
  input x: f32[1, 4, 6, 5]
  patterns p = ["110/110/000", "011/011/000"]
  a: conv2d(x) { filters: 6, kernel: 3, pad: 1, sparsity: pattern(p, keep: 1/2) }
  b: relu(a)
  c: conv2d(b) { filters: 4, kernel: 1, sparsity: connectivity(keep: 1/2) }
  output y = c
}
"""


def loading(work: Slice) -> None:
    """Fuzz both loaders until the time is over."""
    compiler.write(compiler.lower(api.parse(PRUNED), "c"), work.scratch / "pruned")
    folders = [handwritten.emit(work.scratch / "two_scales"), work.scratch / "pruned"]
    programs = [_built(folder) for folder in folders]
    turn = 0
    while work.time_left():
        seconds = max(1, int(min(SECONDS, work.seconds_left)))
        found = loader.fuzz(programs[turn % 2], work.seed * 1000 + turn + 1, [f"-max_total_time={seconds}"])
        work.count("inputs: lrw", found.inputs)
        if found.said:
            files = {"input": found.failing, "README": found.said.encode()}
            work.fail(f"the loader of {folders[turn % 2].name}", found.said, work.seed, files)
        turn += 1


def _built(folder: Path) -> Path:
    scratch = folder.with_name(f"fuzz-{folder.name}")
    scratch.mkdir()
    return loader.build(folder, scratch)
