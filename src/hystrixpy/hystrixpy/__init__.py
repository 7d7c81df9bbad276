"""Commands that survive what they call: timeout, isolation, circuit breaker, retry and fallback, for sync and async code."""
