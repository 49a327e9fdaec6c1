"""What a network declares and does not use: most likely it is wired wrongly, though it could be compiled as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

from xdsl.ir import Operation

from lrc.diagnostics import Diagnostic
from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr
from lrc.dialects.lr.base import shape_of
from lrc.frontend import syntax
from lrc.frontend.mistakes import Calls, Mistakes
from lrc.frontend.syntax import Source, Span, Value
from lrc.frontend.tunings import HINT, without_vectors

SHOWN: Final = 8
"""How many names of arrays are shown of those that no layer reads."""

NOT_READ: Final = "num_batches_tracked"
"""What torch keeps of a batch norm for its training alone."""

MOST_READERS: Final = 100
"""How many readers of a layer are looked at for the one that may have meant another."""

Places = Mapping[Operation, tuple[Span, Calls]]
"""Where each layer comes from, and the calls that led there."""


def find_unused(file: syntax.File, model: lr.ModelOp, places: Places) -> Sequence[Diagnostic]:
    """A warning for all that a file declares and its network, lifted, does not use."""
    warnings = Mistakes(file.source, "warning")
    _warn_of_blocks(file, warnings)
    _warn_of_patterns(file, warnings)
    inputs = {each.name.text: each.name.span for each in file.statements if isinstance(each, syntax.Input)}
    for name, value in zip(model.inputs, model.block.args, strict=True):
        if not value.uses:
            warnings.report(inputs[name], f"nothing reads input '{name}'", "leave it out, or let a layer read it")
    _warn_of_layers(model, places, warnings)
    for statement in file.statements:
        if isinstance(statement, syntax.Weights):
            _warn_of_arrays(model, statement.origin.span, places, warnings)
    for op, message in without_vectors(model):
        span, calls = places[op]
        warnings.report(span, f"the tuning of layer '{op.layer.data}': {message}", HINT, calls)
    return warnings.diagnostics()


def _warn_of_blocks(file: syntax.File, warnings: Mistakes) -> None:
    """Warn of blocks that no layer of the network calls, and of parameters that no layer of a block takes."""
    blocks = {each.name.text: each for each in file.statements if isinstance(each, syntax.Block)}
    waiting = [each for each in file.statements if isinstance(each, syntax.Layer)]
    called = set[str]()
    while waiting:
        name = waiting.pop().call.name.text
        if name in blocks and name not in called:
            called.add(name)
            waiting += blocks[name].layers
    for name, block in blocks.items():
        if name not in called:
            hint = "what stands in it is not checked"
            warnings.report(block.name.span, f"no layer of the network calls block '{name}'", hint)
        mentioned = _mentioned(_values(block))
        for parameter in block.parameters:
            if parameter.name.text not in mentioned:
                message = f"parameter '{parameter.name.text}' of block '{name}' is never used"
                warnings.report(parameter.name.span, message, "leave it out, or let a layer of the block take it")


def _warn_of_patterns(file: syntax.File, warnings: Mistakes) -> None:
    """Warn of pattern sets that no sparsity names."""
    users = [each for each in file.statements if isinstance(each, syntax.Layer | syntax.Block)]
    mentioned = _mentioned(value for each in users for value in _values(each))
    for statement in file.statements:
        if isinstance(statement, syntax.Patterns) and statement.name.text not in mentioned:
            message = f"pattern set '{statement.name.text}' is never used"
            warnings.report(statement.name.span, message, f"such as by `sparsity: pattern({statement.name.text})`")


def _mentioned(values: Iterable[Value]) -> set[str]:
    """The names that stand anywhere in values; of a result of a call, the call's."""
    return {name.first for value in values for name in syntax.names_in(value)}


def _values(statement: syntax.Layer | syntax.Block) -> Iterator[Value]:
    """The values that stand in a layer, or in a block: its defaults, layers and results."""
    if isinstance(statement, syntax.Layer):
        yield from (value for value in (statement.count, statement.call, statement.group) if value is not None)
        return
    yield from (each.default for each in statement.parameters if each.default is not None)
    for layer in statement.layers:
        yield from _values(layer)
    yield from (each.layer or each.name for each in statement.result.exports)


@dataclass
class _Unread:
    """A layer, or a call of a block, that no output depends on: its operations, and each way of calls to it."""

    ways: list[Calls] = field(default_factory=list[Calls])
    ops: list[lr.LayerOp] = field(default_factory=list[lr.LayerOp])

    def readers(self) -> set[Operation]:
        """What reads its results: other layers that no output depends on."""
        return {use.operation for op in self.ops for use in op.output.uses} - set(self.ops)


def _warn_of_layers(model: lr.ModelOp, places: Places, warnings: Mistakes) -> None:
    """Warn of layers that no output depends on, as far out as that is true: of a call, if of nothing in it."""
    live = _live(model)
    used = {span for op in live if op in places for span in _path(places[op])}
    unread: dict[Span, _Unread] = {}
    for op in model.block.ops:
        if isinstance(op, lr.LayerOp) and op not in live:
            path, calls = _path(places[op]), places[op][1]
            depth = next((i for i, span in enumerate(path) if span not in used), None)
            if depth is not None:  # else another call of the block uses it
                each = unread.setdefault(path[depth], _Unread())
                each.ops.append(op)
                if calls[:depth] not in each.ways[-1:]:
                    each.ways.append(calls[:depth])
    groups: dict[Operation, _Unread] = {op: each for each in unread.values() for op in each.ops}
    counted = set[int]()
    for span, each in unread.items():
        if each.readers():
            continue  # it leads to what is told of
        name = warnings.source.text[span.start : span.end]
        leading = _count_leading(each, groups, counted)
        rest = f"; {leading} more serve nothing else" if leading else ""
        hint = partial(_meant, each, name, live, places, warnings.source)
        for calls in each.ways:
            warnings.report(span, f"nothing reads '{name}'{rest}", hint, calls)


def _live(model: lr.ModelOp) -> set[Operation]:
    """What the outputs depend on."""
    live = set[Operation]()
    waiting = [op for op in (model.block.last_op,) if op is not None]
    while waiting:
        op = waiting.pop()
        if op not in live:
            live.add(op)
            waiting += [owner for operand in op.operands if isinstance(owner := operand.owner, Operation)]
    return live


def _path(place: tuple[Span, Calls]) -> list[Span]:
    """The places of a layer's calls, and its own."""
    span, calls = place
    return [*(call.span for call in calls), span]


def _count_leading(end: _Unread, groups: Mapping[Operation, _Unread], counted: set[int]) -> int:
    """How many of the layers and calls that no output depends on lead to this one and were not `counted` before."""
    count, waiting = -1, [end]
    while waiting:
        each = waiting.pop()
        if id(each) in counted:
            continue
        counted.add(id(each))
        count += 1
        owners = (operand.owner for op in each.ops for operand in op.operands)
        waiting += [groups[owner] for owner in owners if isinstance(owner, Operation) and owner in groups]
    return count


def _meant(unread: _Unread, name: str, live: set[Operation], places: Places, source: Source) -> str:
    """What the author may have meant: that what reads the layer's input further down reads the layer itself."""
    depth, last, own = len(unread.ways[0]), unread.ops[-1], set[Operation](unread.ops)

    def place(op: Operation) -> Span:
        path = _path(places[op])
        return path[min(depth, len(path) - 1)]

    def shown(op: Operation) -> str:
        return source.text[place(op).start : place(op).end]

    for value in (operand for op in unread.ops for operand in op.operands):
        owner = value.owner
        if not isinstance(owner, lr.LayerOp) or owner in own or shape_of(value) != shape_of(last.output):
            continue
        readers = [use.operation for use in islice(value.uses, MOST_READERS)]
        behind = [op for op in readers if op in live and op in places and place(op).start > place(last).start]
        if behind:
            reader = min(behind, key=lambda op: place(op).start)
            line, _ = source.position(place(reader).start)
            return f"is '{shown(reader)}' in line {line} meant to read '{name}', and not '{shown(owner)}'?"
    return "leave it out, or let a layer or an output read it"


def _warn_of_arrays(model: lr.ModelOp, statement: Span, places: Places, warnings: Mistakes) -> None:
    """Warn of arrays in the file of weights that no layer reads, with one warning for all but biases left out."""
    store = model.store
    if store.is_random:
        return
    layers = [op for op in model.block.ops if isinstance(op, lr.LayerOp)]
    read = {spec.name for op in layers for _, _, spec in op.weight_specs()}
    unread = {name for name in store.names() if name not in read and not name.endswith(NOT_READ)}
    for op in layers:
        if isinstance(op, lr.ConvOp | lr.LinearOp) and op.bias is None and isinstance(op.weight, WeightAttr):
            bias = f"{op.weight.data.removesuffix('weight')}bias"
            if bias in unread:
                unread.remove(bias)
                span, calls = places[op]
                message = f"layer '{op.layer.data}' has no bias, but the file has '{bias}'"
                warnings.report(span, message, "leave out `bias: false`", calls)
    if unread:
        what = "this array" if len(unread) == 1 else f"{len(unread)} arrays"
        hint = "is a layer missing, or are its arrays called otherwise? `weights: …` says what their names begin with"
        warnings.report(statement, f"no layer reads {what} of the file: {_listed(unread)}", hint)


def _listed(names: set[str]) -> str:
    """Names, or if there are many how many begin with each word."""
    listed = [f"'{name}'" for name in sorted(names)]
    if len(names) > SHOWN:
        begun = Counter(name.partition(".")[0] for name in sorted(names))
        listed = [f"{count} of '{word}.…'" for word, count in begun.most_common()]
    return ", ".join(listed[:SHOWN]) + (f", and {len(listed) - SHOWN} more" if len(listed) > SHOWN else "")
