"""Finished films on disk: which there are, and what their manifests say.

A film is a folder `<title>` with a `title.json`, which is written last; a folder without one is not
finished and does not count.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import ManifestError

MANIFEST = "title.json"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One quality of a film. `kbps` is the bound of its bit rate, `bandwidth` its peak in bit/s."""

    height: int
    width: int
    kbps: int
    label: str
    bandwidth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `title.json` says. Length in seconds, size of the folder in bytes."""

    id: str
    name: str
    seconds: float
    bytes: int
    recipe: str
    renditions: tuple[Rendition, ...]

    def write(self, folder: Path) -> None:
        """Put it into the film's folder."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """From the film's folder; `ManifestError` when it is not there or not whole."""
        path = folder / MANIFEST
        try:
            data = json.loads(path.read_text())
            renditions = tuple(Rendition(**rendition) for rendition in data.pop("renditions"))
            return cls(renditions=renditions, **data)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ManifestError(path, str(error)) from error


def finished(root: Path) -> dict[str, Path]:
    """Folders of the finished films under `root`, by title id; `OSError` when it cannot be read."""
    with os.scandir(root) as entries:
        return {
            entry.name: Path(entry.path)
            for entry in entries
            if _ID.fullmatch(entry.name) and os.path.exists(os.path.join(entry.path, MANIFEST))
        }
