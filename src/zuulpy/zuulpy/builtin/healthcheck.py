"""The gateway's own health, for whoever balances over gateways."""

from __future__ import annotations

from collections.abc import Callable

from zuulpy.message import Request, Response


def healthcheck(path: str, serving: Callable[[], bool]) -> Callable[[Request], Response | None]:
    """Inbound: answer `path` with 200, or with 503 once the gateway drains."""

    def healthcheck(request: Request) -> Response | None:
        if request.path != path:
            return None
        return Response(200, "ok\n") if serving() else Response(503, "draining\n")

    return healthcheck
