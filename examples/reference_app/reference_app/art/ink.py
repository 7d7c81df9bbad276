"""The colours a poster is drawn with: a palette, and mixtures of it."""

from __future__ import annotations

from typing import NamedTuple

from .palette import Palette

BRAND = "#ff9e57"
"""The glow at the edge of a light: what gives the house its name."""
BLACK = "#07090e"


class Ink(NamedTuple):
    """Tones from the back of the picture to its light, as `#rrggbb`."""

    night: str
    ground: str
    deep: str
    figure: str
    bright: str
    light: str

    @classmethod
    def of(cls, palette: Palette) -> Ink:
        """Mix the tones of a palette."""
        return cls(
            night=mix(palette.ground, BLACK, 0.55),
            ground=palette.ground,
            deep=mix(palette.ground, palette.figure, 0.38),
            figure=palette.figure,
            bright=mix(palette.figure, palette.light, 0.45),
            light=palette.light,
        )

    def darker(self) -> Ink:
        """The same scene after sunset: every tone one step back, the light as it was."""
        return Ink(
            night=mix(self.night, BLACK, 0.4),
            ground=self.night,
            deep=mix(self.ground, self.night, 0.4),
            figure=mix(self.figure, self.ground, 0.45),
            bright=self.figure,
            light=self.light,
        )


def mix(one: str, other: str, share: float) -> str:
    """`one` with `share` (0 to 1) of `other` in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
