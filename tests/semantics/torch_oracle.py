"""The meaning of a module of the lr level by torch: an oracle that shares no code with lrc's own reference."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


def tensor(array: NDArray[Any]) -> torch.Tensor:
    """A float64 tensor of the array's numbers."""
    return torch.tensor(np.asarray(array, np.float64))
