# make demo    set up, compile the pruned VGG-16, run it, verify it, and show what happened
# make test    set up what the tests need, and run them all
# make soak    what takes long: all jobs of tests/soak together for MINUTES (60), or those of JOBS; build/soak/report.txt
# make faults  plants mistakes in lrc, one at a time, and sees whether tests find them; FAULTS='memory*' some of them
# make growth  how the time of check, fmt and compile grows with what a file has
# make lint    ruff, ruff format and pyright, as the tests run them
# make format  let ruff rewrite the code
# make clean   remove what was built, and the environment

PYTHON ?= python3
BIN := .venv/bin
# a file's tests run on one processor: what several of them use is built once
PYTEST_FLAGS ?= -q -n 2 --dist loadfile
MINUTES ?= 60
FAULTS ?= *

# command:package, the Debian package that has it
DEMO_TOOLS := qemu-aarch64:qemu-user
TEST_TOOLS := gcc:gcc g++:g++ clang-19:clang-19 clang++-19:clang-19 :libclang-rt-19-dev cmake:cmake git:git node:nodejs mount:mount \
  $(DEMO_TOOLS)

.PHONY: demo test soak faults lint format clean growth
.DELETE_ON_ERROR:

demo: .venv/demo
	@./tools/need $(DEMO_TOOLS) || echo "NEON code is compiled, but not run: there is no qemu-aarch64"
	@$(BIN)/python -m lrc.demo

test: .venv/test
	@./tools/need $(TEST_TOOLS)
	$(BIN)/python -m pytest $(PYTEST_FLAGS) tests

soak: .venv/test
	@./tools/need $(TEST_TOOLS)
	PYTHONPATH=.:tests:tests/execution $(BIN)/python -m soak --minutes $(MINUTES) $(JOBS)

faults: .venv/test
	@./tools/need $(TEST_TOOLS)
	$(BIN)/python tests/faults --jobs 2 '$(FAULTS)'

growth: .venv/test
	$(BIN)/python -m benchmarks.growth

lint: .venv/test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python

format: .venv/test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf .venv build

# The environment, filled anew when pyproject.toml is newer than its mark.
.venv/bin/python:
	@./tools/need $(PYTHON):python3
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || ./tools/need :python3-venv
	$(PYTHON) -m venv .venv

.venv/demo: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -q -e '.[cross]'
	@touch $@

.venv/test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install -q -e '.[test]'
	@touch $@ .venv/demo
