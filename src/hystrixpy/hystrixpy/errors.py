"""What a command can raise of its own.

    HystrixError
    ├── ConfigError(ValueError)            an impossible setting, found when it is built
    ├── RejectedError                      the call was not made
    │   ├── CircuitOpenError               .retry_after
    │   └── BulkheadFullError              .in_use .limit
    ├── CommandTimeoutError(TimeoutError)  .timeout
    ├── FallbackFailedError                .cause .fallback_error
    └── BadRequestError                    raised by the user's code; says nothing about health

Without a fallback the exception of the user's own function reaches the caller unchanged.
"""

from __future__ import annotations


class HystrixError(Exception):
    """Base class of every error that this package raises."""


class ConfigError(HystrixError, ValueError):
    """A setting is impossible. The message names the field, its value and what is allowed."""


class RejectedError(HystrixError):
    """The command refused the call without making it.

    Attributes:
        command: name of the command that refused.
    """

    command: str


class CircuitOpenError(RejectedError):
    """The circuit of the command is open.

    Attributes:
        command: name of the command.
        retry_after: seconds until a test call can be let through; None when it is forced open.
    """

    def __init__(self, command: str, retry_after: float | None) -> None:
        super().__init__(command, retry_after)
        self.command = command
        self.retry_after = retry_after

    def __str__(self) -> str:
        if self.retry_after is None:
            return f"{self.command}: the circuit is forced open"
        return f"{self.command}: the circuit is open, next test call in {self.retry_after:.3f} s"


class BulkheadFullError(RejectedError):
    """Too many calls are in progress.

    Attributes:
        command: name of the command.
        in_use: calls in progress when this one was refused.
        limit: how many are allowed at once.
        argument: the argument of `@command` that raises the limit.
    """

    def __init__(
        self, command: str, in_use: int, limit: int, argument: str = "max_concurrent"
    ) -> None:
        super().__init__(command, in_use, limit, argument)
        self.command = command
        self.in_use = in_use
        self.limit = limit
        self.argument = argument

    def __str__(self) -> str:
        return (
            f"{self.command}: {self.in_use} of {self.limit} calls in progress; "
            f"{self.argument}= of @command raises the limit"
        )


class CommandTimeoutError(HystrixError, TimeoutError):
    """The time of a call is used up: its command's timeout or a deadline around it.

    Attributes:
        command: name of the command; None when `remaining()` raised it outside any.
        timeout: seconds the call had; None when there was nothing left before it began.
    """

    def __init__(self, command: str | None = None, timeout: float | None = None) -> None:
        super().__init__("no time left")
        self.command = command
        self.timeout = timeout

    def __str__(self) -> str:
        who = "" if self.command is None else f"{self.command}: "
        if self.timeout is None:
            return f"{who}no time left before the deadline"
        return f"{who}not finished within {self.timeout:.3f} s"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.command, self.timeout)


class FallbackFailedError(HystrixError):
    """The call failed, and so did its fallback.

    Attributes:
        command: name of the command.
        cause: the error of the call; None when `is_failure=` judged its value.
        fallback_error: the error of the fallback; BulkheadFullError when it was refused.
    """

    def __init__(
        self, command: str, cause: BaseException | None, fallback_error: BaseException
    ) -> None:
        super().__init__(command, cause, fallback_error)
        self.command = command
        self.cause = cause
        self.fallback_error = fallback_error

    def __str__(self) -> str:
        failed = "its value was judged a failure" if self.cause is None else repr(self.cause)
        return f"{self.command}: {failed}; fallback: {self.fallback_error!r}"


class BadRequestError(HystrixError):
    """For the user's code to raise when the caller is wrong, as HystrixBadRequestException.

    It passes through the command: no retry, no fallback, in neither volume nor errors.
    """
