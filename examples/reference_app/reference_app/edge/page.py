"""The built page, served by every gateway from memory: it needs no origin to be shown."""

from __future__ import annotations

import gzip
import mimetypes
from pathlib import Path

from zuulpy import Request, Response

DIST = Path(__file__).parent.parent.parent / "web" / "dist"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src blob: http://127.0.0.1:*; "
    "connect-src 'self' http://127.0.0.1:*; worker-src 'self' blob:; style-src 'self' "
    "'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)
TEXTUAL = (".html", ".js", ".css", ".svg", ".json", ".txt")


class Page:
    """An endpoint filter: one file per path, `index.html` for the client's own routes."""

    def __init__(self, dist: Path = DIST) -> None:
        if not (dist / "index.html").is_file():
            raise FileNotFoundError(f"{dist} holds no built page: run `make web`")
        self._files = {
            "/" + path.relative_to(dist).as_posix(): _file(path)
            for path in sorted(dist.rglob("*"))
            if path.is_file() and path.name not in ("booth.html", "inputs.sha256")
        }

    def __call__(self, request: Request) -> Response:
        """Answer GET and HEAD."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, "only GET and HEAD\n", {"allow": "GET, HEAD"})
        path = request.path
        headers, plain, packed = self._files.get(path) or self._files["/index.html"]
        if path.startswith("/assets/") and path not in self._files:
            return Response(404, "there is no such file\n")
        if packed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(200, packed, {**headers, "content-encoding": "gzip"})
        return Response(200, plain, headers)


def _file(path: Path) -> tuple[dict[str, str], bytes, bytes | None]:
    plain = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    hashed = path.parent.name == "assets"
    headers = {
        "content-type": f"{kind}; charset=utf-8" if path.suffix in TEXTUAL else kind,
        "cache-control": "public, max-age=31536000, immutable" if hashed else "no-cache",
        "x-content-type-options": "nosniff",
        "vary": "accept-encoding",
    }
    if path.suffix == ".html":
        headers["content-security-policy"] = POLICY
    return headers, plain, gzip.compress(plain, 6) if path.suffix in TEXTUAL else None
