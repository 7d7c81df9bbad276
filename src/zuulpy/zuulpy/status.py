"""What became of a request, in the words of Zuul 2 (`ZuulStatusCategory`)."""

from __future__ import annotations

from enum import StrEnum


class StatusCategory(StrEnum):
    """Why a request ended as it did; answers that zuulpy makes carry it as `x-zuul-status`."""

    SUCCESS = "SUCCESS"
    SUCCESS_NOT_FOUND = "SUCCESS_NOT_FOUND"
    SUCCESS_LOCAL_NO_ROUTE = "SUCCESS_LOCAL_NO_ROUTE"
    FAILURE_LOCAL = "FAILURE_LOCAL"
    FAILURE_LOCAL_THROTTLED_ORIGIN_CONCURRENCY = "FAILURE_LOCAL_THROTTLED_ORIGIN_CONCURRENCY"
    FAILURE_LOCAL_THROTTLED_ORIGIN_SERVER_MAXCONN = "FAILURE_LOCAL_THROTTLED_ORIGIN_SERVER_MAXCONN"
    FAILURE_LOCAL_HEADER_FIELDS_TOO_LARGE = "FAILURE_LOCAL_HEADER_FIELDS_TOO_LARGE"
    FAILURE_CLIENT_BAD_REQUEST = "FAILURE_CLIENT_BAD_REQUEST"
    FAILURE_CLIENT_CANCELLED = "FAILURE_CLIENT_CANCELLED"
    FAILURE_CLIENT_TIMEOUT = "FAILURE_CLIENT_TIMEOUT"
    FAILURE_ORIGIN = "FAILURE_ORIGIN"
    FAILURE_ORIGIN_READ_TIMEOUT = "FAILURE_ORIGIN_READ_TIMEOUT"
    FAILURE_ORIGIN_CONNECTIVITY = "FAILURE_ORIGIN_CONNECTIVITY"
    FAILURE_ORIGIN_THROTTLED = "FAILURE_ORIGIN_THROTTLED"
    FAILURE_ORIGIN_NO_SERVERS = "FAILURE_ORIGIN_NO_SERVERS"
    FAILURE_ORIGIN_RESET_CONNECTION = "FAILURE_ORIGIN_RESET_CONNECTION"


def of_origin_status(status: int) -> StatusCategory:
    """Category of an answer that an origin gave."""
    if status == 404:
        return StatusCategory.SUCCESS_NOT_FOUND
    if status == 503:
        return StatusCategory.FAILURE_ORIGIN_THROTTLED
    return StatusCategory.FAILURE_ORIGIN if status >= 500 else StatusCategory.SUCCESS


def of_local_status(status: int) -> StatusCategory:
    """Category of an answer that a filter or a local endpoint gave."""
    return StatusCategory.FAILURE_LOCAL if status >= 500 else StatusCategory.SUCCESS
