"""From fkw.conv2d to a launch of its family's kernel."""

from __future__ import annotations

import numpy as np

from lrc.dialects.elements import element_of
from lrc.dialects.fkw.ops import Conv2dOp
from lrc.dialects.values.rounding import pieces
from lrc.passes.arrays import exactly
from lrc.passes.lowering.convolution.kernel import ConvFamily, conv_kernel
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.indices import Index


def lower_convolution(op: Conv2dOp, graph: Graph) -> None:
    """A buffer for the result, its halo cleared, and the launch of the kernel over the tiles of the picture."""
    schedule, layer = op.schedule.data, op.layer.data
    fkw = op.arrays(graph.store)
    element = element_of(op.output)
    source, target = graph.picture(op.input), graph.picture(op.output)
    residual = None if op.residual is None else graph.picture(op.residual)
    filters, height, width = target.channels, target.height, target.width
    (rows, _), columns = schedule.tile, schedule.columns
    family = ConvFamily(
        patterns=op.patterns.data,
        strides=op.window.strides,
        dilations=op.window.dilations,
        pad_left=op.window.pads[1],
        tile=schedule.tile,
        lanes=schedule.lanes,
        jam=schedule.jam,
        load=schedule.load,
        order=schedule.order,
        input_row=source.row_stride,
        output_row=target.row_stride,
        residual_row=None if residual is None else residual.row_stride,
        activation=None if op.activation is None else op.activation.data,
        bits=(8 * fkw.offset.itemsize, 8 * fkw.reorder.itemsize, 8 * fkw.index.itemsize, 8 * fkw.stride.itemsize),
        ragged=(height % rows != 0, width % columns != 0),
        element=element,
    )
    blocks = 1 if op.group_count > 1 else pieces(source.channels, schedule.block)
    group = min(schedule.group, filters) // schedule.jam
    jammed = filters // schedule.jam
    tiles = pieces(height, rows), pieces(width, columns), pieces(jammed, group)
    bias = np.zeros(filters, np.float32) if op.bias is None else graph.array(op.bias)
    output = allocate(graph, op.output, layer)
    arguments: dict[str, Index] = {
        "input": graph.buffer(op.input),
        "output": output,
        **{name: graph.constant(f"{layer}.fkw.{name}", array) for name, array in fkw.arrays.items()},
        "bias": graph.constant(f"{layer}.fkw.bias", exactly(op, f"the bias of '{layer}'", bias, element)),
        "rows": tiles[0],
        "columns": tiles[1],
        "groups": tiles[2],
        "filters": jammed,
        "group": group,
        "blocks": blocks,
        "block_stride": schedule.block * source.channel_stride,
        "input_channel": source.channel_stride,
        "input_first": source.origin - op.window.pads[0] * source.row_stride - family.lead,
        "output_channel": target.channel_stride,
        "output_first": target.origin,
    }
    if residual is not None and op.residual is not None:
        arguments |= {
            "residual": graph.buffer(op.residual),
            "residual_channel": residual.channel_stride,
            "residual_first": residual.origin,
        }
    if family.ragged[0]:
        arguments["height"] = height
    if family.ragged[1]:
        arguments["width"] = width
    graph.launch(family, lambda name: conv_kernel(name, family), arguments, op)
