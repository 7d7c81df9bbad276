"""What can go wrong, as a tree.

EVCacheError
|-- InvalidKeyError (ValueError)        the key may not be sent; always raised
|   `-- KeyTooLongError
|-- CodecError (ValueError)             stored bytes that no codec here can read
|-- NodeUnavailableError (ConnectionError)
|   `-- QueueFullError                  too many unanswered commands on one connection
|-- DeadlineExceededError (TimeoutError)
|-- ProtocolError                       the stream is not what was asked for; connection closed
|-- RefusedError                        the node answered that it did not do it
`-- LatchNotMetError                    too few zones acknowledged a write

A call raises the errors of the cluster only with ``raise_errors=True``; without it they are data:
`Item.error` and `Latch.failed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class EVCacheError(Exception):
    """Base of everything this package raises on its own account."""


class InvalidKeyError(EVCacheError, ValueError):
    """A key with white space, control characters, or nothing in it. Carries `key`."""

    allowed = (
        "1 to 200 characters, at most 250 bytes of UTF-8, no white space, no control characters"
    )

    def __init__(self, key: str) -> None:
        shown = key if len(key) <= 80 else f"{key[:77]}..."
        super().__init__(f"cache key {shown!r} is not allowed: {self.allowed}")
        self.key = key


class KeyTooLongError(InvalidKeyError):
    """A key over 200 characters or 250 bytes, its prefix included. Carries `key`."""


class CodecError(EVCacheError, ValueError):
    """Stored bytes that cannot be read as a value. Carries `flags`."""

    def __init__(self, flags: int, why: str) -> None:
        super().__init__(f"cannot read a value stored under flags {flags}: {why}")
        self.flags = flags


class NodeUnavailableError(EVCacheError, ConnectionError):
    """A node that cannot be reached or is marked down. Carries `node`, as ``zone/name``."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(f"{node} is unavailable: {why}")
        self.node = node


class QueueFullError(NodeUnavailableError):
    """A connection with too many unanswered commands takes no more. Carries `node`."""


class DeadlineExceededError(EVCacheError, TimeoutError):
    """No answer within the time of the call. Carries `node`."""

    def __init__(self, node: str) -> None:
        super().__init__(f"{node} did not answer in time")
        self.node = node


class ProtocolError(EVCacheError):
    """A reply that was not asked for, or is no reply at all. Carries `line`."""

    def __init__(self, why: str, line: bytes = b"") -> None:
        super().__init__(f"{why}: {line[:80]!r}" if line else why)
        self.line = line


class RefusedError(EVCacheError):
    """The node answered that it did not do it. Carries `node` and `answer`, as ``NS``."""

    def __init__(self, node: str, answer: str) -> None:
        super().__init__(f"{node} refused: {answer}")
        self.node = node
        self.answer = answer


class LatchNotMetError(EVCacheError):
    """A write that too few zones acknowledged. Carries `acked`, `failed` and `pending`."""

    def __init__(
        self, acked: tuple[str, ...], failed: Mapping[str, EVCacheError], pending: tuple[str, ...]
    ) -> None:
        why = "; ".join(str(error) for error in failed.values()) or "no zone is known"
        super().__init__(f"acknowledged by {', '.join(acked) or 'no zone'}: {why}")
        self.acked = acked
        self.failed = failed
        self.pending = pending
