"""Artwork of the demo: palettes and posters, generated from a title's id, genre and mood."""

from .palette import Palette, palette

__all__ = ["Palette", "palette"]
