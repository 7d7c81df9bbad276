"""Fixtures for every test: factories of real servers (see `tests/engines.py`)."""

from collections.abc import Callable, Iterator

import pytest

from tests.engines import Engines, Server, ended_by_signals

KEPT = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def engines(request: pytest.FixtureRequest) -> Iterator[Engines]:
    """All engines of this session; they end with it, and after a failure their logs stay."""
    started = Engines()
    with ended_by_signals():
        try:
            yield started
        finally:
            keep = bool(request.session.testsfailed and started.servers)
            started.close(keep=keep)
            if keep:
                request.config.stash[KEPT] = str(started.folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if folder := terminalreporter.config.stash.get(KEPT, None):
        terminalreporter.write_line(f"logs and data of the engines are kept in {folder}")


@pytest.fixture(scope="session")
def memcached(engines: Engines) -> Callable[..., Server]:
    """`memcached(*options)` starts one more memcached."""
    return engines.memcached


@pytest.fixture(scope="session")
def zookeeper(engines: Engines) -> Callable[[], Server]:
    """`zookeeper()` starts one more ZooKeeper of a single node."""
    return engines.zookeeper


@pytest.fixture(scope="session")
def mariadb(engines: Engines) -> Callable[[], Server]:
    """`mariadb()` starts one more MariaDB with an empty data folder."""
    return engines.mariadb


@pytest.fixture(scope="session")
def nginx(engines: Engines) -> Callable[[str], Server]:
    """`nginx(conf)` starts one more nginx; `conf` is the body of its `http { }`."""
    return engines.nginx


@pytest.fixture(scope="session")
def chromium(engines: Engines) -> Callable[[], Server]:
    """`chromium()` starts one more headless Chromium with a DevTools port."""
    return engines.chromium
