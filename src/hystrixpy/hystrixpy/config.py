"""Settings of a command, checked when it is built. Times are seconds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from hystrixpy.errors import ConfigError

Late = Literal["value", "fallback"]


class Missing:
    """Stands for "no fallback": None is a fallback like any other value."""

    def __repr__(self) -> str:
        return "<no fallback>"


MISSING = Missing()
MOST_CONCURRENT = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitConfig:
    """Settings of a circuit; names and defaults as in HystrixCommandProperties.

    Attributes:
        request_volume_threshold: calls in the window below which it never opens; default 20.
        error_threshold_percentage: it opens at this share of errors; over 0 to 100; default 50.
        sleep_window: seconds an open circuit waits before it lets a test call through; default 5.
        window: seconds the rolling window covers; default 10.
        buckets: parts the window is made of and forgets one at a time; default 10.

    Raises:
        ConfigError: a value is out of its range.
    """

    request_volume_threshold: int = 20
    error_threshold_percentage: float = 50.0
    sleep_window: float = 5.0
    window: float = 10.0
    buckets: int = 10

    def __post_init__(self) -> None:
        volume = self.request_volume_threshold
        whole("circuit.request_volume_threshold", volume, 1, 1_000_000_000)
        seconds("circuit.error_threshold_percentage", self.error_threshold_percentage, 100)
        seconds("circuit.sleep_window", self.sleep_window)
        seconds("circuit.window", self.window)
        whole("circuit.buckets", self.buckets, 1, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConfig:
    """Everything `@command` was told, with its defaults filled in; see there for each field."""

    name: str
    group: str
    timeout: float | None = 1.0
    attempts: int = 1
    fallback: object = field(default=MISSING, compare=False)
    fallback_max_concurrent: int | None = None
    max_concurrent: int = 10
    is_failure: Callable[[Any], bool] | None = field(default=None, compare=False)
    late: Late = "value"
    circuit: CircuitConfig = field(default_factory=CircuitConfig)

    def __post_init__(self) -> None:
        for part in ("name", "group"):
            if not isinstance(getattr(self, part), str) or not getattr(self, part):
                raise ConfigError(f"{part}={getattr(self, part)!r}: must be a text, not empty")
        if self.timeout is not None:
            seconds("timeout", self.timeout)
        whole("attempts", self.attempts, 1, 100)
        whole("max_concurrent", self.max_concurrent, 1, MOST_CONCURRENT)
        if self.fallback_max_concurrent is not None:
            whole("fallback_max_concurrent", self.fallback_max_concurrent, 1, MOST_CONCURRENT)
            if not callable(self.fallback):
                raise ConfigError(
                    f"fallback_max_concurrent={self.fallback_max_concurrent}: "
                    "only a callable fallback takes slots"
                )
        if self.is_failure is not None and not callable(self.is_failure):
            raise ConfigError(f"is_failure={self.is_failure!r}: must be a callable of the value")
        if self.late not in ("value", "fallback"):
            raise ConfigError(f'late={self.late!r}: must be "value" or "fallback"')
        if not isinstance(self.circuit, CircuitConfig):
            raise ConfigError(f"circuit={self.circuit!r}: must be a CircuitConfig")

    @property
    def time_limit(self) -> float:
        """Seconds an attempt may take, infinity for no timeout."""
        return math.inf if self.timeout is None else self.timeout


class Settings(TypedDict, total=False):
    """The keyword arguments of `@command`; all optional."""

    name: str
    group: str
    timeout: float | None
    attempts: int
    fallback: object
    fallback_max_concurrent: int
    max_concurrent: int
    is_failure: Callable[[Any], bool]
    late: Late
    circuit: CircuitConfig


def seconds(name: str, value: object, most: float = math.inf) -> None:
    """Raise ConfigError unless `value` is a finite number over 0 and at most `most`."""
    sound = isinstance(value, int | float) and not isinstance(value, bool)
    if not sound or not math.isfinite(value) or not 0 < value <= most:  # type: ignore[arg-type, operator]
        top = "finite" if most == math.inf else f"at most {most:g}"
        raise ConfigError(f"{name}={value!r}: must be a number over 0 and {top}")


def whole(name: str, value: object, least: int, most: int) -> None:
    """Raise ConfigError unless `value` is an int from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigError(f"{name}={value!r}: must be a whole number from {least} to {most}")
