"""The gateways: zuulpy's filter chain in front of the application APIs and the page."""

from __future__ import annotations

from collections.abc import Iterable

from zuulpy import Gateway, Request

from ..apis.session import COOKIE
from ..glue import Glue
from ..settings import Settings
from .page import Page

TIMEOUT, TRY_TIMEOUT = 3.0, 1.2
"""Seconds for a request in all, and for one origin: a hung API leaves time for another."""
SIGN_IN_TRY_TIMEOUT = 2.4
"""The same for signing in: checking a password is slow on purpose, and may take 2 s."""
ROUTES = {
    "/discovery": ("discovery-api", TRY_TIMEOUT),
    "/discovery/session": ("discovery-api", SIGN_IN_TRY_TIMEOUT),
    "/play": ("play-api", TRY_TIMEOUT),
}


def run_gateway(glue: Glue) -> None:
    """Serve until SIGTERM."""
    settings = glue.settings
    gateway = glue.gateway(settings.name, zone=settings.zone)
    set_up(gateway, settings)
    gateway.run(host=settings.host, port=settings.port)


def set_up(gateway: Gateway, settings: Settings) -> None:
    """Routes and filters."""
    for prefix, (service, try_timeout) in ROUTES.items():
        origin = settings.registry(service)
        gateway.route(prefix, to=origin, timeout=TIMEOUT, try_timeout=try_timeout, attempts=2)
    gateway.route("/", endpoint=Page())

    @gateway.inbound
    def only_our_cookie(request: Request) -> None:
        """No cookie of the booth, or of anything else on this host, reaches a service."""
        kept = session_cookie(request.headers.get_all("cookie"))
        request.headers.discard(("cookie",))
        if kept:
            request.headers["cookie"] = f"{COOKIE}={kept}"

    @gateway.inbound
    def as_peer(request: Request) -> None:
        """Services answer the gateway and each other, and nobody who only says so."""
        request.headers["x-peer"] = settings.secrets.peer
        request.headers["x-caller"] = settings.name


def session_cookie(headers: Iterable[str]) -> str | None:
    """The member's session in Cookie `headers`, whatever other cookies look like beside it.

    Anything on this host can set cookies that are no RFC 6265; http.cookies stops at the first.
    """
    for header in headers:
        for pair in header.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == COOKIE:
                return value
    return None
