"""What can be wrong in Open Connect.

OpenConnectError
├── SignatureError     a playback URL that may not be served
├── HeartbeatError     a heartbeat that cannot be read
├── AddressError       a viewer's address that is no IP address
└── BadRequestError    a request an appliance cannot understand
"""

from __future__ import annotations

from typing import Literal

SignatureReason = Literal["malformed", "forged", "expired", "other_title"]


class OpenConnectError(Exception):
    """Base of all errors of this room."""


class SignatureError(OpenConnectError):
    """The signed segment of a playback URL does not hold; `reason` says why."""

    def __init__(self, reason: SignatureReason, message: str) -> None:
        super().__init__(message)
        self.reason: SignatureReason = reason


class HeartbeatError(OpenConnectError):
    """A heartbeat lacks `field` or has something else there."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"heartbeat, {field}: {message}")
        self.field = field


class AddressError(OpenConnectError):
    """`address` is not an IP address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address!r} is not an IP address")
        self.address = address


class BadRequestError(OpenConnectError):
    """A request that is answered with `status` and then hung up on."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
