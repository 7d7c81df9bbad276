"""Open Connect: steering viewers to appliances, and the appliances that serve the films.

`service` (the steering service over HTTP) is imported by name: appliances do not need it.
"""

from .appliance import Appliance
from .errors import AddressError, BadRequestError, HeartbeatError, OpenConnectError, SignatureError
from .heartbeat import Heartbeat
from .networks import HOMES, SITES, Home, Place, Route, Site
from .signing import Claims, sign, verify
from .steering import Ranked, rank, signed_urls

__all__ = [
    "HOMES",
    "SITES",
    "AddressError",
    "Appliance",
    "BadRequestError",
    "Claims",
    "Heartbeat",
    "HeartbeatError",
    "Home",
    "OpenConnectError",
    "Place",
    "Ranked",
    "Route",
    "SignatureError",
    "Site",
    "rank",
    "sign",
    "signed_urls",
    "verify",
]
