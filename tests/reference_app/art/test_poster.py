"""Posters: small, whole, the same each time, and none like another on the page."""

import hashlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright
from reference_app.art import (
    GENRE_HUES,
    MAX_BYTES,
    MOODS,
    MOTIFS,
    SHAPES,
    VARIANTS,
    palette,
    poster,
)
from reference_app.services.titles.catalogue import TITLES, Title

SVG = "{http://www.w3.org/2000/svg}"
# Draws a picture to 8 x 12 points, so that the browser's own scaling averages, and reads them.
SAMPLE = """async svgs => {
  const canvas = new OffscreenCanvas(8, 12), context = canvas.getContext("2d");
  const grey = [];
  for (const svg of svgs) {
    const image = new Image();
    image.src = "data:image/svg+xml," + encodeURIComponent(svg);
    await image.decode();
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, 8, 12);
    const points = context.getImageData(0, 0, 8, 12).data;
    grey.push([...points].filter((_, at) => at % 4 < 3));
  }
  return grey;
}"""


def draw(title_id: str, variant: str, shape: str, genre: str, mood: str) -> str:
    return poster(title_id, variant, shape, palette(genre, mood, title_id), genre)


def default(title: Title) -> str:
    index = int(hashlib.sha256(title.id.encode()).hexdigest(), 16) % len(VARIANTS)
    return draw(title.id, VARIANTS[index], "2x3", title.genre, title.mood)


@settings(max_examples=80)
@given(
    st.text(max_size=20),
    st.sampled_from(VARIANTS),
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from(sorted(MOTIFS)),
    st.sampled_from(sorted(MOODS)),
)
def test_every_poster_is_small_whole_and_without_text(
    title_id: str, variant: str, shape: str, genre: str, mood: str
) -> None:
    svg = draw(title_id, variant, shape, genre, mood)
    assert svg == draw(title_id, variant, shape, genre, mood)
    assert len(svg.encode()) <= MAX_BYTES
    root = ET.fromstring(svg)
    width, height = SHAPES[shape]
    assert root.get("viewBox") == f"0 0 {width} {height}"
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert not kinds & {"text", "filter", "image", "script", "style", "foreignObject"}
    ids = set(re.findall(r'id="(\w+)"', svg))
    assert set(re.findall(r'(?:url\(|href=")#(\w+)', svg)) <= ids
    assert not re.search(r' (?:d|transform|c[xy]|r[xy]?)="[^"]*(?:nan|inf|\de)', svg)


def test_the_shapes_are_those_of_their_names() -> None:
    for shape, (width, height) in SHAPES.items():
        wide, high = map(int, shape.split("x"))
        assert width * high == height * wide


def test_each_variant_and_each_title_is_another_picture() -> None:
    drawn = {
        draw(title.id, variant, shape, title.genre, title.mood)
        for title in TITLES
        for variant in VARIANTS
        for shape in SHAPES
    }
    assert len(drawn) == len(TITLES) * len(VARIANTS) * len(SHAPES)


def test_every_genre_has_colours_and_a_motif() -> None:
    assert set(GENRE_HUES) == set(MOTIFS)
    assert {title.genre for title in TITLES} <= set(MOTIFS)


@pytest.mark.parametrize("wrong", ["variant", "shape", "genre"])
def test_what_is_not_known_is_an_error(wrong: str) -> None:
    known = {"variant": "place", "shape": "2x3", "genre": "drama", wrong: "other"}
    with pytest.raises(KeyError):
        poster("x", known["variant"], known["shape"], palette("drama", "warm", "x"), known["genre"])


def fingerprint(points: list[int]) -> list[bool]:
    """Difference hash of each colour channel: is a point brighter than its neighbours?"""
    bits = []
    for channel in range(3):
        values = points[channel::3]
        rows = [values[at : at + 8] for at in range(0, len(values), 8)]
        bits += [a > b for row in rows for a, b in pairwise(row)]
        bits += [a > b for row, below in pairwise(rows) for a, b in zip(row, below, strict=True)]
    return bits


def test_no_two_titles_on_the_page_look_alike(chromium: Callable[[], Any]) -> None:
    browser = chromium()
    with sync_playwright() as playwright:
        over = playwright.chromium.connect_over_cdp(f"http://{browser.host}:{browser.port}")
        sampled = over.new_page().evaluate(SAMPLE, [default(title) for title in TITLES])
        over.close()
    bits = [fingerprint(points) for points in sampled]
    near = {
        (one.id, other.id): sum(x != y for x, y in zip(a, b, strict=True)) / len(a)
        for (one, a), (other, b) in combinations(zip(TITLES, bits, strict=True), 2)
    }
    closest = min(near, key=near.__getitem__)
    assert near[closest] > 0.2, closest
