"""A route's chain: inbound filters, endpoint, outbound filters, compiled to tuples of bound calls.

A raising inbound filter ends the request: Zuul 2 goes on, so that a crashing authentication filter
lets everything through (docs/decisions/0005).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from zuulpy.answers import failure
from zuulpy.errors import OriginError
from zuulpy.filters import Endpoint, Filter
from zuulpy.message import Request, Response
from zuulpy.status import StatusCategory, of_local_status, of_origin_status

_log = logging.getLogger("zuulpy")


class Chain:
    """Runs one request from the first inbound to the last outbound filter; never raises."""

    __slots__ = ("_endpoint", "_guarded", "_inbound", "_outbound")

    def __init__(
        self,
        inbound: Iterable[Filter],
        endpoint: Endpoint,
        outbound: Iterable[Filter],
        *,
        guarded: bool = False,
    ) -> None:
        self._inbound = tuple(sorted(inbound, key=lambda f: f.order))
        self._outbound = tuple(sorted(outbound, key=lambda f: f.order))
        self._endpoint = endpoint
        self._guarded = guarded

    async def run(self, request: Request) -> Response:
        """The answer to `request`, with its category."""
        response: Response | None = None
        for step in self._inbound:
            try:
                result = step.call(request)
                if result is None:
                    continue
                if step.is_async:
                    result = await result
                if isinstance(result, Request):
                    request = result
                elif isinstance(result, Response):
                    response = result
                    break
                elif result is not None:
                    raise TypeError(f"an inbound filter returned {type(result).__name__}")
            except Exception:
                _log.exception("zuulpy.filter_failed filter=%s", step.name)
                if step.stops:
                    response = _local(f"filter {step.name} failed")
                    break
        if response is None:
            response = await self._answer(request)
        return await self._finish(request, response)

    async def _answer(self, request: Request) -> Response:
        try:
            result = self._endpoint(request)
            if not isinstance(result, Response):
                result = await result
            if isinstance(result, Response):
                return result
            raise TypeError(f"an endpoint returned {type(result).__name__}")
        except Exception as error:
            return self._failed(request, error)

    def _failed(self, request: Request, error: BaseException) -> Response:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OriginError):
            cause = cause.__cause__
        if cause is not None:
            response = failure(cause.status, cause.category, cause.message)
            response.attempts = cause.attempts
        elif self._guarded and isinstance(error, TimeoutError):
            response = failure(504, StatusCategory.FAILURE_ORIGIN_READ_TIMEOUT, "guard timed out")
        elif self._guarded:
            # A guard that raises something of its own has refused the call, as circuits do.
            category = StatusCategory.FAILURE_LOCAL_THROTTLED_ORIGIN_CONCURRENCY
            response = failure(503, category, f"guard refused: {type(error).__name__}")
        else:
            _log.error("zuulpy.endpoint_failed path=%s", request.path, exc_info=error)
            response = _local("endpoint failed")
        return response

    async def _finish(self, request: Request, response: Response) -> Response:
        response.request = request
        if response.category is None:
            categorise = of_origin_status if response.attempts else of_local_status
            response.category = categorise(response.status)
        for step in self._outbound:
            try:
                result = step.call(response)
                if result is None:
                    continue
                if step.is_async:
                    result = await result
                if isinstance(result, Response):
                    response = _replace(response, result)
                elif result is not None:
                    raise TypeError(f"an outbound filter returned {type(result).__name__}")
            except Exception:
                _log.exception("zuulpy.filter_failed filter=%s", step.name)
        return response


def _local(message: str) -> Response:
    return failure(500, StatusCategory.FAILURE_LOCAL, message)


def _replace(old: Response, new: Response) -> Response:
    """The new answer, which is still an answer to the same request after the same attempts."""
    if new is not old:
        new.request = old.request
        new.attempts = new.attempts or old.attempts
        new.category = new.category or old.category
        if new.stream is not old.stream:
            old.close()
    return new
