"""Answers that zuulpy gives itself."""

from __future__ import annotations

import json

from zuulpy.message import Response
from zuulpy.status import StatusCategory


def failure(status: int, category: StatusCategory, message: str) -> Response:
    """A JSON error with its category, also as the `x-zuul-status` header."""
    body = {"error": {"status": status, "category": category.value, "message": message}}
    response = Response(
        status,
        json.dumps(body).encode() + b"\n",
        {"content-type": "application/json", "x-zuul-status": category.value},
    )
    response.category = category
    return response
