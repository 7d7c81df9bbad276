"""The decorator, and the two thin shells that do what a `Run` says."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, Unpack, overload

from hystrixpy import registry
from hystrixpy._compile import fuse
from hystrixpy._core import Key, Snapshot
from hystrixpy._run import Outcome
from hystrixpy._shells import AsyncShell, SyncShell, shell_for
from hystrixpy.config import MISSING, CommandConfig, Settings
from hystrixpy.context import bound
from hystrixpy.errors import ConfigError
from hystrixpy.gates.circuit import State
from hystrixpy.wraps.fallback import Fallback, is_async

P = ParamSpec("P")
Q = ParamSpec("Q")
S = TypeVar("S")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
O_co = TypeVar("O_co", covariant=True)

SLOTS = 10
ASYNC_SLOTS = 100


class CircuitControl:
    """The circuit of a command, for whoever operates it."""

    __slots__ = ("_key",)

    def __init__(self, key: Key) -> None:
        self._key = key

    @property
    def state(self) -> State:
        """CLOSED, OPEN, HALF_OPEN, FORCED_OPEN or FORCED_CLOSED."""
        return self._key.core.circuit.state

    def force_open(self) -> None:
        """Refuse every call until `reset` or `force_closed`."""
        self._key.core.force(State.FORCED_OPEN)

    def force_closed(self) -> None:
        """Let every call through, whatever fails, until `reset` or `force_open`."""
        self._key.core.force(State.FORCED_CLOSED)

    def reset(self) -> None:
        """CLOSED, with an empty window."""
        self._key.core.force(State.CLOSED)


class CommandFunction(Protocol[P, R_co, O_co]):
    """What `@command` makes of a function: the same function, guarded."""

    __name__: str
    __qualname__: str

    @property
    def circuit(self) -> CircuitControl:
        """State of the circuit, and how to force it."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Make the call."""

    def outcome(self, *args: P.args, **kwargs: P.kwargs) -> O_co:
        """Make the call and raise nothing; on `async def` to be awaited."""

    def snapshot(self) -> Snapshot:
        """What the command did in the rolling window."""

    @overload
    def __get__(
        self, instance: None, owner: type | None = None
    ) -> CommandFunction[P, R_co, O_co]: ...
    @overload
    def __get__(
        self: CommandFunction[Concatenate[S, Q], R_co, O_co], instance: S, owner: type | None = None
    ) -> CommandFunction[Q, R_co, O_co]: ...


class Decorator(Protocol):
    """`@command(...)` with settings, waiting for its function."""

    @overload
    def __call__(  # type: ignore[overload-overlap]
        self, function: Callable[P, Coroutine[Any, Any, T]], /
    ) -> CommandFunction[P, Coroutine[Any, Any, T], Coroutine[Any, Any, Outcome[T]]]: ...
    @overload
    def __call__(self, function: Callable[P, T], /) -> CommandFunction[P, T, Outcome[T]]: ...


@overload
def command(  # type: ignore[overload-overlap]
    function: Callable[P, Coroutine[Any, Any, T]], /
) -> CommandFunction[P, Coroutine[Any, Any, T], Coroutine[Any, Any, Outcome[T]]]: ...
@overload
def command(function: Callable[P, T], /) -> CommandFunction[P, T, Outcome[T]]: ...
@overload
def command(**settings: Unpack[Settings]) -> Decorator: ...
def command(function: Any = None, /, **settings: Any) -> Any:
    """Guard a function: timeout, isolation, circuit breaker, retry and fallback.

    Works on `def` and `async def`, on methods, class methods and static methods; one circuit
    and one set of counts for the function, in this process.

    Args:
        function: the function, when used without settings.
        **settings: all optional, below.

    Settings:
        name: the command key; default `<last part of the module>.<qualified name>`.
        group: what dashboards sort by; default the module.
        timeout: seconds an attempt may take, None for no bound; default 1.0. An `async def` is
            really ended. A plain `def` cannot be: it gets a verdict when it ends (see `late`).
        attempts: how often the function may be called; default 1. Pauses are 50 to 100 ms. A
            retry stops at a refusal, an open circuit, an empty budget (10 % of the calls, at
            least 10 in a window) or a spent deadline.
        fallback: what to answer when the call failed: a value, or a callable (or command) that
            takes the same arguments or none, and optionally `error`. A class (`list`) is
            called without arguments; a value is shared by all callers.
        fallback_max_concurrent: callable fallbacks at once; default `max_concurrent`.
        max_concurrent: calls at once, above which they are refused; default 10 for `def`, 100
            for `async def`.
        is_failure: judges a returned value; a true answer counts as a failure.
        late: what a plain `def` that ends after its timeout gives. "value" (default): what it
            returned. "fallback": what a failure gives, as in Hystrix.
        circuit: a CircuitConfig.

    Raises:
        ConfigError: a setting is impossible or unknown, the name is taken, or the fallback
            cannot be called in place of the function.
    """
    if function is None:
        return functools.partial(_decorate, settings)
    return _decorate(settings, function)


def _decorate(settings: dict[str, Any], function: Any) -> Any:
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_decorate(settings, function.__func__))
    if not callable(function):
        raise ConfigError(f"@command on {function!r}: settings are passed by keyword")
    config = _configure(settings, function)
    fallback = None
    if config.fallback is not MISSING:
        fallback = Fallback(config.fallback, function, config.name)
    shell = shell_for(function, config.is_failure, fallback)
    local = "<locals>" in getattr(function, "__qualname__", "")
    key = Key(config, _place(function), local=local)
    key = registry.current().add(key, named="name" in settings)
    return _build(key, function, config, shell)


def _configure(settings: dict[str, Any], function: Any) -> CommandConfig:
    hard = is_async(function)
    unknown = sorted(settings.keys() - Settings.__annotations__.keys())
    if unknown:
        known = ", ".join(sorted(Settings.__annotations__))
        raise ConfigError(
            f"{unknown[0]}={settings[unknown[0]]!r}: no such setting; there are {known}"
        )
    if hard and "late" in settings:
        raise ConfigError(f"late={settings['late']!r}: only for def; an async def is really ended")
    qualname = getattr(function, "__qualname__", None)
    if "name" not in settings and (qualname is None or "<lambda>" in qualname):
        raise ConfigError(f"@command on {function!r}: it has no name of its own and needs name=")
    module = getattr(function, "__module__", None) or "__main__"
    defaults = {
        "name": f"{module.rpartition('.')[2]}.{qualname}",
        "group": module,
        "max_concurrent": ASYNC_SLOTS if hard else SLOTS,
    }
    return CommandConfig(**{**defaults, **settings})


def _place(function: Any) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def _build(key: Key, function: Any, config: CommandConfig, shell: SyncShell | AsyncShell) -> Any:
    parts = {
        "_hx_key": key,
        "_hx_timeout": config.time_limit,
        "_hx_bound": bound,
        "_hx_slow": shell.slow,
        "_hx_resume": shell.resume,
        "_hx_outcome": shell.outcome,
        "_hx_timer": getattr(shell, "timer", None),
        "_hx_is_failure": config.is_failure,
    }
    guarded: Any
    guarded, outcome = fuse(function, config.name, parts, judged=config.is_failure is not None)
    guarded.circuit = CircuitControl(key)
    guarded.snapshot = lambda: key.core.snapshot()
    guarded.outcome = outcome
    if not hasattr(key, "function"):
        key.function = guarded
    scope = getattr(function, "__qualname__", "").rpartition(".")[0]
    return MethodCommand(guarded) if scope and not scope.endswith("<locals>") else guarded


class MethodCommand:
    """A command in a class body: binds as a function does, and its `outcome` with it."""

    def __init__(self, function: CommandFunction[..., Any, Any]) -> None:
        self._function = function
        functools.update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make the call; how a static method is reached."""
        return self._function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self._function if instance is None else BoundCommand(self._function, instance)


class BoundCommand:
    """A command of one instance or class; circuit and counts are the function's."""

    __slots__ = ("__func__", "__self__")

    def __init__(self, function: CommandFunction[..., Any, Any], instance: object) -> None:
        self.__func__ = function
        self.__self__ = instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make the call."""
        return self.__func__(self.__self__, *args, **kwargs)

    def outcome(self, *args: Any, **kwargs: Any) -> Any:
        """Make the call and raise nothing; see CommandFunction."""
        return self.__func__.outcome(self.__self__, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)
