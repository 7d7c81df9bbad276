"""How long a task is gone: from `kill -9` until its replacement is Started and in the registry.

A real control plane and three agents, runtime `auto`, one `http.server` as the task. The reference
is the bare wait: starting the same server without a scheduler until its port accepts a connection.
"""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from titan_sched import Cluster, Job, Service, start_cluster, sweep

SERVER = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
ROUNDS = 8


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory() as root:
        try:
            yield start_cluster(root, ends_with_me=True)
        finally:
            sweep(root)


def wait(look: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not look():
        assert time.monotonic() < until
        time.sleep(0.002)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.benchmark(group="kill -9 to replaced")
def test_reference_bare_start(benchmark: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running: list[subprocess.Popen[bytes]] = []

    def end() -> None:
        while running:
            running[0].kill()
            running.pop().wait()

    def start() -> None:
        quiet = subprocess.DEVNULL
        running.append(subprocess.Popen([*SERVER, str(port)], stdout=quiet, stderr=quiet))
        wait(lambda: accepts(port))

    benchmark.pedantic(start, setup=end, rounds=ROUNDS)
    end()


@pytest.mark.benchmark(group="kill -9 to replaced")
def test_replaced(benchmark: Any, cluster: Cluster) -> None:
    client, numbers = cluster.client(), itertools.count()
    before: list[Job] = []

    def submit() -> tuple[tuple[Job], dict[str, Any]]:
        # A new job each round: a slot that dies again and again waits longer each time.
        while before:
            before.pop().kill()
        service = Service(f"web{next(numbers)}", [*SERVER, "{port}"], ports=1)
        job = client.submit(service)
        job.wait_started(20)
        before.append(job)
        return (job,), {}

    def kill(job: Job) -> None:
        (task,) = job.tasks()
        assert task.pid is not None
        os.kill(task.pid, signal.SIGKILL)
        file = cluster.registry / f"{job.name}.json"

        def replaced() -> bool:
            listed = [one["id"] for one in json.loads(file.read_text())]
            return listed not in ([], [task.id])

        wait(replaced)

    benchmark.pedantic(kill, setup=submit, rounds=ROUNDS)
