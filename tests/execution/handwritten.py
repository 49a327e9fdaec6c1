"""Small networks in C written by hand, to test the emitted folder without the compiler that fills it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrc.backends import lrw
from lrc.backends.emitted import EmittedModel, KernelUnit, LayerRow, Port
from lrc.backends.folder import write_folder
from lrc.backends.names import model_name
from lrc.execution.host import machine_of

CHANNELS, ROWS, COLUMNS = SHAPE = 6, 3, 4
ROW_STRIDE, ORIGIN = 8, 5
CHANNEL_STRIDE = ROW_STRIDE * ROWS
ELEMENTS = ORIGIN + CHANNELS * CHANNEL_STRIDE

DECLARATIONS = """
typedef struct {
  const float *x, *factor;
  const uint16_t *channel;
  float *scaled;
} NAME_scale_args;

void NAME_k_scale(const void *args, size_t begin, size_t end);
"""

KERNEL = f"""\
#include "NAME_kernels.h"

/* scaled[c] = x[channel[c]] * factor[c], a point for each channel */
void NAME_k_scale(const void *args, size_t begin, size_t end) {{
  const NAME_scale_args *a = (const NAME_scale_args *)args;
  for (size_t c = begin; c < end; c++)
    for (size_t row = 0; row < {ROWS}; row++)
      for (size_t column = 0; column < {COLUMNS}; column++)
        a->scaled[{ORIGIN} + c * {CHANNEL_STRIDE} + row * {ROW_STRIDE} + column] =
            a->x[(a->channel[c] * {ROWS} + row) * {COLUMNS} + column] * a->factor[c];
}}
"""

GRAPH = f"""
static void NAME_graph(NAME_t *m, const float *x, const float *shift, float *y, float *sum) {{
  const NAME_scale_args scale = {{x, WEIGHTS(@factor@), WEIGHTS(@channel@), ARENA(0)}};
  const float *scaled = ARENA(0);
  LAUNCH(NAME_k_scale, &scale, {CHANNELS});
  LAYER(0, scaled);
  *sum = 0.0f;
  for (size_t i = 0; i < {CHANNELS * ROWS * COLUMNS}; i++) {{
    y[i] = scaled[{ORIGIN} + i / {ROWS * COLUMNS} * {CHANNEL_STRIDE} + i / {COLUMNS} % {ROWS} * {ROW_STRIDE} +
                  i % {COLUMNS}] + *shift;
    *sum += y[i];
  }}
  LAYER(1, y);
}}
"""


def weights(seed: int = 0) -> dict[str, NDArray[Any]]:
    """Factors that are powers of two, so that results are exact, and a permutation of the channels."""
    random = np.random.default_rng(seed)
    factor = np.exp2(random.integers(-3, 3, CHANNELS)).astype(np.float32)
    return {"channel": random.permutation(CHANNELS).astype(np.uint16), "factor": factor}


def model(name: str, target: str, arrays: Mapping[str, NDArray[Any]]) -> EmittedModel:
    """y = x[channels permuted] * factor + shift, and the sum of it."""
    offsets = lrw.layout(arrays).offsets
    c_name = model_name(name)
    graph = GRAPH.replace("@factor@", str(offsets["factor"])).replace("@channel@", str(offsets["channel"]))
    shape = (1, CHANNELS, ROWS, COLUMNS)
    return EmittedModel(
        name=name,
        machine=machine_of(target),
        inputs=(Port("x", shape), Port("shift", (1, 1))),
        outputs=(Port("y", shape), Port("sum", (1, 1))),
        arena_bytes=4 * ELEMENTS,
        layers=(
            LayerRow("block.scale", "mul", ELEMENTS, *SHAPE, ORIGIN, ROW_STRIDE, CHANNEL_STRIDE, "f32"),
            LayerRow("y", "add", CHANNELS * ROWS * COLUMNS, *SHAPE, 0, COLUMNS, ROWS * COLUMNS, "f32"),
        ),
        declarations=DECLARATIONS.replace("NAME", c_name),
        kernels=(KernelUnit("kernels_scale.c", KERNEL.replace("NAME", c_name)),),
        graph=graph.replace("NAME", c_name),
        facts={"schedules": {"block.scale": "by hand"}},
    )


def emit(folder: Path, name: str = "two-scales", target: str = "host", seed: int = 0, embed: bool = False) -> Path:
    """Writes the network's folder."""
    arrays = weights(seed)
    write_folder(folder, model(name, target, arrays), arrays, embed)
    return folder


def inputs(pictures: int = 1, seed: int = 1) -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed)
    x = random.integers(-99, 99, (pictures, CHANNELS, ROWS, COLUMNS)).astype(np.float32)
    return {"x": x, "shift": random.integers(-9, 9, (pictures, 1)).astype(np.float32)}


def expected(given: Mapping[str, NDArray[np.float32]], seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """What the network makes of the inputs."""
    arrays = weights(seed)
    scaled = given["x"][:, arrays["channel"]] * arrays["factor"][:, None, None]
    y = scaled + given["shift"][:, :, None, None]
    return {"y": y, "sum": y.sum(axis=(1, 2, 3))[:, None]}
