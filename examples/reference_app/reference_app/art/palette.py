"""Three colours a title, chosen in OKLCH and written as sRGB.

OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020) keeps lightness and
chroma even over all hues, so that every title is equally dark at its ground and equally bright at
its light. What sRGB cannot show is brought in by lowering chroma, never lightness or hue.
"""

from __future__ import annotations

import hashlib
import math
from typing import NamedTuple

GENRE_HUES = {
    "romance": 12.0,
    "comedy": 75.0,
    "family": 130.0,
    "documentary": 165.0,
    "thriller": 205.0,
    "science fiction": 262.0,
    "crime": 300.0,
    "drama": 38.0,
}
"""Hue of the figure by genre, degrees."""


class _Mood(NamedTuple):
    ground: float
    figure: float
    chroma: float
    light_hue: float


MOODS = {
    "bright": _Mood(ground=0.36, figure=0.72, chroma=0.125, light_hue=95.0),
    "warm": _Mood(ground=0.27, figure=0.62, chroma=0.13, light_hue=75.0),
    "cold": _Mood(ground=0.25, figure=0.58, chroma=0.10, light_hue=215.0),
    "dark": _Mood(ground=0.19, figure=0.48, chroma=0.11, light_hue=62.0),
}
"""Lightness of ground and figure, chroma, and the hue of the light, by mood."""

HUE_JITTER = 16.0
LIGHT = (0.90, 0.075)


class Palette(NamedTuple):
    """Three colours as `#rrggbb`."""

    ground: str
    figure: str
    light: str


def palette(genre: str, mood: str, seed: str) -> Palette:
    """The colours of a title. `seed` (its id) moves the hue a little, so that genres vary.

    Raises `KeyError` for a genre or mood that is not in `GENRE_HUES` or `MOODS`.
    """
    hue, tone = GENRE_HUES[genre], MOODS[mood]
    drift = _signed(seed, "hue") * HUE_JITTER
    # The ground leans away from the figure: two hues side by side have more depth than one.
    lean = math.copysign(38.0, _signed(seed, "lean"))
    return Palette(
        ground=oklch(tone.ground, tone.chroma * 0.6, hue + drift + lean),
        figure=oklch(tone.figure, tone.chroma, hue + drift),
        light=oklch(*LIGHT, tone.light_hue + drift),
    )


def oklch(lightness: float, chroma: float, hue: float) -> str:
    """A colour as `#rrggbb`; lightness 0 to 1, chroma 0 to about 0.37, hue in degrees."""
    linear = _linear(lightness, chroma, hue)
    if not _shown(linear):
        inside, outside = 0.0, chroma
        for _ in range(16):
            middle = (inside + outside) / 2
            if _shown(_linear(lightness, middle, hue)):
                inside = middle
            else:
                outside = middle
        linear = _linear(lightness, inside, hue)
    return "#" + "".join(f"{round(255 * _gamma(min(max(c, 0.0), 1.0))):02x}" for c in linear)


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _shown(linear: tuple[float, float, float]) -> bool:
    return all(-1e-4 <= channel <= 1.0001 for channel in linear)


def _gamma(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _signed(seed: str, purpose: str) -> float:
    """A number from -1 to 1 that belongs to this seed."""
    digest = hashlib.sha256(f"{purpose}:{seed}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 0xFFFFFFFF * 2 - 1
