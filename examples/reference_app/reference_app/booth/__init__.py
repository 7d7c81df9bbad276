"""The booth: the operators' console of the house.

:func:`booth_app` makes it, :class:`BoothServer` serves it, in one process of its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import BoothError

if TYPE_CHECKING:
    from .app import booth_app
    from .server import BoothServer

__all__ = ["BoothError", "BoothServer", "booth_app"]

_LATER = {"BoothServer": "server", "booth_app": "app"}


def __getattr__(name: str) -> object:
    # The web stack costs 100 ms and more; who only wants the errors does not pay for it.
    if name in _LATER:
        return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(name)
