"""Artwork of the demo: palettes and posters, generated from a title's id, genre and mood."""

from .motifs import MOTIFS
from .palette import GENRE_HUES, MOODS, Palette, oklch, palette
from .poster import MAX_BYTES, SHAPES, VARIANTS, digest_of, poster

__all__ = [
    "GENRE_HUES",
    "MAX_BYTES",
    "MOODS",
    "MOTIFS",
    "SHAPES",
    "VARIANTS",
    "Palette",
    "digest_of",
    "oklch",
    "palette",
    "poster",
]
