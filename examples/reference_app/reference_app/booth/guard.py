"""Who may ask: Host and Origin of every request, the page's token and cookie, the peers' token.

The checks are pure functions that raise :class:`RefusedError`; :class:`Gate` applies the first of
them to everything, on loopback too, because a page of another origin reaches loopback as well
(DNS rebinding, cross-site requests).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import RefusedError

__all__ = [
    "COOKIE",
    "Gate",
    "check_cookie",
    "check_peer",
    "check_site",
    "check_token",
    "error_response",
    "session_cookie",
]

COOKIE = "halation_booth"
_SECURITY = {
    "content-security-policy": (
        "default-src 'self'; connect-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_FUNCTIONS = ("/booth/", "/v1/")


def check_site(headers: Headers, path: str, allowed: Collection[str]) -> None:
    """Host must be one of ``allowed`` (``name:port``, or ``name`` for any port), Origin the same.

    A request without Origin passes: browsers send it wherever another site could do harm, and
    say the site in Sec-Fetch-Site besides; programs send neither.

    Raises:
        RefusedError: 403, with the reason.
    """
    hosts = [host.lower() for host in headers.getlist("host")]
    if len(hosts) != 1 or not ({hosts[0], _name(hosts[0])} & {host.lower() for host in allowed}):
        raise RefusedError(403, "wrong_host", "This host name is not one the booth answers to.")
    origin = headers.get("origin")
    if origin is not None and origin.lower() not in (f"http://{hosts[0]}", f"https://{hosts[0]}"):
        raise RefusedError(403, "wrong_origin", "The request comes from a page of another origin.")
    site = headers.get("sec-fetch-site", "none")
    if path.startswith(_FUNCTIONS) and site not in ("none", "same-origin"):
        raise RefusedError(403, "wrong_origin", "The request comes from a page of another site.")


def _name(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def session_cookie(token: str) -> str:
    """The cookie's value: made from ``token``, does not show it, and outlives a restart."""
    return hmac.new(token.encode(), b"halation booth session", hashlib.sha256).hexdigest()


def check_token(given: object, token: str) -> None:
    """``given`` must be the token printed at start.

    Raises:
        RefusedError: 403.
    """
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), token.encode()):
        raise RefusedError(403, "wrong_token", "The token is not the one printed at start.")


def check_cookie(headers: Headers, token: str) -> None:
    """The request must carry the cookie of a session.

    Raises:
        RefusedError: 401.
    """
    expected = session_cookie(token).encode()
    # Not http.cookies: it stops at the first odd cookie that anything on this host has set.
    pairs = (pair.strip() for header in headers.getlist("cookie") for pair in header.split(";"))
    given = (value for name, _, value in (pair.partition("=") for pair in pairs) if name == COOKIE)
    if not any(hmac.compare_digest(value.encode(), expected) for value in given):
        raise RefusedError(
            401, "no_session", "Open the booth with the address printed at start; it has the token."
        )


def check_peer(headers: Headers, peer_token: str) -> None:
    """The request must carry the peers' token in ``x-peer``.

    Raises:
        RefusedError: 403.
    """
    if not hmac.compare_digest(headers.get("x-peer", "").encode(), peer_token.encode()):
        raise RefusedError(403, "not_a_peer", "Only processes of this house may ask for this.")


def error_response(status: int, code: str, message: str) -> Response:
    """An error in the shape that all rooms share; its trace id is new: the booth is not traced."""
    trace = secrets.token_hex(16)
    return JSONResponse(
        {"error": {"code": code, "message": message, "trace": trace}},
        status_code=status,
        headers={"x-trace": trace, "cache-control": "no-store"},
    )


class Gate:
    """ASGI middleware: refuses what :func:`check_site` refuses; puts security headers on all."""

    def __init__(self, app: ASGIApp, *, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_SECURITY)
            await send(message)

        try:
            check_site(Headers(scope=scope), scope["path"], self._allowed)
        except RefusedError as error:
            await error_response(error.status, error.code, error.reason)(
                scope, receive, send_guarded
            )
            return
        await self._app(scope, receive, send_guarded)
