"""The control plane's REST API, Titus v3's paths and field names where it has them.

Every request needs ``Authorization: Bearer <token>``. An error is ``{"error": text, ...}`` with the
data of the exception beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from titan_sched import jobs
from titan_sched.control.service import ControlPlane
from titan_sched.errors import ClusterError, InvalidJobError, JobExistsError, NotFoundError

SIGNALS = ("KILL", "STOP", "CONT")
MAX_BODY = 4 * 1024 * 1024
MAX_WAIT = 10.0


class _Bearer:
    """Lets only requests with the token through."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._wanted):
                refused = JSONResponse({"error": "needs the cluster's bearer token"}, 401)
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def build_app(control: ControlPlane, token: str) -> Starlette:
    """The ASGI application; its lifespan runs the control plane's ticks."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(control.run())
        yield
        ticking.cancel()
        control.close()

    api = _Api(control)
    routes = [
        _route("/jobs", api.submit, "POST"),
        _route("/jobs", api.jobs, "GET"),
        _route("/jobs/{id}", api.job, "GET"),
        _route("/jobs/{id}", api.kill_job, "DELETE"),
        _route("/jobs/{id}/explain", api.explain, "GET"),
        _route("/tasks", api.tasks, "GET"),
        _route("/agents", api.agents, "GET"),
        _route("/agents/{id}/poll", api.poll, "POST"),
        _route("/faults", api.fault, "POST"),
    ]
    return Starlette(
        routes=routes, lifespan=lifespan, middleware=[Middleware(_Bearer, token=token)]
    )


def _route(path: str, endpoint: Callable[[Request], Awaitable[Any]], method: str) -> Route:
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await endpoint(request))
        except InvalidJobError as error:
            # What stood there may be no JSON (NaN), so it travels as text.
            data = {"field": error.field, "value": repr(error.value), "allowed": error.allowed}
            return JSONResponse({"error": str(error), **data}, 400)
        except JobExistsError as error:
            data = {"name": error.name, "jobId": error.job_id}
            return JSONResponse({"error": str(error), **data}, 409)
        except NotFoundError as error:
            data = {"kind": error.kind, "key": error.key}
            return JSONResponse({"error": str(error), **data}, 404)
        except ClusterError as error:
            return JSONResponse({"error": str(error)}, 503)

    return Route("/api/v3" + path, answer, methods=[method])


async def _body(request: Request) -> Any:
    if int(request.headers.get("content-length", 0)) > MAX_BODY:
        raise InvalidJobError("body", "too long", f"at most {MAX_BODY} bytes")
    body = await request.body()
    try:
        return json.loads(body)
    except ValueError:
        raise InvalidJobError("body", body[:80].decode(errors="replace"), "JSON") from None


class _Api:
    """One method a route; each returns what goes out as JSON."""

    def __init__(self, control: ControlPlane) -> None:
        self._control = control
        self._state = control.state

    async def submit(self, request: Request) -> Any:
        return self._control.submit(jobs.from_json(await _body(request))).to_json()

    async def jobs(self, request: Request) -> Any:
        return {"items": [job.to_json() for job in self._state.jobs.values()]}

    async def job(self, request: Request) -> Any:
        return self._state.job(request.path_params["id"]).to_json()

    async def kill_job(self, request: Request) -> Any:
        return self._control.kill_job(request.path_params["id"]).to_json()

    async def explain(self, request: Request) -> Any:
        return self._control.explain(request.path_params["id"])

    async def tasks(self, request: Request) -> Any:
        """The newest task of each slot of living jobs, or of one job; ``all=1`` adds history."""
        state, wanted = self._state, request.query_params.get("jobId")
        chosen = [state.job(wanted)] if wanted else list(state.jobs.values())
        if request.query_params.get("all") == "1":
            ids = {job.id for job in chosen}
            found = [task for task in state.tasks.values() if task.job_id in ids]
        else:
            living = [job for job in chosen if wanted or job.state != "Finished"]
            found = [task for job in living for task in state.current_tasks(job)]
        return {"items": [task.to_json() for task in found]}

    async def agents(self, request: Request) -> Any:
        return {"items": self._control.agents()}

    async def poll(self, request: Request) -> Any:
        wait = min(MAX_WAIT, max(0.0, float(request.query_params.get("wait", 0))))
        return await self._control.poll(request.path_params["id"], await _body(request), wait)

    async def fault(self, request: Request) -> Any:
        order = await _body(request)
        unknown = (
            order.keys() - {"target", "signal", "seconds"} if isinstance(order, dict) else {""}
        )
        if unknown:
            raise InvalidJobError("fault", sorted(unknown), "the fields target, signal, seconds")
        target, signal, seconds = order.get("target"), order.get("signal"), order.get("seconds")
        if not isinstance(target, str) or not target:
            raise InvalidJobError("target", target, "a task's id or name, an agent or a zone")
        if signal not in SIGNALS:
            raise InvalidJobError("signal", signal, ", ".join(SIGNALS))
        if seconds is not None and not (
            isinstance(seconds, int | float) and math.isfinite(seconds) and seconds > 0
        ):
            raise InvalidJobError("seconds", seconds, "a number > 0, or null until CONT")
        if seconds is not None and signal != "STOP":
            raise InvalidJobError("seconds", seconds, "null: only a STOP ends by itself")
        return await self._control.fault(target, signal, seconds)
