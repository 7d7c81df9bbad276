"""The ring: which node of a group holds a key. Ketama as EVCache and spymemcached have it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from hashlib import md5
from struct import Struct

_words = Struct("<4I")
_word = Struct("<I")

DIGESTS_A_NODE = 40
"""MD5 digests a node; each gives four points, 160 in all."""


class Ring:
    """A fixed ring over named nodes.

    Args:
        names: one a node, as ``host/ip``. The port is no part of it: the text that is hashed is
            always ``host/ip:11211-i``, so a node keeps its keys when it comes back elsewhere.
    """

    __slots__ = ("_owners", "_points")

    def __init__(self, names: Sequence[str]) -> None:
        owners: dict[int, int] = {}
        for index, name in enumerate(names):
            owners.update(dict.fromkeys(_points(name), index))
        self._points = sorted(owners)
        self._owners = [owners[point] for point in self._points]

    def __call__(self, key: bytes) -> int:
        """Index of the node that holds `key`: the first point at or after its hash, and round."""
        place = bisect_left(self._points, _hash(key))
        return self._owners[place if place < len(self._points) else 0]


def _points(name: str) -> list[int]:
    return [
        point
        for i in range(DIGESTS_A_NODE)
        for point in _words.unpack(
            md5(f"{name}:11211-{i}".encode(), usedforsecurity=False).digest()
        )
    ]


def _hash(key: bytes) -> int:
    word: int = _word.unpack_from(md5(key, usedforsecurity=False).digest())[0]
    return word
