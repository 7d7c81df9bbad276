"""Members in SQLite: accounts, seats, and the leases of running streams.

A lease is a conditional put in the manner of DynamoDB: the same session twice is one lease, and a
device that starts another film gives up its former one. A lease that is not given back ends by its
own time. With the lease its play's answer is kept, the first one for all that ask again.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

SCHEMA = """
CREATE TABLE IF NOT EXISTS member (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
    password TEXT NOT NULL, plan TEXT NOT NULL, streams INTEGER NOT NULL, seats TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stream (
    account INTEGER NOT NULL, place TEXT NOT NULL, session TEXT NOT NULL, ask TEXT NOT NULL,
    until REAL NOT NULL, answer TEXT, PRIMARY KEY (account, place), UNIQUE (account, session));
"""

# The seeded members of the demo. The password of all is told on the sign-in page.
SEED = [
    (7, "ana@halation.test", "Ana", "four seats", 4, [
        ("Ana", ["slow thrillers", "space"]),
        ("Teo", ["comedy", "family"]),
        ("Guest", ["short nights"]),
    ]),
    (8, "ben@halation.test", "Ben", "two seats", 2, [
        ("Ben", ["crime", "documentary"]),
        ("Ida", ["romance", "drama"]),
    ]),
    (9, "cleo@halation.test", "Cleo", "one seat", 1, [("Cleo", ["science fiction"])]),
]  # fmt: skip
SEED_PASSWORD = "popcorn"  # noqa: S105 - shown to everybody who opens the demo


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The answer to a request for a stream."""

    allowed: bool
    created: bool
    """False when this session already had its lease."""
    active: int
    """Streams of the account after the call."""
    limit: int
    answer: dict[str, Any] | None = None
    """What the first request of this session was answered, once that is kept."""


class ReusedError(Exception):
    """A session that was used before, for something else."""

    def __init__(self, session: str, first: str, now: str) -> None:
        super().__init__(f"session {session} was {first!r} and is now {now!r}")
        self.session, self.first, self.now = session, first, now


class MemberStore:
    """All statements of the members service; one connection, serialised."""

    def __init__(self, path: Path, hasher: PasswordHasher | None = None) -> None:
        # Two passes over 19 MiB: OWASP's floor for argon2id, so that a sign-in costs some 30 ms.
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA busy_timeout=2000")
        self._db.executescript(SCHEMA)
        self._seed()

    def _seed(self) -> None:
        if self._db.execute("SELECT count(*) FROM member").fetchone()[0]:
            return
        hashed = self._hasher.hash(SEED_PASSWORD)
        for number, email, name, plan, streams, seats in SEED:
            rows = [
                {"id": f"{number}-{index}", "name": seat, "taste": taste,
                 "pattern": f"{number * 7919 + index * 104729:08x}"}
                for index, (seat, taste) in enumerate(seats, 1)
            ]  # fmt: skip
            self._db.execute(
                "INSERT OR IGNORE INTO member VALUES (?,?,?,?,?,?,?)",
                (number, email, name, hashed, plan, streams, json.dumps(rows)),
            )

    def authenticate(self, email: str, password: str) -> dict[str, object] | None:
        """The member whose email and password these are, else None; both misses cost the same."""
        with self._lock:
            row = self._db.execute(
                "SELECT id, password FROM member WHERE email = ?", (email.strip().lower(),)
            ).fetchone()
            any_hash = self._db.execute("SELECT password FROM member LIMIT 1").fetchone()[0]
        try:
            self._hasher.verify(row[1] if row else any_hash, password)
        except VerificationError:
            return None
        return self.member(row[0]) if row else None

    def member(self, number: int) -> dict[str, object] | None:
        """Account, plan and seats of a member; None where there is no such member."""
        with self._lock:
            row = self._db.execute(
                "SELECT id, name, plan, streams, seats FROM member WHERE id = ?", (number,)
            ).fetchone()
        if row is None:
            return None
        names = ("id", "name", "plan", "streams")
        return {**dict(zip(names, row, strict=False)), "seats": json.loads(row[4])}

    def lease(
        self, account: int, place: str, session: str, ask: str, now: float, ttl: float
    ) -> Lease:
        """Take a stream for `place` (seat and device) until `now + ttl`, within the plan's limit.

        `ask` is all that was asked for. Raises `ReusedError` where the same session asked for
        something else. One immediate transaction: two processes asking at once are decided one
        after the other.
        """
        with self._transaction():
            return self._decide(account, place, session, ask, now, ttl)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _decide(
        self, account: int, place: str, session: str, ask: str, now: float, ttl: float
    ) -> Lease:
        row = self._db.execute("SELECT streams FROM member WHERE id = ?", (account,)).fetchone()
        limit = row[0] if row else 0
        self._db.execute("DELETE FROM stream WHERE until <= ?", (now,))
        held = self._db.execute(
            "SELECT place, session, ask, answer FROM stream WHERE account = ?", (account,)
        ).fetchall()
        for _, known, first, answer in held:
            if known != session:
                continue
            if first != ask:
                raise ReusedError(session, first, ask)
            kept = json.loads(answer) if answer else None
            return Lease(allowed=True, created=False, active=len(held), limit=limit, answer=kept)
        others = [lease for lease in held if lease[0] != place]
        if len(others) >= limit:
            return Lease(allowed=False, created=False, active=len(others), limit=limit)
        self._db.execute(
            "INSERT OR REPLACE INTO stream VALUES (?,?,?,?,?,NULL)",
            (account, place, session, ask, now + ttl),
        )
        return Lease(allowed=True, created=True, active=len(others) + 1, limit=limit)

    def keep(
        self, account: int, session: str, answer: dict[str, Any], until: float
    ) -> dict[str, Any]:
        """Keep a play's answer with its stream, for as long; the first one kept is returned.

        A stream that is gone meanwhile keeps nothing, and the answer given is returned.
        """
        with self._transaction():
            row = self._db.execute(
                "SELECT answer FROM stream WHERE account = ? AND session = ?", (account, session)
            ).fetchone()
            if row and row[0]:
                first: dict[str, Any] = json.loads(row[0])
                return first
            self._db.execute(
                "UPDATE stream SET answer = ?, until = ? WHERE account = ? AND session = ?",
                (json.dumps(answer), until, account, session),
            )
        return answer

    def release(self, account: int, session: str) -> bool:
        """Give a stream back; False when the account held no such lease."""
        with self._lock:
            cursor = self._db.execute(
                "DELETE FROM stream WHERE account = ? AND session = ?", (account, session)
            )
        return cursor.rowcount == 1

    def close(self) -> None:
        """Close the database."""
        self._db.close()
