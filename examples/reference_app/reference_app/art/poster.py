"""Posters: a palette, a genre's motif, and one of six compositions, as a small SVG without text.

The title stands over the picture as HTML: an `<img>` cannot use the page's fonts. Nor are there
filters in it: sixty posters with filters stall a page. Grain is the page's own affair.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass

from .ink import BRAND, Ink
from .motifs import MOTIFS
from .palette import Palette

SHAPES = {"2x3": (400, 600), "16x9": (960, 540), "21x9": (1260, 540)}
"""Width and height of the picture's own units, by shape."""

MAX_BYTES = 8192


@dataclass(frozen=True, slots=True)
class _Light:
    """The one light of a picture: place as shares of width and height, size of the shorter side."""

    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class _Scene:
    """A composition at work on one picture."""

    chance: random.Random
    ink: Ink
    motif: str
    width: int
    height: int

    @property
    def short(self) -> int:
        """The shorter side."""
        return min(self.width, self.height)

    @property
    def tall(self) -> bool:
        """Upright, as on a wall."""
        return self.height > self.width

    def put(self, x: float, y: float, scale: float, *, turn: float = 0, flip: bool = False) -> str:
        """The motif at a place (shares of width and height); scale 1 fills the shorter side."""
        size = scale * self.short / 200
        steps = f"translate({x * self.width:.0f} {y * self.height:.0f})"
        if turn:
            steps += f"rotate({turn:.0f})"
        steps += f"scale({-size if flip else size:.2f} {size:.2f})"
        return f'<use href="#m" transform="{steps}"/>'

    def floor(self, y: float, colour: str) -> str:
        """Everything below a line in one colour."""
        top = y * self.height
        return f'<path d="M0 {top:.0f}H{self.width}V{self.height}H0Z" fill="{colour}"/>'

    def disc(self, light: _Light, colour: str, scale: float, *, opacity: float = 1) -> str:
        """A plain disc where the light is."""
        return (
            f'<circle cx="{light.x * self.width:.0f}" cy="{light.y * self.height:.0f}" '
            f'r="{light.size * scale * self.short:.0f}" fill="{colour}" opacity="{opacity}"/>'
        )


_Composition = Callable[[_Scene], tuple[_Light, str, str]]
"""Light, what is behind it, and what is before it."""


def _place(scene: _Scene) -> tuple[_Light, str, str]:
    """A wide view: a low sun, the motif far off, ground in front."""
    x = scene.chance.choice((0.3, 0.38, 0.62, 0.7))
    light = _Light(x, 0.46 if scene.tall else 0.42, 0.13)
    y = 0.66 if scene.tall else 0.62
    before = scene.put(1 - x, y, 0.95 if scene.tall else 1.05) + scene.floor(0.86, scene.ink.night)
    return light, "", before


def _close_up(scene: _Scene) -> tuple[_Light, str, str]:
    """So near that the motif leaves the frame; the light is behind its shoulder."""
    flip = scene.chance.random() < 0.5
    light = _Light(0.3 if flip else 0.7, 0.26, 0.2)
    x = 0.7 if flip else 0.3
    return light, "", scene.put(x, 0.62, 2.3 if scene.tall else 1.9, turn=-14, flip=flip)


def _pair(scene: _Scene) -> tuple[_Light, str, str]:
    """Two of a kind that face each other, and the light between them."""
    light = _Light(0.5, 0.4, 0.12)
    if scene.tall:
        return light, scene.put(0.5, 0.2, 0.86, turn=180), scene.put(0.5, 0.76, 0.98)
    return light, scene.put(0.74, 0.56, 0.9, flip=True), scene.put(0.26, 0.56, 0.9)


def _object(scene: _Scene) -> tuple[_Light, str, str]:
    """One thing alone, before a light that is larger than it."""
    light = _Light(0.5 if scene.tall else 0.64, 0.46, 0.34)
    halo = scene.disc(light, scene.ink.deep, 1.3, opacity=0.7)
    return light, halo, scene.put(light.x, 0.5, 0.62)


def _night(scene: _Scene) -> tuple[_Light, str, str]:
    """After sunset: a small light high up, stars, the motif as a shape at the foot."""
    light = _Light(scene.chance.uniform(0.62, 0.8), 0.19, 0.075)
    stars = "".join(
        f'<circle cx="{scene.chance.uniform(0, scene.width):.0f}" '
        f'cy="{scene.chance.uniform(0, 0.62 * scene.height):.0f}" '
        f'r="{scene.chance.choice((0.9, 1.2, 1.9))}"/>'
        for _ in range(26)
    )
    behind = f'<g fill="{scene.ink.light}" opacity=".75">{stars}</g>'
    return light, behind, scene.put(0.42, 0.76, 1.25 if scene.tall else 1.0)


def _abstract(scene: _Scene) -> tuple[_Light, str, str]:
    """The motif as a pattern, turned and repeated, the light set into it off the middle."""
    light = _Light(0.62, 0.38, 0.17)
    turn = scene.chance.choice((-30, 24, 90, 150))
    columns, rows = (2, 3) if scene.tall else (4, 2)
    tiles = "".join(
        scene.put(
            (column + 0.5) / columns,
            (row + 0.5) / rows,
            0.62,
            turn=turn + 180 * ((row + column) % 2),
        )
        for row in range(rows)
        for column in range(columns)
    )
    return light, tiles, ""


_COMPOSITIONS: dict[str, _Composition] = {
    "place": _place,
    "close-up": _close_up,
    "pair": _pair,
    "object": _object,
    "night": _night,
    "abstract": _abstract,
}

VARIANTS = tuple(_COMPOSITIONS)
"""Compositions that a title has; they share palette and motif."""


def digest_of(svg: str) -> str:
    """The hash of a picture's content that stands in its address: 12 hex digits."""
    return hashlib.sha256(svg.encode()).hexdigest()[:12]


def poster(title_id: str, variant: str, shape: str, palette: Palette, genre: str) -> str:
    """One picture of a title, the same for the same arguments, at most 8 kB.

    Raises `KeyError` for a variant, shape or genre that is not in `VARIANTS`, `SHAPES`, `MOTIFS`.
    """
    width, height = SHAPES[shape]
    ink = Ink.of(palette)
    if variant == "night":
        ink = ink.darker()
    motif = MOTIFS[genre](_chance(title_id), ink)
    scene = _Scene(_chance(title_id, variant), ink, motif, width, height)
    light, behind, before = _COMPOSITIONS[variant](scene)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" preserveAspectRatio="xMidYMid slice">'
        f'<defs>{_gradients(ink)}<g id="m">{motif}</g></defs>'
        f'<path d="M0 0H{width}V{height}H0Z" fill="url(#s)"/>'
        f"{behind}{_lamp(scene, light)}{before}"
        f'<path d="M0 0H{width}V{height}H0Z" fill="url(#v)"/></svg>'
    )


def _chance(*words: str) -> random.Random:
    return random.Random(hashlib.sha256("/".join(words).encode()).digest())


def _gradients(ink: Ink) -> str:
    """Sky, light with its glow, and a foot dark enough for a title to stand on."""
    return (
        '<linearGradient id="s" x2="0" y2="1">'
        f'<stop stop-color="{ink.ground}"/><stop offset=".6" stop-color="{ink.deep}"/>'
        f'<stop offset="1" stop-color="{ink.night}"/></linearGradient>'
        '<radialGradient id="l">'
        f'<stop stop-color="{ink.light}"/><stop offset=".34" stop-color="{ink.light}"/>'
        f'<stop offset=".4" stop-color="{BRAND}" stop-opacity=".62"/>'
        f'<stop offset=".62" stop-color="{BRAND}" stop-opacity=".2"/>'
        f'<stop offset="1" stop-color="{BRAND}" stop-opacity="0"/></radialGradient>'
        '<linearGradient id="v" x2="0" y2="1">'
        f'<stop offset=".55" stop-color="{ink.night}" stop-opacity="0"/>'
        f'<stop offset="1" stop-color="{ink.night}" stop-opacity=".82"/></linearGradient>'
    )


def _lamp(scene: _Scene, light: _Light) -> str:
    # The disc ends at 0.36 of the gradient; beyond it there is only glow.
    radius = light.size * scene.short / 0.36
    return (
        f'<circle cx="{light.x * scene.width:.0f}" cy="{light.y * scene.height:.0f}" '
        f'r="{radius:.0f}" fill="url(#l)"/>'
    )
