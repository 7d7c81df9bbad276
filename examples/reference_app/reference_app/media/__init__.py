"""Films of the demo: generated, never shipped."""

from .build import build
from .errors import BuildError, FfmpegMissingError, ManifestError, MediaError
from .ffmpeg import find_ffmpeg
from .library import Manifest, Rendition, finished
from .recipe import RECIPE, Film, fingerprint

__all__ = [
    "RECIPE",
    "BuildError",
    "FfmpegMissingError",
    "Film",
    "Manifest",
    "ManifestError",
    "MediaError",
    "Rendition",
    "build",
    "find_ffmpeg",
    "fingerprint",
    "finished",
]
