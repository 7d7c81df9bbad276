"""What can go wrong, as one tree:

TitanError
├── InvalidJobError (ValueError)      a job that is refused at submit
├── JobExistsError                    a job of that name is still alive
├── NotFoundError                     no such job, task, agent or zone
├── ControlError                      the control plane refused or failed the call
│   ├── ControlUnreachableError       nobody answers at its address
│   └── TokenRefusedError             the bearer token is not the cluster's
├── StartTimeoutError (TimeoutError)  a job was not running in time
└── ClusterError                      a local cluster cannot be started or ended
"""

from __future__ import annotations


class TitanError(Exception):
    """The base of every error this package raises."""


class InvalidJobError(TitanError, ValueError):
    """A job description that is refused, before anything is stored.

    Attributes:
        field: path of the refused field, ``container.resources.cpu``.
        value: what stood there.
        allowed: what may stand there, in words.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(f"{field}: {value!r} is refused; allowed: {allowed}")
        self.field = field
        self.value = value
        self.allowed = allowed

    def __reduce__(self) -> tuple[type[InvalidJobError], tuple[str, object, str]]:
        return type(self), (self.field, self.value, self.allowed)


class JobExistsError(TitanError):
    """A job of this name is alive; names are unique among living jobs, as the registry's files.

    Attributes:
        name: the name that is taken.
        job_id: the job that has it.
    """

    def __init__(self, name: str, job_id: str) -> None:
        super().__init__(f"job {name!r} is already running as {job_id}; kill it first")
        self.name = name
        self.job_id = job_id


class NotFoundError(TitanError):
    """Nothing has this id or name.

    Attributes:
        kind: what was looked for, ``job`` or ``fault target``.
        key: the id or name.
    """

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"no {kind} {key!r}")
        self.kind = kind
        self.key = key


class ControlError(TitanError):
    """The control plane answered with an error.

    Attributes:
        status: the HTTP status, None where there was no answer.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ControlUnreachableError(ControlError):
    """Nobody answers at the control plane's address.

    Attributes:
        url: the address that was tried.
    """

    def __init__(self, url: str) -> None:
        super().__init__(f"no control plane answers at {url}")
        self.url = url


class TokenRefusedError(ControlError):
    """The bearer token is not the cluster's."""

    def __init__(self) -> None:
        super().__init__("the control plane refused the token", 401)


class StartTimeoutError(TitanError, TimeoutError):
    """A job was not running in time.

    Attributes:
        job: the job's name.
        waiting: names and states of the tasks that were still missing.
    """

    def __init__(self, job: str, timeout: float, waiting: tuple[str, ...], why: str) -> None:
        missing = ", ".join(waiting)
        super().__init__(f"job {job!r} is not running after {timeout:g} s: {missing}. {why}")
        self.job = job
        self.waiting = waiting


class ClusterError(TitanError):
    """A local cluster cannot be started, or a process of it cannot be ended.

    Attributes:
        directory: the cluster's directory.
    """

    def __init__(self, message: str, directory: str) -> None:
        super().__init__(message)
        self.directory = directory
