"""Real clusters, one a runtime for the session; each test finds it whole and leaves it empty."""

import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from titan_sched import Cluster, Service, start_agent, start_cluster, sweep

SERVER = [sys.executable, "-m", "http.server", "{port}", "--bind", "{host}"]


def wait(look, timeout=10.0):
    """What `look` returns, once that is true."""
    end = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < end, "it did not come about in time"
        threading.Event().wait(0.01)
    return found


@pytest.fixture
def until() -> Callable:
    """`until(look, timeout)` is what `look` returns once that is true."""
    return wait


@pytest.fixture(scope="session")
def clusters(tmp_path_factory) -> Iterator[Callable[[str], Cluster]]:
    """`clusters(runtime)` is the session's cluster of three zones with that runtime."""
    running: dict[str, Cluster] = {}

    def get(runtime: str) -> Cluster:
        if runtime not in running:
            root = tmp_path_factory.mktemp(runtime) / "cluster"
            running[runtime] = start_cluster(root, runtime=runtime, ends_with_me=True)
        return running[runtime]

    try:
        yield get
    finally:
        for cluster in running.values():
            sweep(cluster.directory)


@pytest.fixture
def cluster(request, clusters) -> Iterator[Cluster]:
    """A cluster with all zones and no job; parametrize indirectly with a runtime's name."""
    found = clusters(getattr(request, "param", "auto"))
    for zone in found.zones:
        start_agent(found.directory, zone)
    client = found.client()
    wait(lambda: {agent["state"] for agent in client.agents()} == {"Connected"})
    try:
        yield found
    finally:
        for job in client.jobs():
            if job["status"]["state"] != "Finished":
                client.kill_job(job["id"])
        wait(lambda: not client.tasks())


@pytest.fixture
def web() -> Callable:
    """`web(count=3, ...)` is a service of small web servers, spread over the zones."""

    def make(name="web", **options):
        return Service(name, SERVER, **{"count": 3, "ports": 1, "spread": "zone", **options})

    return make
