"""Commands that survive what they call.

What is decided (circuit, bulkhead, retry budget) and counted is per process; a service of four
workers has four circuits.
"""

from hystrixpy._core import Snapshot
from hystrixpy._run import Outcome
from hystrixpy.command import CircuitControl, CommandFunction, command
from hystrixpy.config import CircuitConfig
from hystrixpy.context import deadline, remaining, without_retries
from hystrixpy.errors import (
    BadRequestError,
    BulkheadFullError,
    CircuitOpenError,
    CommandTimeoutError,
    ConfigError,
    FallbackFailedError,
    HystrixError,
    RejectedError,
)
from hystrixpy.events import Event
from hystrixpy.gates.circuit import State
from hystrixpy.registry import commands, instrument, isolated

__all__ = [
    "BadRequestError",
    "BulkheadFullError",
    "CircuitConfig",
    "CircuitControl",
    "CircuitOpenError",
    "CommandFunction",
    "CommandTimeoutError",
    "ConfigError",
    "Event",
    "FallbackFailedError",
    "HystrixError",
    "Outcome",
    "RejectedError",
    "Snapshot",
    "State",
    "command",
    "commands",
    "deadline",
    "instrument",
    "isolated",
    "remaining",
    "without_retries",
]
