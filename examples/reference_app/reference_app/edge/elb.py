"""The Elastic Load Balancer: zones first, then the gateways in them.

One route to all gateways; zuulpy's balancer shares requests over the zones by their number of
healthy gateways and passes over a gateway that does not answer. Strangers knock here: what one hop
tells the next is believed only behind it.
"""

from __future__ import annotations

from zuulpy import Gateway

from ..glue import Glue
from ..settings import Settings

HOP_HEADERS = (
    *("x-deadline-ms", "x-attempt", "traceparent", "tracestate"),
    *("x-peer", "x-caller"),
)
"""A deadline of 20 ms by a stranger would open our circuits for everybody."""


def run_elb(glue: Glue) -> None:
    """Serve until SIGTERM."""
    settings = glue.settings
    elb = glue.gateway("elb", zone=None)
    set_up(elb, settings)
    elb.run(host=settings.host, port=settings.port)


def set_up(elb: Gateway, settings: Settings) -> None:
    """The one route, and what may not come in by it."""
    elb.distrust(*HOP_HEADERS)
    # A gateway's answer is final, its 503 too: it has retried already. One that gives none (dead,
    # or silent for longer than a gateway takes to give up) is passed over.
    elb.route(
        "/",
        to=settings.registry("gateway"),
        timeout=8.0,
        try_timeout=4.0,
        attempts=2,
        retry_statuses=(),
    )
