"""The films an appliance holds: names checked, so that no request leaves their folders."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..media.library import finished

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")

CONTENT_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".json": "application/json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """A file being served; whoever opened it closes it."""

    file: BinaryIO
    size: int
    etag: str
    content_type: str


class Shelf:
    """Finished films under one folder; a look at the folder finds new ones."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, Path] = {}

    @property
    def titles(self) -> frozenset[str]:
        """Ids of the films there were at the last look."""
        return frozenset(self._folders)

    def look(self) -> None:
        """See what is there now. Raises `OSError` when the folder cannot be read."""
        self._folders = finished(self._root)

    def open(self, title: str, name: str) -> OpenFile | None:
        """A file of a title, opened; None when there is none of this name.

        Only plain names pass, without separators or a leading dot, and links are not followed from
        inside a film's folder. The folder itself may be a link that the operator has laid.
        """
        folder = self._folders.get(title)
        suffix = os.path.splitext(name)[1]
        if folder is None or suffix not in CONTENT_TYPES or not _NAME.fullmatch(name):
            return None
        try:
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            return None
        return OpenFile(
            file=open(descriptor, "rb", buffering=0),
            size=found.st_size,
            etag=f'"{found.st_size:x}-{found.st_mtime_ns:x}"',
            content_type=CONTENT_TYPES[suffix],
        )
