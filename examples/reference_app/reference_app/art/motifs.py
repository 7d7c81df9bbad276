"""What a genre is drawn with: one function a genre, each in a box from -100 to 100.

A motif is a few shapes in the tones it is given. Where it stands, how large and how often is the
composition's affair (`poster`); the numbers of a title's motif come from its id.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable

from .ink import Ink

Motif = Callable[[random.Random, Ink], str]
Point = tuple[float, float]


def arcs(chance: random.Random, ink: Ink) -> str:
    """Romance: two families of arcs that meet."""
    shapes = []
    gap = chance.uniform(13, 17)
    reach = chance.uniform(44, 60)
    for side, tones in ((-1, (ink.figure, ink.bright)), (1, (ink.deep, ink.figure))):
        x = side * reach / 2
        for ring in range(5):
            radius = 22 + ring * gap
            tone = tones[ring % 2]
            left, right = x - radius, x + radius
            shapes.append(
                f'<path d="M{left:.0f} 60A{radius:.0f} {radius:.0f} 0 0 1 {right:.0f} 60" '
                f'fill="none" stroke="{tone}" stroke-width="{gap * 0.55:.1f}"/>'
            )
    return "".join(shapes)


def shards(chance: random.Random, ink: Ink) -> str:
    """Thriller: splinters that point at one place."""
    shapes = []
    turn = chance.uniform(0, 360)
    count = chance.choice((7, 8, 9))
    tones = (ink.deep, ink.figure, ink.night, ink.bright)
    for n in range(count):
        angle = math.radians(turn + n * 360 / count + chance.uniform(-9, 9))
        width = math.radians(chance.uniform(7, 17))
        near, far = chance.uniform(12, 24), chance.uniform(80, 150)
        points = [
            _polar(near, angle),
            _polar(far, angle - width),
            _polar(far * chance.uniform(0.72, 0.95), angle + width),
        ]
        shapes.append(f'<path d="{_polygon(points)}" fill="{tones[n % 4]}"/>')
    return "".join(shapes)


def horizon(chance: random.Random, ink: Ink) -> str:
    """Drama: hills behind hills."""
    shapes = []
    tones = (ink.bright, ink.figure, ink.deep, ink.night)
    for n, tone in enumerate(tones):
        top = -22 + n * 27
        one, two = chance.uniform(-34, 16), chance.uniform(-16, 34)
        shapes.append(
            f'<path d="M-540 {top - one:.0f}Q-300 {top + two:.0f} -220 {top + 12:.0f}'
            f"C-130 {top + one:.0f} -60 {top + two:.0f} 30 {top:.0f}"
            f'S190 {top - two:.0f} 300 {top + one / 2:.0f}T540 {top:.0f}V420H-540Z" fill="{tone}"/>'
        )
    return "".join(shapes)


def grid(chance: random.Random, ink: Ink) -> str:
    """Crime: a street front at night, a few windows lit."""
    shapes = []
    x = -110.0
    while x < 104:
        wide = chance.choice((26, 34, 44))
        high = chance.uniform(85, 195)
        tone = chance.choice((ink.night, ink.deep, ink.deep, ink.figure))
        shapes.append(f'<path d="M{x:.0f} {100 - high:.0f}h{wide}V400h-{wide}Z" fill="{tone}"/>')
        lit = [
            (x + 5 + column * 10, 108 - high + row * 14)
            for column in range((wide - 4) // 10)
            for row in range(int(high // 14))
            if chance.random() < 0.2
        ]
        windows = "".join(f"M{a:.0f} {b:.0f}h5v8h-5Z" for a, b in lit)
        if windows:
            colour = chance.choice((ink.light, ink.bright))
            shapes.append(f'<path d="{windows}" fill="{colour}"/>')
        x += wide + chance.choice((0, 0, 4))
    return "".join(shapes)


def orbits(chance: random.Random, ink: Ink) -> str:
    """Science fiction: paths around one body, and what travels on them."""
    tilt = chance.uniform(-38, 38)
    flat = chance.uniform(0.26, 0.5)
    shapes = [f'<g transform="rotate({tilt:.0f})">']
    for n in range(5):
        radius = 44 + n * 22
        tone = (ink.bright, ink.figure, ink.figure, ink.deep, ink.deep)[n]
        shapes.append(
            f'<ellipse rx="{radius}" ry="{radius * flat:.0f}" fill="none" stroke="{tone}" '
            f'stroke-width="{3.2 - n * 0.4:.1f}"/>'
        )
        if n % 2 == 0:
            x, y = _polar(radius, chance.uniform(0, math.tau))
            size = chance.uniform(4, 9)
            shapes.append(
                f'<circle cx="{x:.0f}" cy="{y * flat:.0f}" r="{size:.1f}" fill="{ink.light}"/>'
            )
    body = chance.uniform(26, 34)
    shapes.append(f'<circle r="{body:.0f}" fill="{ink.figure}"/>')
    shade = body * 1.7
    shapes.append(
        f'<path d="M0 {-body:.0f}A{body:.0f} {body:.0f} 0 0 1 0 {body:.0f}'
        f'A{shade:.0f} {shade:.0f} 0 0 0 0 {-body:.0f}" fill="{ink.night}"/></g>'
    )
    return "".join(shapes)


def blobs(chance: random.Random, ink: Ink) -> str:
    """Family: round things that keep each other company."""
    shapes = []
    places = ((-46, 28, 62), (42, 40, 54), (4, -40, 46), (66, -38, 24), (-70, -44, 18))
    tones = (ink.figure, ink.deep, ink.bright, ink.light, ink.figure)
    for (x, y, size), tone in zip(places, tones, strict=True):
        points = [
            (x + px, y + py)
            for px, py in (
                _polar(size * chance.uniform(0.82, 1.14), step * math.tau / 7) for step in range(7)
            )
        ]
        shapes.append(f'<path d="{_round(points)}" fill="{tone}"/>')
    return "".join(shapes)


def stripes(chance: random.Random, ink: Ink) -> str:
    """Comedy: an awning of stripes that does not hang quite straight."""
    shapes = []
    count = chance.choice((7, 9))
    lean = chance.uniform(-46, 46)
    for n in range(count):
        left, right = -120 + n * 240 / count, -120 + (n + 1) * 240 / count
        tone = (ink.figure, ink.light, ink.deep, ink.light)[n % 4]
        drop = 62 + 16 * math.sin(n * 1.3 + lean)
        middle = (left + right) / 2
        shapes.append(
            f'<path d="M{left * 0.7 + lean:.0f} -90L{right * 0.7 + lean:.0f} -90L{right:.0f} '
            f'{drop:.0f}Q{middle:.0f} {drop + 34:.0f} {left:.0f} {drop:.0f}Z" fill="{tone}"/>'
        )
    return "".join(shapes)


def contours(chance: random.Random, ink: Ink) -> str:
    """Documentary: a survey of one hill, line by line."""
    phases = [chance.uniform(0, math.tau) for _ in range(3)]
    shapes = []
    for n in range(9):
        radius = 122 - n * 13
        points = []
        for step in range(14):
            angle = step * math.tau / 14
            wave = (
                1 + 0.13 * math.sin(2 * angle + phases[0]) + 0.09 * math.sin(3 * angle + phases[1])
            )
            x, y = _polar(radius * wave, angle)
            points.append((x + n * 3.4 * math.cos(phases[2]), y * 0.8 + n * 3.4))
        tone = (ink.deep, ink.figure, ink.bright)[n // 3]
        fill = ink.ground if n == 0 else "none"
        width = 4.5 if n % 4 == 0 else 2.2
        shapes.append(
            f'<path d="{_round(points)}" fill="{fill}" stroke="{tone}" stroke-width="{width}"/>'
        )
    return "".join(shapes)


MOTIFS: dict[str, Motif] = {
    "romance": arcs,
    "thriller": shards,
    "drama": horizon,
    "crime": grid,
    "science fiction": orbits,
    "family": blobs,
    "comedy": stripes,
    "documentary": contours,
}
"""Motif by genre."""


def _polar(radius: float, angle: float) -> Point:
    return radius * math.cos(angle), radius * math.sin(angle)


def _polygon(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points) + "Z"


def _round(points: list[Point]) -> str:
    """A closed curve through the middles of the sides, with the points as its handles."""
    middles = [
        ((x + next_x) / 2, (y + next_y) / 2)
        for (x, y), (next_x, next_y) in zip(points, points[1:] + points[:1], strict=True)
    ]
    start = middles[-1]
    curves = [
        f"Q{x:.0f} {y:.0f} {mx:.0f} {my:.0f}"
        for (x, y), (mx, my) in zip(points, middles, strict=True)
    ]
    return f"M{start[0]:.0f} {start[1]:.0f}" + "".join(curves) + "Z"
