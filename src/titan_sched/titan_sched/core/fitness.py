"""How good a host is for a task: bin packing.

Hosts in use come before empty ones, so that whole hosts stay free; among them the fuller one after
the placement, less the gap between its free shares of cpu and of memory (a host whose memory is
gone while its cpu is idle is lost to most tasks). After Fenzo's cpuMemBinPacker, which has no such
term.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_IN_USE = 4.0


def pack(free: Floats, inverse_total: Floats, in_use: npt.NDArray[np.bool_], ask: Floats) -> Floats:
    """The score of each host, higher is better; whether the task fits is not asked here.

    Args:
        free: what is left, one row a host, columns as `RESOURCES`.
        inverse_total: 1 / total of cpu and memory (0 where a host has none), one row a host.
        in_use: whether a host has any task.
        ask: the task's resources.
    """
    share = (free[:, :2] - ask[:2]) * inverse_total
    cpu, memory = share[:, 0], share[:, 1]
    return in_use * _IN_USE - (cpu + memory) / 2 - np.abs(cpu - memory)
