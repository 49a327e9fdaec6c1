"""What runs longer than anybody waits for: `make soak MINUTES=60`, all generators against all levels, targets, readers.

Each job (`jobs.py`) is a function that draws inputs and checks them, with ever new seeds, until its share of the time
is over. Jobs run as slices, processes of a few minutes each, on all cores at once (`__main__.py`): a crash or a hang
ends one slice and is a finding, not the end of the run. What is found is shrunk while it is still cheap, told from
what is known by its message and place, and saved with what reproduces it. `build/soak/report.txt` and `report.json`
are written anew after each slice, and say what was drawn, how often, from which seeds, how long it took, which of
lrc's branches it reached (measured in one slice of each job: it takes twice the time), and every failure.

    make soak MINUTES=60                      all jobs, by their shares
    make soak MINUTES=5 JOBS="fuzz-mlir"      some of them

One slice, as a report names it, is run again by

    PYTHONPATH=.:tests:tests/execution python -m soak.slices fuzz-mlir --seed 7 --seconds 60

| file | what |
|---|---|
| `jobs.py` | all jobs, and how the time is shared |
| `slices.py` | one slice, and what it hands over |
| `drawing.py` | Hypothesis in rounds: a failure is shrunk, kept, and the next round begins |
| `graphs.py` | drawn networks and kernels through the passes; networks that are changed in a way that changes nothing |
| `texts.py` | drawn programs against what they mean; modules of all levels, written and read again |
| `emitted.py` | drawn networks through compilers: many in one program, guard pages around each buffer |
| `fuzzing.py`, `mutations.py`, `corpora.py` | broken inputs for all that Python reads |
| `loading.py` | libFuzzer on the C that reads NAME.lrw |
| `ways.py` | a few networks in every way to compile: compilers, optimization, contraction, sanitizers |
| `report.py` | what was done and found |
| `test_*.py` | the jobs that are tests of pytest |

Python's readers are fuzzed with mutations of one's own, not with atheris: the branches of a parser depend on whole
tokens, which bytes that are flipped one by one do not become. (That it would find less has not been measured.) Inputs
that reach a new line of lrc, as `sys.settrace` sees it in a sample, join the corpus.
"""
