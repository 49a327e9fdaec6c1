"""The machines that code is made for, and which of them this one is."""

import platform
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.utils.exceptions import ParseError, PassFailedException

import lrc
from lrc.compilation import compiler, pipelines
from lrc.compilation.compiler import make_context
from lrc.compilation.pipelines import target_of
from lrc.diagnostics import UserError
from lrc.dialects.values.machines import FAMILIES, MACHINES, machine_named
from lrc.execution import host, toolchain
from lrc.passes import diagnose

SAYS = {
    "zen4": "vendor_id : AuthenticAMD\ncpu family : 25\nflags : avx2 fma avx512f avx512vl avx512bw avx512dq",
    "avx512": "vendor_id : AuthenticAMD\ncpu family : 26\nflags : avx2 fma avx512f avx512vl avx512bw avx512dq",
    "avx2": "vendor_id : GenuineIntel\nflags : avx2 fma avx512f",
    "c": "vendor_id : GenuineIntel\nflags : avx fma",
    "kryo485": "processor : 0\nFeatures : fp asimd fphp asimdhp asimddp",
    "armv8": "processor : 0\nFeatures : fp asimd aes",
}
"""Machine -> what Linux says of a processor that is one."""


@pytest.fixture(params=SAYS)
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The processor at hand is one such machine."""
    name: str = request.param
    rows = (line.partition(" : ") for line in SAYS[name].splitlines())
    said = {key: value for key, _, value in rows}
    monkeypatch.setattr(host, "_processor", lambda: said)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "aarch64" if "Features" in said else "x86_64")
    host.machine_at_hand.cache_clear()
    return name


@pytest.fixture(autouse=True)
def asked_again() -> Generator[None]:
    """Nothing of what a test says of the processor is kept."""
    yield
    host.machine_at_hand.cache_clear()


def test_the_best_machine_that_this_one_is(machine: str) -> None:
    assert host.machine_of("host") == MACHINES[machine].native()
    assert str(host.machine_of("host")) == f"{machine} native"


def test_what_a_processor_lacks_is_said_before_it_runs(machine: str) -> None:
    for name in MACHINES:
        if toolchain.is_foreign(name):
            continue
        if MACHINES[name].features <= set(SAYS[machine].split()):
            assert toolchain.runner_command(name) == []
        else:
            with pytest.raises(UserError, match=rf"cannot run code for {name}: it has no (\w+(, )?)+\n.*--target host"):
                toolchain.runner_command(name)


def test_names_and_texts() -> None:
    for name, each in MACHINES.items():
        assert machine_named(str(each)) == each and str(each) == name
        native = each.native()
        assert machine_named(str(native)) == native != each
        assert native == replace(
            each, architecture=None, flags=native.flags, zig_flags=("-mcpu=native",), is_native=True
        )
    for family, name in FAMILIES.items():
        assert machine_named(family) == MACHINES[name]
    for wrong in ("kryo", "", "host", "zen4 nativ", "native", "kryo485 native native"):
        with pytest.raises(ValueError, match=f"no machine '{wrong}': one of kryo485, armv8"):
            machine_named(wrong)
    with pytest.raises(ParseError, match="no machine 'kryo'"):
        Parser(make_context(), "builtin.module attributes {machine = #lr.machine<kryo>} {}").parse_module()


def test_a_module_is_for_one_machine() -> None:
    module = ModuleOp([])
    with pytest.raises(PassFailedException, match="the module is for no machine: run set-machine first"):
        diagnose.machine_of(module)
    for _ in range(2):
        pipelines.parse("set-machine{machine=c}").apply(Context(), module)
        assert diagnose.machine_of(module) == MACHINES["c"]
    for other in ("{machine=neon}", "{machine=c native=true}"):
        with pytest.raises(PassFailedException, match=r"the module is for c, not for (kryo485|c native): begin where"):
            pipelines.parse(f"set-machine{other}").apply(Context(), module)
    native = ModuleOp([])
    pipelines.parse(pipelines.stage("lr", "host")).passes[0].apply(Context(), native)
    assert diagnose.machine_of(native) == host.machine_at_hand()
    with pytest.raises(PassFailedException, match="no machine 'sve'"):
        pipelines.parse("set-machine{machine=sve}").apply(Context(), module)


NETWORK = """model net {{
  {device}
  weights random(seed: 0)
  input x: f32[1, 1, 1, 1]
  a: relu(x)
  output y = a
}}"""


def test_the_device_of_a_file_is_its_target() -> None:
    assert target_of(lrc.parse(NETWORK.format(device=""))) == "host"
    module = lrc.parse(NETWORK.format(device="device armv8"))
    assert target_of(module) == "armv8"
    assert target_of(module, "c") == "c"
    for target in ("neon", "host"):
        assert pipelines.machine_of(target_of(compiler.lower(module, target, "lr").module)) == host.machine_of(target)
    with lrc.compile(module, "c") as net:
        assert net.target == "c"


def test_any_phone(tmp_path: Path) -> None:
    """The code of `armv8` runs where there is nothing but the base instruction set."""
    text = """model phone {
      device armv8
      weights random(seed: 0)
      input x: f32[1, 3, 9, 7]
      a: conv2d(x) { filters: 5, kernel: 3, stride: 2, pad: 1 }
      b: sigmoid(a)
      output y = b
    }"""
    with lrc.compile(lrc.parse(text), folder=tmp_path / "phone") as net:
        assert net.verify(np.ones((1, 3, 9, 7), np.float32)).passed
    assert toolchain.runner_command("armv8")[1:] in ([], ["-cpu", "cortex-a53"])
    assert '"-march=armv8-a"' in (tmp_path / "phone/CMakeLists.txt").read_text()
