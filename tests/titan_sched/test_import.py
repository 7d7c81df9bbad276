"""Importing the package is cheap: what is costly comes with the name that needs it."""

import subprocess
import sys

import titan_sched

LOOK = "import sys; import titan_sched; print(*sorted(sys.modules))"


def test_importing_the_package_brings_in_nothing_costly():
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=True)
    found = {name for name in done.stdout.split() if name.startswith("titan_sched")}
    assert found == {"titan_sched", "titan_sched.errors"}
    assert not {"numpy", "http.client", "logging", "dataclasses"} & set(done.stdout.split())


def test_every_public_name_is_there():
    for name in titan_sched.__all__:
        assert getattr(titan_sched, name) is not None
