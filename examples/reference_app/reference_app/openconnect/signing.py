"""Playback URLs that only the control plane can make and every appliance can check.

The signature is a path segment, `<expiry>.<claims>.<mac>`, so that relative names in a playlist
inherit it and playlists stay static files. Claims are readable by whoever holds the URL, and a
copied URL works until it expires: it is a ticket, not a secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from .errors import SignatureError


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a playback URL is good for."""

    account: int
    """The member's number."""
    device: str
    """Device class: tv, phone or console."""
    address: str
    """The viewer's (simulated) address."""
    mbit: float | None
    """Line rate the appliance paces to, Mbit/s; None: as fast as it goes."""
    title: str
    """The one title whose folder is covered."""
    session: str
    """The playback session."""
    traceparent: str | None
    """The unit of work that asked for the play; the appliance's span joins it."""

    def __post_init__(self) -> None:
        """Check what came from outside."""
        for name in ("device", "address", "title", "session"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be a string")
        if not isinstance(self.account, int):
            raise TypeError("account must be a whole number")
        if self.traceparent is not None and not isinstance(self.traceparent, str):
            raise TypeError("traceparent must be a string or None")
        if self.mbit is not None and not (
            isinstance(self.mbit, int | float) and 0 < self.mbit < math.inf
        ):
            raise ValueError("mbit must be above 0, or None")


def sign(secret: str, claims: Claims, now: float, ttl: float) -> str:
    """The path segment that admits `claims` for `ttl` seconds from `now` (unix seconds)."""
    packed = _b64(json.dumps(asdict(claims), separators=(",", ":")).encode())
    signed = f"{math.ceil(now + ttl)}.{packed}"
    return f"{signed}.{_mac(secret, signed)}"


def verify(secret: str, segment: str, title: str, now: float) -> Claims:
    """The claims of a segment that holds for this title at `now`; else `SignatureError`.

    The mac is checked before anything else is believed, in constant time.
    """
    signed, dot, mac = segment.rpartition(".")
    expiry, inner_dot, packed = signed.partition(".")
    if not (dot and inner_dot and segment.isascii()):
        raise SignatureError("malformed", "The address is not a signed one.")
    if not hmac.compare_digest(_mac(secret, signed), mac):
        raise SignatureError("forged", "The signature does not fit the address.")
    claims = _claims(expiry, packed)
    if now >= int(expiry):
        raise SignatureError("expired", "The address has expired.")
    if claims.title != title:
        raise SignatureError("other_title", f"The address is for {claims.title}, not {title}.")
    return claims


def _claims(expiry: str, packed: str) -> Claims:
    try:
        int(expiry)
        fields: dict[str, Any] = json.loads(base64.urlsafe_b64decode(packed + "=" * 3))
        return Claims(**fields)
    except (ValueError, TypeError, binascii.Error) as error:
        raise SignatureError("malformed", f"The signed claims are not readable: {error}") from error


def _mac(secret: str, signed: str) -> str:
    return _b64(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
