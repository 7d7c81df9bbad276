import pickle

import pytest

from hystrixpy import (
    BadRequestError,
    BulkheadFullError,
    CircuitOpenError,
    CommandTimeoutError,
    ConfigError,
    FallbackFailedError,
    HystrixError,
    RejectedError,
)

ERRORS = [
    CircuitOpenError("titles", 2.5),
    CircuitOpenError("titles", None),
    BulkheadFullError("titles", 10, 10),
    CommandTimeoutError("titles", 0.3),
    CommandTimeoutError(),
    FallbackFailedError("titles", KeyError("a"), ValueError("b")),
    FallbackFailedError("titles", None, ValueError("b")),
    BadRequestError("no such title"),
    ConfigError("timeout=0: must be over 0"),
]


@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_it_survives_the_way_to_another_process(error: HystrixError) -> None:
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert {k: repr(v) for k, v in vars(twin).items()} == {
        k: repr(v) for k, v in vars(error).items()
    }


def test_the_tree() -> None:
    assert issubclass(CircuitOpenError, RejectedError)
    assert issubclass(BulkheadFullError, RejectedError)
    assert issubclass(CommandTimeoutError, TimeoutError)
    assert issubclass(ConfigError, ValueError)
    assert all(isinstance(error, HystrixError) for error in ERRORS)
    assert str(CircuitOpenError("titles", 2.5)).startswith("titles: the circuit is open")
    assert CommandTimeoutError("titles", 0.3).errno is None
