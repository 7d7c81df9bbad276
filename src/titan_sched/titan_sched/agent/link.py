"""One kept-alive HTTP connection to the control plane, in the few lines that an agent needs.

http.client would block the loop or cost a thread, and brings the email package into each agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from titan_sched.errors import TokenRefusedError


class Link:
    """Posts JSON, and reads JSON.

    Args:
        address: gives the control plane's URL, asked again whenever a connection is opened; raises
            OSError or ValueError while there is none.
        token: the API's bearer token.
    """

    def __init__(self, address: Callable[[], str], token: str) -> None:
        self._address, self._token = address, token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Mapping[str, Any], patience: float) -> dict[str, Any]:
        """Post, and wait for the answer.

        Args:
            path: path and query.
            body: sent as JSON.
            patience: seconds for the whole of it.

        Raises:
            OSError: (TimeoutError among them) when there was no good answer; the next call
                connects anew.
            TokenRefusedError: for the wrong token.
        """
        try:
            async with asyncio.timeout(patience):
                status, answer = await self._exchange(path, json.dumps(body).encode())
        except BaseException:
            # Whatever came in between, the next answer on this connection would be another's.
            self.close()
            raise
        if status == 401:
            raise TokenRefusedError
        if status != 200:
            raise ConnectionError(f"HTTP {status}")
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            with contextlib.suppress(OSError, RuntimeError):
                self._streams[1].close()
            self._streams = None

    async def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            try:
                parts = urlsplit(self._address())
            except ValueError as error:
                raise ConnectionError(str(error)) from error
            self._streams = await asyncio.open_connection(parts.hostname, parts.port)
        reader, writer = self._streams
        head = (
            f"POST {path} HTTP/1.1\r\nHost: titan\r\nAuthorization: Bearer {self._token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        try:
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            status = int(answer[0].split()[1])
            fields = dict(line.split(": ", 1) for line in answer[1:] if ": " in line)
            length = int(fields.get("content-length", 0))
            return status, await reader.readexactly(length)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ConnectionError("the control plane hung up") from error
        except (ValueError, IndexError) as error:
            raise ConnectionError("no HTTP answer") from error
