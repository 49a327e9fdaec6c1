"""Filter kernel reorder (FKR) as a plain algorithm: the order in which a layer's filters are stored.

Kernels need no order here: packing sorts those of a filter by pattern.
"""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer]


def reorder(assignment: Integers, groups: int = 1) -> NDArray[np.int32]:
    """The order of filters, stored position -> filter: longest first, and next to each other what is alike.

    `assignment` is [Co, Ci / groups], 0 for a removed kernel. Filters with equally many kernels form a group,
    as PatDNN has it, so that threads that share one finish together; within it they are ordered by
    similarity. Filters of different convolution groups read different channels and are kept apart.
    """
    filters = np.arange(len(assignment))
    length = np.count_nonzero(assignment, axis=1)
    convolution_group = filters // max(1, len(assignment) // groups)
    order = np.lexsort((filters, -length, convolution_group))
    changes = np.flatnonzero(np.diff(convolution_group[order]) | np.diff(length[order])) + 1
    parts = [part[chain(assignment[part])] for part in np.split(order, changes)]
    return np.concatenate(parts).astype(np.int32)


def chain(assignment: Integers) -> Integers:
    """Filters in a chain where each is followed by the most similar one left, the first of several; starts with 0."""
    if len(assignment) < 3 or (assignment == assignment[0]).all():
        return np.arange(len(assignment))
    alike = similarity(assignment)
    order = [0]
    alike[:, 0] = -1
    for _ in range(len(assignment) - 1):
        order.append(int(alike[order[-1]].argmax()))
        alike[:, order[-1]] = -1
    return np.array(order)


def similarity(assignment: Integers) -> NDArray[np.float32]:
    """How many kernels each two filters have in common, channel and pattern alike: [filters, filters]."""
    total = np.zeros((len(assignment), len(assignment)), np.float32)
    for pattern in range(1, int(assignment.max(initial=0)) + 1):
        has = (assignment == pattern).astype(np.float32)
        total += has @ has.T
    return total
