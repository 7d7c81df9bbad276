"""What may stand in an address or a key: ids are checked where they come in, and nowhere else."""

from __future__ import annotations

import re

from ..server import ApiError

_ID = re.compile(r"[a-z0-9-]{1,64}")
_PICTURE = re.compile(r"[a-z0-9-]{1,96}\.svg")
_SESSION = re.compile(r"[A-Za-z0-9-]{8,64}")


def title_id(text: str) -> str:
    """A title's id; 404 for what can be none."""
    if not _ID.fullmatch(text):
        raise ApiError(404, "no_such_title", f"There is no title {text!r}.")
    return text


def picture_name(text: str) -> str:
    """A picture's name; 404 for what can be none."""
    if not _PICTURE.fullmatch(text):
        raise ApiError(404, "no_such_picture", f"There is no picture {text!r}.")
    return text


def session_id(text: str, field: str) -> str:
    """A playback session's id, made by the client; 400 for what is not allowed."""
    if not _SESSION.fullmatch(text):
        expected = "8 to 64 letters, digits or dashes"
        raise ApiError(400, "bad_key", f"{field}: {text!r} is not allowed; expected {expected}.")
    return text
