"""Calling again: tenacity decides when, entered at the first failure and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

    import tenacity

PAUSE = (0.05, 0.1)
"""Seconds between attempts, drawn anew each time so that callers do not come back together."""

BUDGET_SHARE = 0.1
BUDGET_RESERVE = 10
"""Retries a window may hold whatever its traffic: a command with few calls can retry too."""


def affordable(attempts: int, retries: int) -> bool:
    """Whether the window's budget (10 % of its calls) has room for one more retry."""
    return retries + 1 <= max(BUDGET_RESERVE, BUDGET_SHARE * (attempts - retries))


class Retry:
    """The policy of a command: `attempts` calls at most, jittered pauses of 50 to 100 ms."""

    def __init__(self, attempts: int, random: Random) -> None:
        self._attempts = attempts
        self._random = random
        self._policy: tenacity.Retrying | None = None

    def begin(self) -> Attempts:
        """Enter tenacity for one call whose first attempt failed."""
        if self._policy is None:
            self._policy = self._build()
        return Attempts(self._policy.copy())

    def _build(self) -> tenacity.Retrying:
        import tenacity  # imported by the first failure, not by the application

        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._attempts),
            wait=lambda state: self._random.uniform(*PAUSE),
            retry=tenacity.retry_always,
            retry_error_callback=lambda state: None,
        )


class Attempts:
    """The attempts of one call."""

    def __init__(self, policy: tenacity.Retrying) -> None:
        import tenacity

        policy.begin()
        self._policy = policy
        self._state = tenacity.RetryCallState(policy, None, (), {})

    def pause(self, error: BaseException | None, value: Any) -> float | None:
        """Seconds to wait before the next attempt; None when this one was the last.

        Args:
            error: what the attempt raised; None when its value was judged a failure.
            value: that value.
        """
        if error is None:
            self._state.set_result(value)
        else:
            self._state.set_exception((type(error), error, error.__traceback__))
        decision = self._policy.iter(self._state)
        if not isinstance(decision, float):  # tenacity's DoSleep is one
            return None
        self._state.prepare_for_next_attempt()
        return decision
