"""Keys: what may be sent to a node, and how a call becomes a key."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from hashlib import sha256

from evcache.errors import InvalidKeyError, KeyTooLongError

MAX_CHARACTERS = 200
"""The bound of EVCache on a whole key, its prefix included."""

MAX_BYTES = 250
"""The bound of memcached on a whole key."""

_unsafe = re.compile(rb"[^A-Za-z0-9._~-]")
_allowed = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]+").fullmatch


def wire_key(prefix: str, key: str) -> bytes:
    """Bytes of ``prefix + key`` as a node knows it.

    Args:
        prefix: text that goes before the key, its colon included; may be empty.
        key: 1 to 200 characters with the prefix, no white space, no control characters.

    Raises:
        InvalidKeyError: the key has what a key may not have.
        KeyTooLongError: the whole is over 200 characters or 250 bytes.
        TypeError: the key is no str.
    """
    if not isinstance(key, str):
        raise TypeError(f"a cache key is a str, not {type(key).__name__}: {key!r}")
    whole = prefix + key
    if not key or _allowed(whole) is None:
        raise InvalidKeyError(key)
    if len(whole) > MAX_CHARACTERS:
        raise KeyTooLongError(key)
    try:
        wire = whole.encode()
    except UnicodeEncodeError as error:
        raise InvalidKeyError(key) from error
    if len(wire) > MAX_BYTES:
        raise KeyTooLongError(key)
    return wire


def call_key(name: str, arguments: tuple[object, ...], room: int) -> str:
    """Key of one call of a function: its name, then each argument with its type.

    Calls that are unequal never share a key: text is percent-encoded, so that the separators
    stand for themselves alone, and what does not fit `room` characters becomes its SHA-256.

    Args:
        name: what the function is called in the cache.
        arguments: bound arguments, defaults filled in; str, int, bool, None, bytes, float and
            tuples of them.
        room: how many characters the key may have.

    Raises:
        TypeError: an argument of another type; give ``key=`` then.
    """
    told = ",".join(_typed(argument) for argument in arguments)
    whole = f"{name}:{told}"
    if len(whole) <= room and _allowed(whole) is not None and whole.isascii():
        return whole
    digest = sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    head = _quoted(name.encode("utf-8", "surrogatepass"))[: max(0, room - len(digest) - 2)]
    # No argument is written with a sharp sign, so a digest is never taken for arguments.
    return f"{head}:#{digest}"


def keyer(function: Callable[..., object], name: str | None, room: int) -> Callable[..., str]:
    """What makes the key of each call of `function`.

    Args:
        function: the function that is cached.
        name: what it is called in the cache; None takes ``module.qualname``.
        room: how many characters a key may have.
    """
    signature = inspect.signature(function)
    told = name or f"{function.__module__}.{function.__qualname__}"
    loose = [n for n, p in signature.parameters.items() if p.kind is p.VAR_KEYWORD]

    def key(*args: object, **kwargs: object) -> str:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        for variadic in loose:
            bound.arguments[variadic] = tuple(sorted(bound.arguments[variadic].items()))
        return call_key(told, tuple(bound.arguments.values()), room)

    return key


def _typed(argument: object) -> str:
    kind = type(argument)
    if argument is None:
        return "n"
    if kind is bool:
        return "b1" if argument else "b0"
    if kind is int:
        return f"i{argument}"
    if kind is float:
        return f"f{argument!r}"
    if isinstance(argument, str) and kind is str:
        return "s" + _quoted(argument.encode("utf-8", "surrogatepass"))
    if isinstance(argument, bytes) and kind is bytes:
        return "y" + _quoted(argument)
    if isinstance(argument, tuple) and kind is tuple:
        return "(" + "".join(_typed(part) + "," for part in argument) + ")"
    raise TypeError(
        f"no cache key can be made of an argument of type {kind.__name__}; "
        "give cached(key=lambda ...: ...)"
    )


def _quoted(data: bytes) -> str:
    """Percent-encoded. `urllib.parse` does it too, and loads `ipaddress` for it."""
    return _unsafe.sub(lambda found: b"%%%02X" % found[0][0], data).decode()
