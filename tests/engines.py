"""The real servers, as child processes of the test session.

Each method of `Engines` starts one more server on a free port of 127.0.0.1 and waits until it
answers; `close` ends all of them, by process. `tests/conftest.py` gives the methods as fixtures:

    def test_something(memcached):
        node = memcached("-m", "16")
        client = pymemcache.Client((node.host, node.port))
        node.kill()                       # SIGKILL; a second memcached() is a fresh server

A missing engine skips the test in one line on a laptop and fails it under `CI=true`. As root the
database runs as nobody, as on any machine that is looked after.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
NOBODY = 65534
# Serial collector and first compiler only: less memory and a quicker start, no use for figures.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Xmx96m")
BOOTSTRAP_SQL = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)
CHROMIUM_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
    "--autoplay-policy=no-user-gesture-required",
)
READY_SECONDS = 60.0
STOP_SECONDS = 15.0


def load_script(name: str) -> types.ModuleType:
    """A module of `scripts/`, which is a folder of commands and not a package."""
    qualified = f"scripts_{name}"
    if qualified not in sys.modules:
        spec = importlib.util.spec_from_file_location(qualified, ROOT / "scripts" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        # dataclasses looks the module up by its name while it is being executed
        sys.modules[qualified] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[qualified]


def require(engine: str) -> pathlib.Path:
    """Where an engine is; without it the test is skipped, and fails under `CI=true`."""
    scripts = load_script("engines")
    found: pathlib.Path | None = scripts.find(engine)
    if found is None:
        line = f"{engine} is missing; {scripts.remedy(engine)}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(line)
    return found


def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def ask(port: int, request: bytes) -> bytes:
    """The first bytes a server says after `request`; empty while nobody listens."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1.0) as connection:
        connection.sendall(request)
        return connection.recv(4096)
    return b""


@dataclass(kw_only=True)
class Server:
    """One running engine. `run` is its own folder, with its output in `log`."""

    name: str
    port: int
    run: pathlib.Path
    process: subprocess.Popen[bytes]
    host: str = HOST
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What the server has printed."""
        return (self.run / "log").read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL, as a lost machine."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, after 15 s SIGKILL; returns the exit code."""
        if self.process.poll() is None:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self._signal(signal.SIGKILL)
        return self.process.wait()

    def _signal(self, number: int) -> None:
        # To the whole session that it leads: Debian's Chromium is a shell script that waits for
        # the browser, and the browser outlives it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def until(self, ready: Callable[[], object]) -> None:
        """Wait until `ready()` is true; a server that ended or never gets there fails the test."""
        deadline = time.monotonic() + READY_SECONDS
        while not ready():
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self.process.wait(0.02)
                raise EndedError(f"{self.name} ended with {code}:\n{self.log[-3000:]}")
            if time.monotonic() > deadline:
                self.stop()
                raise EndedError(f"{self.name} is not ready after 60 s:\n{self.log[-3000:]}")


class EndedError(RuntimeError):
    """A server that did not come up; the message ends with what it printed."""


class Engines:
    """Starts servers below one folder and remembers them until `close`."""

    def __init__(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="engines-"))
        self.folder.chmod(0o755)  # servers that are nobody must get through
        self.servers: list[Server] = []

    def close(self, *, keep: bool = False) -> None:
        """End every server, newest first; the folder stays where `keep` says so."""
        for server in reversed(self.servers):
            server.stop()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def memcached(self, *options: str) -> Server:
        """A memcached on TCP only; more of its own options may follow."""
        program = require("memcached")
        user = ["-u", "nobody"] if os.geteuid() == 0 else []

        def command(port: int, run: pathlib.Path) -> list[str]:
            return [str(program), "-l", HOST, "-p", str(port), "-U", "0", *user, *options]

        return self._start("memcached", command, lambda port: ask(port, b"version\r\n"))

    def zookeeper(self) -> Server:
        """A ZooKeeper of one node, ticks of 0.5 s: sessions of 1 to 10 s."""
        jars = require("zookeeper")
        java = load_script("engines").java()

        def command(port: int, run: pathlib.Path) -> list[str]:
            (run / "data").mkdir()
            (run / "zoo.cfg").write_text(
                f"tickTime=500\ndataDir={run}/data\nclientPort={port}\nclientPortAddress={HOST}\n"
                "admin.enableServer=false\n4lw.commands.whitelist=srvr,mntr\nmaxClientCnxns=0\n"
            )
            properties = ("zookeeper.jmx.log4j.disable=true", f"java.io.tmpdir={run}")
            quiet = "org.slf4j.simpleLogger.defaultLogLevel=warn"
            flags = [*JVM, *(f"-D{line}" for line in (*properties, quiet)), "-cp", f"{jars}/*"]
            main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
            return [str(java), *flags, main, f"{run}/zoo.cfg"]

        return self._start("zookeeper", command, lambda port: b"Mode: " in ask(port, b"srvr"))

    def mariadb(self) -> Server:
        """A MariaDB whose `root` has no password, with an empty data folder and a binary log."""
        program = require("mariadb")

        def command(port: int, run: pathlib.Path) -> list[str]:
            _bootstrap(program, run)
            (run / "my.cnf").write_text(
                f"[mariadbd]\ndatadir={run}/data\nsocket={run}/s.sock\npid-file={run}/pid\n"
                f"port={port}\nbind-address={HOST}\ntmpdir={run}/tmp\nskip-name-resolve\n"
                f"log-bin={run}/data/binlog\nserver-id=1\nbinlog_format=ROW\nsync_binlog=1\n"
                "innodb_buffer_pool_size=64M\ninnodb_log_file_size=16M\nkey_buffer_size=1M\n"
                "aria_pagecache_buffer_size=8M\ninnodb_flush_log_at_trx_commit=1\n"
                "performance_schema=OFF\ncharacter-set-server=utf8mb4\n"
            )
            return [str(program), f"--defaults-file={run}/my.cnf"]

        # It greets first, so nothing is said; half a handshake would count as an aborted client.
        return self._start("mariadb", command, lambda port: ask(port, b""), as_nobody=True)

    def nginx(self, conf: str) -> Server:
        """An nginx whose `http { }` holds `conf`, with PORT and RUN (its folder) filled in.

        As root its worker stays root, so that it can read what a test wrote in its own folder.
        """
        program = require("nginx")
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

        def command(port: int, run: pathlib.Path) -> list[str]:
            user = "user root;\n" if os.geteuid() == 0 else ""
            folders = "".join(f"{kind}_temp_path {run}/{kind};\n" for kind in kinds)
            body = conf.replace("PORT", str(port)).replace("RUN", str(run))
            (run / "nginx.conf").write_text(
                f"{user}daemon off;\nworker_processes 1;\npid {run}/pid;\nerror_log stderr warn;\n"
                f"events {{ }}\nhttp {{\naccess_log off;\n{folders}{body}\n}}\n"
            )
            return [str(program), "-p", str(run), "-c", f"{run}/nginx.conf", "-e", "stderr"]

        return self._start("nginx", command, listens)

    def chromium(self) -> Server:
        """A headless Chromium; `url` is what playwright's `chromium.connect_over_cdp` wants."""
        program = require("chromium")
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []

        def command(port: int, run: pathlib.Path) -> list[str]:
            flags = [*CHROMIUM_FLAGS, *sandbox, f"--user-data-dir={run}/profile"]
            return [str(program), *flags, f"--remote-debugging-port={port}", "about:blank"]

        return self._start("chromium", command, listens)

    def _start(
        self,
        name: str,
        command: Callable[[int, pathlib.Path], Sequence[str]],
        ready: Callable[[int], object],
        *,
        as_nobody: bool = False,
    ) -> Server:
        """Start on a free port and wait; once more where another process took the port."""
        try:
            return self._start_once(name, command, ready, as_nobody=as_nobody)
        except EndedError as error:
            if not re.search("address already in use|bind", str(error), re.IGNORECASE):
                raise
            return self._start_once(name, command, ready, as_nobody=as_nobody)

    def _start_once(
        self,
        name: str,
        command: Callable[[int, pathlib.Path], Sequence[str]],
        ready: Callable[[int], object],
        *,
        as_nobody: bool,
    ) -> Server:
        run = self.folder / f"{name}-{len(self.servers) + 1}"
        run.mkdir()
        port = free_port()
        arguments = command(port, run)
        with (run / "log").open("wb") as log:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=run,
                start_new_session=True,
                **(_nobody(run) if as_nobody else {}),
            )
        server = Server(name=name, port=port, run=run, process=process)
        self.servers.append(server)
        server.until(lambda: ready(port))
        return server


def listens(port: int) -> bool:
    """Whether something accepts connections on a port of 127.0.0.1."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1.0):
        return True
    return False


def _nobody(run: pathlib.Path) -> dict[str, Any]:
    """As root: hand the folder to nobody, and the arguments that start a process as nobody."""
    if os.geteuid() != 0:
        return {}
    for path in (run, *run.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _bootstrap(program: pathlib.Path, run: pathlib.Path) -> None:
    """Write the system tables: what mariadb-install-db does, which the server's package lacks."""
    (run / "data").mkdir()
    (run / "tmp").mkdir()
    prefix = program.resolve().parent.parent
    shares = [prefix / "share" / name for name in ("mysql", "mariadb")]
    share = next((path for path in shares if (path / BOOTSTRAP_SQL[0]).exists()), shares[0])
    head = b"create database if not exists mysql;\nuse mysql;\n"
    head += b"SET @auth_root_socket=NULL;\nSET @skip_auth_anonymous=1;\n"
    command = [str(program), "--no-defaults", "--bootstrap", "--skip-networking"]
    command += [f"--datadir={run}/data", f"--tmpdir={run}/tmp", "--log-warnings=0"]
    command += ["--max_allowed_packet=8M", "--net_buffer_length=16K", "--innodb-log-file-size=16M"]
    done = subprocess.run(
        command,
        input=head + b"".join((share / name).read_bytes() for name in BOOTSTRAP_SQL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=READY_SECONDS,
        check=False,
        **_nobody(run),
    )
    if done.returncode:
        raise EndedError(f"mariadb's bootstrap: {done.stdout.decode(errors='replace')[-3000:]}")


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """A terminated or hung-up session ends like an interrupted one: through its fixtures."""
    names = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(name, signal.default_int_handler) for name in names]
    try:
        yield
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)
