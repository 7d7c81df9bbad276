"""The Elastic Load Balancer: zones first, then the gateways in them.

One route to all gateways; zuulpy's balancer shares requests over the zones by their number of
healthy gateways and passes over a gateway that does not answer.
"""

from __future__ import annotations

from ..glue import Glue


def run_elb(glue: Glue) -> None:
    """Serve until SIGTERM."""
    settings = glue.settings
    gateway = glue.gateway("elb", zone=None)
    # The gateway retries towards its origins; here only another gateway may be asked.
    gateway.route("/", to=settings.registry("gateway"), timeout=8.0, try_timeout=4.0, attempts=2)
    gateway.run(host=settings.host, port=settings.port)
