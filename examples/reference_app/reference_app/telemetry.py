"""Spans of one process: OpenTelemetry's, sent as OTLP/JSON to the booth or to any OTLP address.

The libraries report finished work as events with their own trace ids, so spans are made whole and
never through a tracer: one processor batches them, one exporter posts them. A collector that is
away costs nothing but the spans.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.status import Status, StatusCode

Trace = ContextVar[str | None]

WELL = ("SUCCESS", "FALLBACK_SUCCESS", "BAD_REQUEST", "CANCELLED")
"""Events of a command after which its caller has what it asked for, or its own mistake."""


def new_traceparent(parent: str | None) -> tuple[str, str | None]:
    """A span in the trace of `parent` or in a new one: its traceparent, and the parent's span id.

    Format: W3C Trace Context, `00-<32 hex trace>-<16 hex span>-01`.
    """
    if parent:
        _, trace, span, _ = parent.split("-")
        return f"00-{trace}-{secrets.token_hex(8)}-01", span
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01", None


def went_well(fields: Mapping[str, object]) -> bool:
    """Whether a unit of work ended well: by its HTTP status, or by a command's last event."""
    status, told = fields.get("status"), fields.get("events")
    if isinstance(status, int):
        return status < 500
    return not (isinstance(told, list | tuple) and told) or told[-1] in WELL


def _value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, (list, tuple)):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": str(value)}


def _attributes(attributes: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in attributes.items()]


def otlp(span: ReadableSpan) -> dict[str, Any]:
    """One span as OTLP/JSON (opentelemetry-proto, trace/v1, JSON mapping: ids as hex)."""
    body: dict[str, Any] = {
        "traceId": f"{span.context.trace_id:032x}",
        "spanId": f"{span.context.span_id:016x}",
        "name": span.name,
        "kind": span.kind.value + 1,
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {"code": span.status.status_code.value},
    }
    if span.parent is not None:
        body["parentSpanId"] = f"{span.parent.span_id:016x}"
    return body


class OtlpJsonExporter(SpanExporter):
    """Posts batches to an OTLP/HTTP address; a batch that cannot be sent is dropped."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self._connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        self._address = (parts.hostname or "127.0.0.1", parts.port or (443 if secure else 4318))
        self._path = parts.path.rstrip("/") or "/v1/traces"
        self._headers = {"content-type": "application/json", **headers}

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send one batch within two seconds."""
        resource = {"attributes": _attributes(dict(spans[0].resource.attributes))}
        scope = {"scope": {"name": "halation"}, "spans": [otlp(span) for span in spans]}
        body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})
        connection = self._connect(*self._address, timeout=2.0)
        try:
            connection.request("POST", self._path, body, self._headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return SpanExportResult.FAILURE
        finally:
            connection.close()
        return SpanExportResult.SUCCESS if status < 300 else SpanExportResult.FAILURE


class Telemetry:
    """Makes and sends the spans of one process."""

    def __init__(
        self,
        exporter: SpanExporter,
        *,
        service: str,
        instance: str,
        zone: str,
        trace: Trace,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._resource = Resource(
            {"service.name": service, "service.instance.id": instance, "halation.zone": zone}
        )
        self._processor = BatchSpanProcessor(
            exporter, schedule_delay_millis=300, max_export_batch_size=512
        )
        self._trace = trace
        self._now = now

    def record(
        self,
        name: str,
        traceparent: str,
        parent: str | None,
        *,
        at: float,
        ms: float,
        ok: bool = True,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Mapping[str, object],
    ) -> None:
        """Keep one finished span. `at` is its end in unix seconds, `ms` how long it took."""
        _, trace, span, _ = traceparent.split("-")
        end = int(at * 1e9)
        self._processor.on_end(
            ReadableSpan(
                name,
                context=_context(trace, span),
                parent=_context(trace, parent) if parent else None,
                resource=self._resource,
                attributes={k: v for k, v in attributes.items() if v is not None},  # type: ignore[misc]
                kind=kind,
                status=Status(StatusCode.UNSET if ok else StatusCode.ERROR),
                start_time=end - int(ms * 1e6),
                end_time=end,
            )
        )

    @contextmanager
    def span(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: object
    ) -> Iterator[dict[str, object]]:
        """Time a block as one span; what is put into the yielded dict becomes its attributes."""
        traceparent, parent = new_traceparent(self._trace.get())
        token = self._trace.set(traceparent)
        begun, ok = time.perf_counter(), True
        try:
            yield attributes
        except BaseException as error:
            ok = False
            # A refusal is told by its code, which is what dashboards count by.
            told = getattr(error, "code", None) or f"{type(error).__name__}: {error}"[:200]
            attributes.setdefault("error", told)
            raise
        finally:
            self._trace.reset(token)
            ms = (time.perf_counter() - begun) * 1e3
            failed = bool(attributes.get("failed"))
            self.record(
                name,
                traceparent,
                parent,
                at=self._now(),
                ms=ms,
                ok=ok and not failed,
                kind=kind,
                attributes=attributes,
            )

    def close(self) -> None:
        """Send what is left."""
        self._processor.shutdown()  # type: ignore[no-untyped-call]


def _context(trace: str, span: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=flags)
