"""What can be wrong with films.

MediaError
├── FfmpegMissingError    no ffmpeg that can make films
├── BuildError            a film could not be made; `film` says which
└── ManifestError         a film's manifest cannot be read; `path` says which
"""

from __future__ import annotations

from pathlib import Path


class MediaError(Exception):
    """Base of all errors of this room. Its text is one line for people."""


class FfmpegMissingError(MediaError):
    """No ffmpeg with libx264 and drawtext; `tried` lists what was looked at, and what it lacks."""

    def __init__(self, tried: dict[str, str]) -> None:
        found = "; ".join(f"{path}: {lack}" for path, lack in tried.items()) or "none was found"
        super().__init__(
            f"No ffmpeg with libx264 and drawtext ({found}). "
            "Install one: pip install imageio-ffmpeg, or apt-get install ffmpeg."
        )
        self.tried = tried


class BuildError(MediaError):
    """The film `film` could not be made, for `reason`."""

    def __init__(self, film: str, reason: str) -> None:
        super().__init__(f"{film} could not be made: {reason}")
        self.film, self.reason = film, reason


class ManifestError(MediaError):
    """The manifest at `path` cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}")
        self.path, self.reason = path, reason
