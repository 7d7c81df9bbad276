"""Reads OTLP-JSON trace exports into spans (OpenTelemetry protocol 1.x, JSON encoding).

Pure: bytes in, :class:`Batch` out. What the JSON encoding demands is followed: ids are hex (any
case), 64-bit integers may be strings, unknown members are ignored. A span that cannot be read is
counted in ``rejected`` and does not cost its neighbours (OTLP's partial success).
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .errors import TelemetryError

__all__ = ["Batch", "Span", "parse_traces"]

_TRACE = re.compile(r"[0-9a-f]{32}")
_SPAN = re.compile(r"[0-9a-f]{16}")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_ERROR = 2
# What one span may bring: the store is bounded by spans, so a span must be bounded too.
_MAX_FIELDS = 64
_MAX_TEXT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One finished unit of work.

    Args:
        trace: 32 hex digits.
        span: 16 hex digits.
        parent: 16 hex digits, or None for the first span of its trace.
        name: what was done, for example ``zuulpy.request``.
        service: ``service.name``, the job.
        instance: ``service.instance.id``, the instance's name.
        zone: ``halation.zone``, "" where unknown.
        start_ns: unix nanoseconds.
        end_ns: unix nanoseconds, not before ``start_ns``.
        ok: False if the status is an error or the attribute ``ok`` is false.
        fields: attributes.
    """

    trace: str
    span: str
    parent: str | None
    name: str
    service: str
    instance: str
    zone: str
    start_ns: int
    end_ns: int
    ok: bool
    fields: Mapping[str, object]

    @property
    def start(self) -> float:
        """Start in unix seconds."""
        return self.start_ns / 1e9

    @property
    def end(self) -> float:
        """End in unix seconds."""
        return self.end_ns / 1e9

    @property
    def ms(self) -> float:
        """Duration in milliseconds."""
        return (self.end_ns - self.start_ns) / 1e6

    def text(self, field: str) -> str:
        """Attribute ``field`` as text, "" where absent."""
        value = self.fields.get(field)
        return "" if value is None else str(value)

    @property
    def http_status(self) -> int | None:
        """Status of the answer: ``status_code`` or ``status``, whichever is a number."""
        for field in ("status_code", "status"):
            if (text := self.text(field)).isdecimal():
                return int(text)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one export held: the spans read, and how many were not and why (the first reason)."""

    spans: tuple[Span, ...]
    rejected: int = 0
    reason: str = ""


def parse_traces(body: bytes) -> Batch:
    """Read the body of ``POST /v1/traces``.

    Raises:
        TelemetryError: the body is no JSON object of the export shape.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TelemetryError(f"the body is not JSON: {error}") from error
    spans: list[Span] = []
    rejected, first = 0, ""
    for resource, raw in _raw_spans(document):
        try:
            spans.append(_span(raw, resource))
        except TelemetryError as error:
            rejected += 1
            first = first or error.reason
    return Batch(spans=tuple(spans), rejected=rejected, reason=first)


def _raw_spans(document: object) -> Iterator[tuple[Mapping[str, object], object]]:
    for resource_spans in _members(document, "resourceSpans"):
        resource: Mapping[str, object] = {}
        if isinstance(resource_spans, dict) and isinstance(resource_spans.get("resource"), dict):
            resource = _attributes(resource_spans["resource"].get("attributes"))
        for scope_spans in _members(resource_spans, "scopeSpans"):
            for raw in _members(scope_spans, "spans"):
                yield resource, raw


def _members(value: object, name: str) -> list[object]:
    if not isinstance(value, dict):
        raise TelemetryError(f"the holder of {name} is not an object")
    members = value.get(name, [])
    if not isinstance(members, list):
        raise TelemetryError(f"{name} is not an array")
    return members


def _span(raw: object, resource: Mapping[str, object]) -> Span:
    if not isinstance(raw, dict):
        raise TelemetryError("a span is not an object")
    start, end = _nanos(raw, "startTimeUnixNano"), _nanos(raw, "endTimeUnixNano")
    if end < start:
        raise TelemetryError("a span ends before it starts")
    status = raw.get("status")
    status = status if isinstance(status, dict) else {}
    fields = _attributes(raw.get("attributes"))
    if status.get("message") and "error" not in fields:
        fields["error"] = str(status["message"])[:_MAX_TEXT]
    return Span(
        trace=_id(raw, "traceId", _TRACE),
        span=_id(raw, "spanId", _SPAN),
        parent=_id(raw, "parentSpanId", _SPAN) if raw.get("parentSpanId") else None,
        name=_intern(raw.get("name")),
        service=_intern(resource.get("service.name")),
        instance=_intern(resource.get("service.instance.id")),
        zone=_intern(resource.get("halation.zone")),
        start_ns=start,
        end_ns=end,
        ok=status.get("code") != _ERROR and fields.get("ok") is not False,
        fields=fields,
    )


def _intern(value: object) -> str:
    # The same few dozen names stand in every span; held once, they cost nothing.
    return sys.intern("" if value is None else str(value)[:_MAX_TEXT])


def _id(raw: Mapping[str, object], member: str, shape: re.Pattern[str]) -> str:
    value = raw.get(member)
    text = value.lower() if isinstance(value, str) else ""
    if not shape.fullmatch(text) or not text.strip("0"):
        raise TelemetryError(f"{member} is not an id: {str(value)[:64]!r}")
    return text


def _nanos(raw: Mapping[str, object], member: str) -> int:
    value = raw.get(member)
    try:
        if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 20:
            raise ValueError
        nanos = int(value)
        if nanos < 0:
            raise ValueError
    except ValueError:
        raise TelemetryError(f"{member} is not a time: {str(value)[:64]!r}") from None
    return nanos


def _attributes(value: object) -> dict[str, object]:
    fields: dict[str, object] = {}
    for pair in value[:_MAX_FIELDS] if isinstance(value, list) else ():
        if isinstance(pair, dict) and isinstance(pair.get("key"), str):
            fields[sys.intern(pair["key"])] = _any_value(pair.get("value"))
    return fields


def _any_value(value: object, *, nested: bool = False) -> object:
    if not isinstance(value, dict) or not value:
        return None
    kind, content = next(iter(value.items()))
    if kind == "arrayValue":
        items = content.get("values") if isinstance(content, dict) else None
        if nested or not isinstance(items, list):
            return None
        return [_any_value(item, nested=True) for item in items[:_MAX_FIELDS]]
    if kind == "intValue":
        return int(content) if _INTEGER.fullmatch(str(content)) else None
    if kind == "boolValue":
        return content if isinstance(content, bool) else None
    if kind == "doubleValue":
        # NaN and infinity have no JSON form that a browser reads.
        number = isinstance(content, int | float) and math.isfinite(content)
        return float(content) if number else None
    return content[:_MAX_TEXT] if isinstance(content, str) else None
