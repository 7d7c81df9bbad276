"""The member's session: a short-lived signed token in a cookie of its own name."""

from __future__ import annotations

import time

import jwt
from starlette.requests import Request
from starlette.responses import Response

from ..server import ApiError

COOKIE = "halation_session"
LIFETIME = 12 * 3600
"""Seconds for which a sign-in lasts."""


def start_session(response: Response, account: int, key: str, *, secure: bool) -> None:
    """Put a fresh session into the answer's cookies."""
    claims = {"sub": str(account), "exp": int(time.time()) + LIFETIME}
    token = jwt.encode(claims, key, algorithm="HS256")
    response.set_cookie(
        COOKIE, token, max_age=LIFETIME, httponly=True, samesite="lax", secure=secure, path="/"
    )


def end_session(response: Response) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


def account_of(request: Request, key: str) -> int:
    """The signed-in member's number; 401 where there is none or the session has ended."""
    token = request.cookies.get(COOKIE)
    if not token:
        raise ApiError(401, "signed_out", "Sign in first.")
    try:
        claims = jwt.decode(token, key, algorithms=["HS256"])
        return int(claims["sub"])
    except (jwt.InvalidTokenError, KeyError, ValueError) as error:
        raise ApiError(401, "session_ended", "The session has ended; sign in again.") from error
