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
        free: what is left, one row a resource of `RESOURCES`, one column a host.
        inverse_total: 1 / total of cpu and memory (0 where a host has none), one row each.
        in_use: whether a host has any task.
        ask: the task's resources.
    """
    cpu = (free[0] - ask[0]) * inverse_total[0]
    memory = (free[1] - ask[1]) * inverse_total[1]
    score: Floats = in_use * _IN_USE - (cpu + memory) / 2 - np.abs(cpu - memory)
    return score
