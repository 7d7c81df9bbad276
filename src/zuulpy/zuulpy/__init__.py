"""A filter-chain gateway: routing, zone-first load balancing and origin protection."""

from zuulpy.builtin.strip_headers import strip_headers
from zuulpy.config import Limits, OriginConfig
from zuulpy.errors import (
    BodyNotReadError,
    BodyTooLargeError,
    BusyError,
    ConfigError,
    ConnectError,
    DeadlineError,
    FramingError,
    HeaderError,
    NoServerError,
    OriginError,
    ProtocolError,
    RequestLineError,
    ResetError,
    TomlError,
    TryTimeoutError,
    ZuulError,
)
from zuulpy.events import Event
from zuulpy.gateway import Gateway
from zuulpy.message import Headers, Request, RequestAttempt, Response
from zuulpy.origins.client import Origin
from zuulpy.origins.resolvers import Server
from zuulpy.status import StatusCategory

__all__ = [
    "BodyNotReadError",
    "BodyTooLargeError",
    "BusyError",
    "ConfigError",
    "ConnectError",
    "DeadlineError",
    "Event",
    "FramingError",
    "Gateway",
    "HeaderError",
    "Headers",
    "Limits",
    "NoServerError",
    "Origin",
    "OriginConfig",
    "OriginError",
    "ProtocolError",
    "Request",
    "RequestAttempt",
    "RequestLineError",
    "ResetError",
    "Response",
    "Server",
    "StatusCategory",
    "TomlError",
    "TryTimeoutError",
    "ZuulError",
    "strip_headers",
]
