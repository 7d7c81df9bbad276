"""Errors of the booth.

BoothError
├── TelemetryError       a body that is not OTLP-JSON
├── PatchError           a document that a merge patch cannot carry
├── RefusedError         a request that fails a check of Host, Origin, token or cookie
├── UnknownFaultError    no such target or action now
└── AlreadyBrokenError   the target is broken already
"""

from __future__ import annotations

__all__ = [
    "AlreadyBrokenError",
    "BoothError",
    "PatchError",
    "RefusedError",
    "TelemetryError",
    "UnknownFaultError",
]


class BoothError(Exception):
    """Base of all errors of the booth."""


class TelemetryError(BoothError):
    """A telemetry body cannot be read; ``reason`` says why, in one sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PatchError(BoothError):
    """``path`` holds a null, which RFC 7396 reads as "remove this member"."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path}: null cannot be told from an absent member, leave it out")
        self.path = path


class RefusedError(BoothError):
    """A request was refused: HTTP ``status``, ``code`` for programs, ``reason`` for people."""

    def __init__(self, status: int, code: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.reason = reason


class UnknownFaultError(BoothError):
    """Nothing called ``target`` can suffer ``action`` now."""

    def __init__(self, target: str, action: str) -> None:
        super().__init__(f"{target!r} cannot suffer {action!r} now")
        self.target = target
        self.action = action


class AlreadyBrokenError(BoothError):
    """``target`` is broken already, until ``until`` (unix seconds)."""

    def __init__(self, target: str, until: float) -> None:
        super().__init__(f"{target} is broken already")
        self.target = target
        self.until = until
