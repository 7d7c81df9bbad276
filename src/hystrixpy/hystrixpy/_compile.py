"""Fuses the gates of a command into one function of the wrapped function's own signature.

While the circuit is closed and nobody looks, a call that succeeds in time costs two clock
readings, one token, one bound and one append; the only admission test is the end of the current
bucket, `until`, which every transition and every observer sets to -inf, so that a call which was on
its way sees it too. Everything else (a refusal, a failure, a late end, a bucket that rolled
meanwhile) goes to a `Run`, which is the same rules unfused; a property test compares the two.
"""

from __future__ import annotations

import functools
import inspect
import linecache
from collections.abc import Callable, Mapping
from typing import Any

_SOURCE = """\
{define} _hx_call({parameters}):
    _hx_core = _hx_key.core
    _hx_bucket = _hx_core.bucket
    _hx_now = _hx_core.now
    _hx_at = _hx_now()
    _hx_limit = _hx_at + _hx_timeout
    _hx_outer = _hx_bound.get()
    if _hx_outer < _hx_limit:
        _hx_limit = _hx_outer
    if _hx_at >= _hx_bucket.until or _hx_at >= _hx_limit:
        return {wait}_hx_slow(_hx_core, {args}, {kwargs})
    try:
        _hx_core.take()
    except IndexError:
        return {wait}_hx_slow(_hx_core, {args}, {kwargs})
    _hx_bound.set(_hx_limit)
    _hx_bad = False
{scope}    try:
        {enter}_hx_value = {wait}_hx_function({call})
        {judge}
    except BaseException as _hx_error:
        return {wait}_hx_resume(
            _hx_core, {args}, {kwargs}, (_hx_bucket.generation, _hx_at, _hx_limit, _hx_outer),
            (None, False, _hx_error, {expired}),
        )
    _hx_end = _hx_now()
    if _hx_end < _hx_bucket.until and _hx_end < _hx_limit and not _hx_bad:
        _hx_bound.set(_hx_outer)
        _hx_core.give(None)
        _hx_bucket.add(_hx_end - _hx_at)
        return _hx_value
    return {wait}_hx_resume(
        _hx_core, {args}, {kwargs}, (_hx_bucket.generation, _hx_at, _hx_limit, _hx_outer),
        (_hx_value, _hx_bad, None, False),
    )

{define} _hx_describe({parameters}):
    return {wait}_hx_outcome(_hx_key.core, {args}, {kwargs})
"""

_SYNC = {"define": "def", "wait": "", "scope": "", "enter": "", "expired": "False"}
_ASYNC = {
    "define": "async def",
    "wait": "await ",
    "scope": "    _hx_scope = _hx_timer(_hx_limit - _hx_at)\n",
    "enter": "async with _hx_scope: ",
    "expired": "_hx_scope.expired()",
}


_STARS: dict[object, str] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def fuse(
    function: Callable[..., Any], name: str, parts: Mapping[str, object], *, judged: bool
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Compile the fused path around `function`.

    Args:
        function: what the user decorated.
        name: of the command; tracebacks show the source under it.
        parts: what the source names: `_hx_key`, `_hx_timeout`, `_hx_slow` and so on.
        judged: whether `_hx_is_failure` is to judge the value.

    Returns:
        The call, and the call that returns an Outcome, both with the function's signature.
    """
    parameters, positional, keywords = _render(function)
    source = _SOURCE.format(
        **(_ASYNC if inspect.iscoroutinefunction(parts["_hx_slow"]) else _SYNC),
        parameters=parameters,
        call=", ".join((*positional, *(f"{k}={k}" if k[0] != "*" else k for k in keywords))),
        args=f"({''.join(f'{name}, ' for name in positional)})",
        kwargs=f"{{{', '.join(f'{k!r}: {k}' if k[0] != '*' else k for k in keywords)}}}",
        judge="_hx_bad = _hx_is_failure(_hx_value)" if judged else "pass",
    )
    filename = f"<hystrixpy command {name}>"
    namespace: dict[str, Any] = {**parts, "_hx_function": function, "__name__": function.__module__}
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102  (our text, checked names)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    made = namespace["_hx_call"], namespace["_hx_describe"]
    for guarded in made:
        functools.update_wrapper(guarded, function)
        if inspect.isfunction(function):
            guarded.__defaults__ = function.__defaults__
            guarded.__kwdefaults__ = function.__kwdefaults__
    return made


def _render(function: Callable[..., Any]) -> tuple[str, list[str], list[str]]:
    """The parameters as source, and the names to pass on by position and by keyword."""
    # Only a plain function binds as its own signature says; a callable object is passed through.
    if not inspect.isfunction(function):
        return "*_hx_args, **_hx_kwargs", ["*_hx_args"], ["**_hx_kwargs"]
    written: list[str] = []
    positional: list[str] = []
    keywords: list[str] = []
    last = None
    for name, parameter in inspect.signature(function, follow_wrapped=False).parameters.items():
        kind = parameter.kind
        if last is parameter.POSITIONAL_ONLY and kind is not last:
            written.append("/")
        if kind is parameter.KEYWORD_ONLY and last not in (kind, parameter.VAR_POSITIONAL):
            written.append("*")
        stars = _STARS.get(kind, "")
        default = "" if parameter.default is parameter.empty else "=None"
        written.append(f"{stars}{name}{default}")
        by_keyword = kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD)
        (keywords if by_keyword else positional).append(stars + name)
        last = kind
    if last is inspect.Parameter.POSITIONAL_ONLY:
        written.append("/")
    return ", ".join(written), positional, keywords
