"""Who asked: X-Forwarded-For, -Proto and -Host, believed only from trusted networks, and Via."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from zuulpy.errors import ConfigError
from zuulpy.message import Request, Response

_CLAIMS: Final = frozenset(
    (
        *("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"),
        *("x-forwarded-port", "x-forwarded-server", "x-forwarded-prefix"),
    )
)
_VIA: Final = "1.1 zuulpy"


def forward_headers(trusted: Sequence[str]) -> Callable[[Request], None]:
    """Inbound: fresh forwarded headers; a peer in the `trusted` networks has its own extended.

    What anybody else claims is dropped: an origin that reads X-Forwarded-For reads ours.
    """
    believed = _members(trusted) if trusted else _nobody

    def forward_headers(request: Request) -> None:
        headers = request.headers
        chain, proto, host = request.remote, "http", headers.get("host", "")
        if believed(request.remote):
            before = headers.get("x-forwarded-for")
            chain = f"{before}, {chain}" if before else chain
            proto = headers.get("x-forwarded-proto", proto)
            host = headers.get("x-forwarded-host", host)
        fields = [("x-forwarded-for", chain), ("x-forwarded-proto", proto), ("via", _VIA)]
        if host:
            fields.append(("x-forwarded-host", host))
        headers.replace(_CLAIMS, fields)

    return forward_headers


def _nobody(remote: str) -> bool:
    return False


def _members(trusted: Sequence[str]) -> Callable[[str], bool]:
    import ipaddress  # a slow import, and few gateways trust anybody

    try:
        networks = [ipaddress.ip_network(network) for network in trusted]
    except (ValueError, TypeError) as error:
        raise ConfigError("trusted", trusted, 'networks such as "10.0.0.0/8"') from error

    @lru_cache(maxsize=1024)
    def believed(remote: str) -> bool:
        try:
            address = ipaddress.ip_address(remote)
        except ValueError:
            return False
        return any(address in network for network in networks)

    return believed


def add_via(response: Response) -> None:
    """Outbound: name ourselves on answers that came through us (RFC 9110 7.6.3)."""
    if response.attempts:
        response.headers.add("via", _VIA)
