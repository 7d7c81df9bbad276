"""gateway.toml: a gateway as data. Each complaint names file, key, value and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zuulpy.errors import ConfigError, TomlError
from zuulpy.gateway import Gateway

_TOP: Final = {"zone": str, "name": str, "listen": dict, "route": list}
_LISTEN: Final = {"host": str, "port": int}
_ROUTE: Final = {
    "prefix": str,
    "to": (str, list),
    "host": str,
    "strip": bool,
    "timeout": (int, float),
    "try_timeout": (int, float),
    "attempts": int,
    "retry_unsafe": bool,
    "retry_statuses": (list,),
    "balance": str,
}
_TYPES: Final = {
    str: "a string",
    dict: "a table",
    list: "a list of tables",
    bool: "true or false",
    int: "an integer",
    (str, list): 'a list of "host:port" or "file:..."',
    (int, float): "a number",
    (list,): "a list",
}


def load_gateway(file: Path) -> tuple[Gateway, str, int]:
    """(gateway, host, port) of a gateway.toml. Raises `TomlError`."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TomlError(file, error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TomlError(file, f"not TOML: {error}") from error
    try:
        return _build(data)
    except ConfigError as error:
        raise TomlError(file, str(error)) from error


def _build(data: Mapping[str, Any]) -> tuple[Gateway, str, int]:
    _check("", data, _TOP)
    listen = data.get("listen", {})
    _check("listen.", listen, _LISTEN)
    port = listen.get("port", 8080)
    if not 0 <= port <= 65535:
        raise ConfigError("listen.port", port, "an integer from 0 to 65535")
    gateway = Gateway(data.get("zone"), name=data.get("name", "gateway"))
    routes = data.get("route", [])
    if not routes:
        raise ConfigError("route", routes, "one [[route]] or more")
    for index, route in enumerate(routes):
        at = f"route[{index}]."
        if not isinstance(route, dict):
            raise ConfigError(at.rstrip("."), route, "a table: write [[route]]")
        _check(at, route, _ROUTE)
        for key in ("prefix", "to"):
            if key not in route:
                raise ConfigError(at + key, None, "needed in every [[route]]")
        try:
            gateway.route(**route)
        except ConfigError as error:
            raise ConfigError(at + error.key, error.value, error.allowed) from error
    return gateway, listen.get("host", "127.0.0.1"), port


def _check(at: str, table: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if key not in known:
            raise ConfigError(at + key, value, "one of the keys " + ", ".join(known))
        kind = known[key]
        # TOML's true is no number, though Python's is an int.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ConfigError(at + key, value, _TYPES[kind])
