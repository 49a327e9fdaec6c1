"""How a function of the loop level is run: each operation becomes one Python function, once, and is called often.

Values lie in a frame, a list; `places` says where each of them does. Loops and branches run the blocks inside of them
on the same frame.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from xdsl.dialects import scf
from xdsl.dialects.func import FuncOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects import kernel
from lrc.interpreters.vectors import Function

Frame = list[Any]
Step = Callable[[Frame], None]
Meaning = Callable[[Operation], Function | None]
"""What an operation without regions computes; None for one that this level does not have."""


Callee = FuncOp | kernel.KernelFuncOp | kernel.NetworkOp
"""What can be called: a kernel for all points of its grid."""


class Steps:
    """One function, ready to be called on its arguments."""

    def __init__(self, function: Callee, meaning: Meaning) -> None:
        self.meaning = meaning
        self.places: dict[SSAValue, int] = {}
        self.arguments = function.body.block.args
        self.body, _ = self.block(function.body.block)

    def __call__(self, *arguments: Any) -> None:
        """Run the function."""
        frame: Frame = [None] * len(self.places)
        self.put(frame, [self.places[argument] for argument in self.arguments], arguments)
        self.body(frame)

    @staticmethod
    def put(frame: Frame, places: Sequence[int], values: Sequence[Any]) -> None:
        """Let values lie in their places."""
        for place, value in zip(places, values, strict=True):
            frame[place] = value

    def where(self, values: Sequence[SSAValue]) -> list[int]:
        """The places of values, new ones included."""
        return [self.places.setdefault(value, len(self.places)) for value in values]

    def block(self, block: Block) -> tuple[Step, list[int]]:
        """What runs a block whose arguments are in their places, and where the operands of its last operation lie."""
        self.where(block.args)
        steps = [self.step(op) for op in block.ops if not isinstance(op, scf.YieldOp)]

        def run(frame: Frame) -> None:
            for step in steps:
                step(frame)

        last = block.last_op
        return run, self.where(last.operands) if isinstance(last, scf.YieldOp) else []

    def step(self, op: Operation) -> Step:
        """What one operation does to a frame."""
        match op:
            case scf.ForOp():
                return self.loop(op)
            case scf.IfOp():
                return self.branch(op)
            case kernel.GridOp():
                return self.grid(op)
            case _:
                return self.plain(op)

    def plain(self, op: Operation) -> Step:
        """An operation without regions. Raises InterpretationError if it has no meaning here."""
        function, operands = self.meaning(op), self.where(op.operands)
        if function is None:
            raise InterpretationError(f"'{op.name}' has no meaning at the level of loops")
        if not op.results:

            def act(frame: Frame) -> None:
                function(*[frame[i] for i in operands])

            return act
        (result,) = self.where(op.results)

        def compute(frame: Frame) -> None:
            frame[result] = function(*[frame[i] for i in operands])

        return compute

    def loop(self, op: scf.ForOp) -> Step:
        """for index in range(lower, upper, step): what the body yields is carried into the next round."""
        lower, upper, step = self.where([op.lb, op.ub, op.step])
        starts, results = self.where(op.iter_args), self.where(op.results)
        index, *carried = self.where(op.body.block.args)
        body, yielded = self.block(op.body.block)

        def run(frame: Frame) -> None:
            values = [frame[i] for i in starts]
            for round in range(frame[lower], frame[upper], frame[step]):
                frame[index] = round
                self.put(frame, carried, values)
                body(frame)
                values = [frame[i] for i in yielded]
            self.put(frame, results, values)

        return run

    def branch(self, op: scf.IfOp) -> Step:
        """One of two blocks; the second may be missing."""
        (condition,) = self.where([op.cond])
        results = self.where(op.results)
        then, *otherwise = [self.block(block) for region in op.regions for block in region.blocks]

        def run(frame: Frame) -> None:
            for body, yielded in [then] if frame[condition] else otherwise:
                body(frame)
                self.put(frame, results, [frame[i] for i in yielded])

        return run

    def grid(self, op: kernel.GridOp) -> Step:
        """All points, the last one first: their order must not matter."""
        sizes, points = self.where(op.sizes), self.where(op.body.block.args)
        body, _ = self.block(op.body.block)

        def run(frame: Frame) -> None:
            for point in reversed(list(product(*(range(frame[size]) for size in sizes)))):
                self.put(frame, points, point)
                body(frame)

        return run
