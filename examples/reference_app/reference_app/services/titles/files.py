"""File choice: which renditions a device gets, and with which it starts. A pure table.

Follows the playback row of the design: device class, screen and measured rate decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict


class Rendition(TypedDict):
    """One encoding of a film, as its manifest tells it."""

    height: int
    kbps: int
    label: str


TALLEST = {"tv": 2160, "console": 1080, "phone": 540}
"""Greatest picture height that is worth sending to a device class, in lines."""

HEADROOM = 0.7
"""Share of the measured rate that the first rendition may use, so that the start does not stall."""


def choose_files(
    renditions: Sequence[Rendition], device: str, kbps: int
) -> tuple[list[Rendition], int]:
    """Renditions for the device, lowest first, and the index of the one to start with.

    `kbps` is the line's measured rate in kbit/s. The lowest rendition is always part of the set.
    Raises ValueError for a device class that is not in `TALLEST`.
    """
    if device not in TALLEST:
        raise ValueError(f"device: {device!r} is not allowed; expected one of {sorted(TALLEST)}")
    ladder = sorted(renditions, key=lambda rendition: rendition["kbps"])
    chosen = [r for r in ladder if r["height"] <= TALLEST[device]] or ladder[:1]
    start = 0
    for index, rendition in enumerate(chosen):
        if rendition["kbps"] <= kbps * HEADROOM:
            start = index
    return chosen, start
