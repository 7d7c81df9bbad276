"""The gateways: zuulpy's filter chain in front of the application APIs and the page."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from zuulpy import Request

from ..apis.session import COOKIE
from ..glue import Glue
from .page import Page

ORIGINS = {"/discovery": "discovery-api", "/play": "play-api"}
TIMEOUT, TRY_TIMEOUT = 3.0, 1.2
"""Seconds for a request in all, and for one origin: a hung API leaves time for another."""


def run_gateway(glue: Glue) -> None:
    """Serve until SIGTERM."""
    settings = glue.settings
    gateway = glue.gateway(settings.name, zone=settings.zone)
    for prefix, service in ORIGINS.items():
        origin = settings.registry(service)
        gateway.route(prefix, to=origin, timeout=TIMEOUT, try_timeout=TRY_TIMEOUT, attempts=2)
    gateway.route("/", endpoint=Page())

    @gateway.inbound
    def only_our_cookie(request: Request) -> None:
        """No cookie of the booth, or of anything else on this host, reaches a service."""
        if "cookie" not in request.headers:
            return
        kept = _session_cookie(request.headers["cookie"])
        del request.headers["cookie"]
        if kept:
            request.headers["cookie"] = f"{COOKIE}={kept}"

    @gateway.inbound
    def as_peer(request: Request) -> None:
        """Services answer the gateway and each other, and nobody who only says so."""
        request.headers["x-peer"] = settings.secrets.peer
        request.headers["x-caller"] = settings.name

    gateway.run(host=settings.host, port=settings.port)


def _session_cookie(header: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None
