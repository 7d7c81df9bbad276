"""JSON merge patches (RFC 7396): the difference of two documents, and its application.

A merge patch cannot carry null as a value of an object's member: there it means "remove". The
documents given to :func:`diff` therefore have none (:class:`PatchError` names the place); inside
arrays, which a patch replaces as a whole, null is an ordinary value.
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import PatchError

__all__ = ["apply", "diff"]


def diff(old: object, new: object) -> object:
    """The patch that turns ``old`` into ``new``; ``{}`` where two equal objects differ in nothing.

    Raises:
        PatchError: an object inside ``new`` holds a null.
    """
    return _diff(old, new, "$")


def _diff(old: object, new: object, path: str) -> object:
    if not isinstance(new, Mapping):
        return new
    before = old if isinstance(old, Mapping) else {}
    patch: dict[str, object] = {name: None for name in before if name not in new}
    for name, value in new.items():
        if value is None:
            raise PatchError(f"{path}.{name}")
        if name in before and _same(before[name], value):
            continue
        patch[name] = _diff(before.get(name), value, f"{path}.{name}")
    return patch


def _same(one: object, other: object) -> bool:
    """Equality of JSON values: unlike Python's, true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def apply(target: object, patch: object) -> object:
    """``target`` after ``patch``, as in RFC 7396 section 2; neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result: dict[str, object] = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result
