"""The stream: a snapshot of each topic, then its changes, to any number of readers.

One revision counter a topic. Every publication counts, also an empty patch: that is how a page
knows that what it shows is fresh. A reader that does not keep up is ended rather than waited for;
it comes back and begins with snapshots. Belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable

from .patch import diff

__all__ = ["Hub", "Subscription"]


class Subscription:
    """One reader. Iterate over it for the lines to send; it ends when it was too slow."""

    def __init__(self, topics: frozenset[str], limit: int) -> None:
        self.topics = topics
        self._limit = limit
        self._waiting: deque[str] = deque()
        self._changed = asyncio.Event()
        self.ended = False

    def put(self, message: str) -> None:
        """Queue ``message``; over the limit the reader is ended and what waits is dropped."""
        if len(self._waiting) >= self._limit:
            self._waiting.clear()
            self.end()
        elif not self.ended:
            self._waiting.append(message)
            self._changed.set()

    def end(self) -> None:
        """End the reader after what already waits."""
        self.ended = True
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self.ended:
                return
            self._changed.clear()
            await self._changed.wait()


class Hub:
    """All topics and their readers.

    Args:
        topics: their names.
        limit: messages that may wait for one reader, default 64 (about 8 s of four topics).
    """

    def __init__(self, topics: Iterable[str], *, limit: int = 64) -> None:
        self._revisions = dict.fromkeys(topics, 0)
        self._data: dict[str, object] = {}
        self._at: dict[str, float] = {}
        self._readers: set[Subscription] = set()
        self._limit = limit
        self._closed = False

    @property
    def topics(self) -> frozenset[str]:
        """Names of all topics."""
        return frozenset(self._revisions)

    def wanted(self) -> frozenset[str]:
        """Topics that somebody reads."""
        return frozenset[str]().union(*(reader.topics for reader in self._readers))

    def publish(self, topic: str, data: object, at: float) -> None:
        """``data`` is what ``topic`` is at ``at`` (unix seconds).

        Raises:
            PatchError: ``data`` holds a null in an object; nothing was published.
        """
        patch = diff(self._data.get(topic), data)
        first = topic not in self._data
        self._revisions[topic] += 1
        self._data[topic], self._at[topic] = data, at
        readers = [reader for reader in self._readers if topic in reader.topics]
        if readers:
            message = self._snapshot(topic) if first else self._message(topic, "patch", patch)
            for reader in readers:
                reader.put(message)

    def subscribe(self, topics: Iterable[str]) -> Subscription:
        """A reader of ``topics``; the snapshot of each that was published waits in it already."""
        reader = Subscription(frozenset(topics), self._limit)
        for topic in sorted(reader.topics):
            if topic in self._data:
                reader.put(self._snapshot(topic))
        self._readers.add(reader)
        if self._closed:
            reader.end()
        return reader

    def leave(self, reader: Subscription) -> None:
        """``reader`` is gone."""
        self._readers.discard(reader)

    def close(self) -> None:
        """End every reader, and whoever comes still."""
        self._closed = True
        for reader in self._readers:
            reader.end()

    def _snapshot(self, topic: str) -> str:
        return self._message(topic, "snapshot", self._data[topic])

    def _message(self, topic: str, kind: str, data: object) -> str:
        revision = self._revisions[topic]
        record = {
            "topic": topic,
            "rev": revision,
            "at": round(self._at[topic], 3),
            "kind": kind,
            "data": data,
        }
        text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return f"id: {revision}\ndata: {text}\n\n"
