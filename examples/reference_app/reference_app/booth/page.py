"""Serves the booth's built page and its assets."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from .guard import error_response

__all__ = ["Page"]

_PAGE = "booth.html"
# Not from the machine's own table: it differs from machine to machine and lacks woff2 on some.
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_HASHED = "public, max-age=31536000, immutable"
_FRESH = "no-cache"


class Page:
    """The built page in ``dist``: ``booth.html`` for "/" and every route of the client.

    Files under ``assets/`` have their hash in the name and are kept for a year; all else is
    asked for again each time (ETag).
    """

    def __init__(self, dist: Path) -> None:
        self._files = StaticFiles(directory=dist, check_dir=False)

    async def __call__(self, request: Request) -> Response:
        """Answer GET or HEAD of any path."""
        path = request.path_params["path"]
        suffix = PurePosixPath(path).suffix
        if not suffix:
            path, suffix = _PAGE, ".html"
        try:
            response = await self._files.get_response(path, request.scope)
        except HTTPException as error:
            if path == _PAGE and error.status_code == 404:
                return error_response(503, "no_page", "The page is not built: run `make web`.")
            return error_response(404, "not_found", "There is no such file.")
        response.headers["cache-control"] = _HASHED if path.startswith("assets/") else _FRESH
        if response.status_code != 304:
            response.headers["content-type"] = _TYPES.get(suffix, "application/octet-stream")
        return response
