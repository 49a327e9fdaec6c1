"""set-machine: which machine the module is for."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from lrc.dialects.lr.attrs import MachineAttr
from lrc.dialects.lr.model import MACHINE, find_machine
from lrc.dialects.values.machines import machine_named


@dataclass(frozen=True)
class SetMachinePass(ModulePass):
    """Say on the module which machine it is for; all passes that depend on it read it there.

    `machine` is the name of one or of a family (`dialects/values/machines.py`); with `native` code is for the very
    machine that builds it. What is for another machine already stays so: its schedules and layouts would not fit.
    """

    name = "set-machine"

    machine: str
    native: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        try:
            machine = machine_named(self.machine)
        except ValueError as error:
            raise PassFailedException(str(error)) from None
        machine = machine.native() if self.native else machine
        if (found := find_machine(op)) not in (None, machine):
            raise PassFailedException(f"the module is for {found}, not for {machine}: begin where it was for none")
        op.attributes[MACHINE] = MachineAttr(machine)
