"""How passes give up: with the operation, if there is one, that the user has to mend."""

from typing import NoReturn

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException

from lrc.dialects.lr.model import find_machine
from lrc.dialects.places import FailedPassError
from lrc.dialects.values.machines import Machine


def fail(op: Operation, message: str) -> NoReturn:
    """Give up on a network because of one operation. Raises FailedPassError."""
    raise FailedPassError(op, message)


def machine_of(module: ModuleOp) -> Machine:
    """The machine that a module is for. Raises PassFailedException if no pass has said it."""
    if (machine := find_machine(module)) is None:
        raise PassFailedException("the module is for no machine: run set-machine first")
    return machine
