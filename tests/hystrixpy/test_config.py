import math
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from hystrixpy import CircuitConfig, ConfigError


def test_the_defaults_are_hystrix() -> None:
    config = CircuitConfig()
    assert config.request_volume_threshold == 20
    assert config.error_threshold_percentage == 50
    assert config.sleep_window == 5
    assert (config.window, config.buckets) == (10, 10)


FIELDS = {
    "request_volume_threshold": lambda v: isinstance(v, int) and 1 <= v <= 10**9,
    "error_threshold_percentage": lambda v: 0 < v <= 100,
    "sleep_window": lambda v: 0 < v < math.inf,
    "window": lambda v: 0 < v < math.inf,
    "buckets": lambda v: isinstance(v, int) and 1 <= v <= 1000,
}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(FIELDS)),
    st.integers(-5, 10**10) | st.floats() | st.booleans() | st.text(max_size=3) | st.none(),
)
def test_every_value_is_taken_or_named_with_its_range(field: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and FIELDS[field](value):
        assert getattr(CircuitConfig(**{field: value}), field) == value
    else:
        with pytest.raises(ConfigError, match=f"^circuit.{field}=.*must be"):
            CircuitConfig(**{field: value})
