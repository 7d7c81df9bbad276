"""What to answer when the call failed: a value, a callable or another command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from hystrixpy.errors import ConfigError

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_KEYWORD = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Fallback:
    """A fallback, and how it is called; decided once, when the command is built.

    Args:
        target: a value, or a callable that takes the command's arguments or none, and
            optionally `error`. A class is called without arguments.
        function: the function of the command.
        name: the command, for the error message.

    Raises:
        ConfigError: `target` cannot be called in place of `function`.
    """

    def __init__(self, target: object, function: Callable[..., Any], name: str) -> None:
        self.target = target
        self.takes_slot = callable(target)
        self._passes_arguments = False
        self._passes_error = False
        if callable(target):
            self._fit(target, function, name)

    def _fit(self, target: Callable[..., Any], function: Callable[..., Any], name: str) -> None:
        if is_async(target) and not is_async(function):
            raise ConfigError(f"{name}: fallback={target!r}: a plain def cannot await a fallback")
        # `list(member)` is never what `fallback=list` means.
        if inspect.isclass(target):
            return
        try:
            offered = inspect.signature(target)
        except (TypeError, ValueError):
            return  # a builtin that says nothing of its arguments
        wanted = inspect.signature(function)
        parameters = dict(offered.parameters)
        error = parameters.get("error")
        if error is not None and error.kind in _KEYWORD and "error" not in wanted.parameters:
            self._passes_error = True
            del parameters["error"]
        if not parameters:
            return
        self._passes_arguments = True
        if not _accepts(offered.replace(parameters=list(parameters.values())), wanted):
            raise ConfigError(
                f"{name}: fallback={target!r} takes {offered}; it must take {wanted} as the "
                "command does, or nothing, and optionally error"
            )

    def call(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], error: BaseException | None
    ) -> Any:
        """The value; from an `async def` an awaitable of it."""
        if not self.takes_slot:
            return self.target
        if not self._passes_arguments:
            args, kwargs = (), {}
        if self._passes_error:
            kwargs = {**kwargs, "error": error}
        return self.target(*args, **kwargs)  # type: ignore[operator]


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a call of `function` is to be awaited; objects with an async `__call__` count."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
        getattr(function, "__call__", None)  # noqa: B004
    )


def _accepts(offered: inspect.Signature, wanted: inspect.Signature) -> bool:
    kinds = {parameter.kind for parameter in offered.parameters.values()}
    args: list[None] = []
    kwargs: dict[str, None] = {}
    for name, parameter in wanted.parameters.items():
        if parameter.kind in _POSITIONAL:
            args.append(None)
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            kwargs[name] = None
        elif parameter.kind not in kinds:
            return False
    try:
        offered.bind(*args, **kwargs)
    except TypeError:
        return False
    return True
