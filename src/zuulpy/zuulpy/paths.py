"""One spelling for each path, so that a filter, a route and an origin cannot read three.

Spellings on which servers are known to differ (`..`, `%2f`, backslash, NUL) are refused instead of
repaired: RFC 3986 6.2.2, and the families of bypass that path confusion makes possible.
"""

from __future__ import annotations

import re

from zuulpy.errors import FramingError

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9_~!$&'()*+,;=:@.-]*)+/?|/")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_REFUSED = frozenset("/\\\x00")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def _unescape(match: re.Match[str]) -> str:
    if match[1] is None:
        raise FramingError(400, "broken percent escape in the path")
    char = chr(int(match[1], 16))
    if char in _REFUSED:
        raise FramingError(400, "escaped slash, backslash or NUL in the path")
    return char if char in _UNRESERVED else match[0].upper()


def normalise(path: str) -> str:
    """`path` (absolute, no query) with unreserved escapes decoded and empty segments merged.

    Raises `FramingError` for dot segments, escaped slashes, backslashes and broken escapes.
    """
    if _PLAIN.fullmatch(path):
        return path
    if "\\" in path:
        raise FramingError(400, "backslash in the path")
    path = _ESCAPE.sub(_unescape, path)
    segments = path.split("/")
    # "..;x" is a dot segment to servers that cut path parameters off first.
    if any(segment.partition(";")[0] in (".", "..") for segment in segments):
        raise FramingError(400, "dot segment in the path")
    merged = "/" + "/".join(segment for segment in segments if segment)
    return merged + "/" if path.endswith("/") and merged != "/" else merged
