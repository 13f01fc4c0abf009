"""What the stand-ins of outside systems remember: one SQLite file in the data folder, kept over restarts."""

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any, Final

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS kept (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    UNIQUE (kind, key)
)
"""
Record = dict[str, Any]


class Store:
    """
    Records of many kinds by their keys, in the order in which they came; safe for threads.

    Its clock can be put forward, so that what takes a ministry days can be seen at once.

    :param clock: seconds since 1970
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock, self._lock = path, clock, RLock()
        self._file: sqlite3.Connection | None = None

    def now(self) -> float:
        moved: float = (self.get("clock", "offset") or {"seconds": 0.0})["seconds"]
        return self._clock() + moved

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds go by for all stand-ins."""
        with self._lock:
            moved = (self.get("clock", "offset") or {"seconds": 0.0})["seconds"]
            self.put("clock", "offset", {"seconds": moved + seconds})

    def get(self, kind: str, key: str) -> Record | None:
        rows = self._run("SELECT value FROM kept WHERE kind = ? AND key = ?", kind, key)
        return json.loads(rows[0][0]) if rows else None

    def add(self, kind: str, key: str, value: Record) -> bool:
        """:returns: False if the key is taken, and then nothing changes"""
        with self._lock:
            if self.get(kind, key) is not None:
                return False
            self.put(kind, key, value)
            return True

    def put(self, kind: str, key: str, value: Record) -> None:
        self._run(
            "INSERT INTO kept (kind, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            kind, key, json.dumps(value, ensure_ascii=False),
        )  # fmt: skip

    def all(self, kind: str, *, after: int = 0) -> list[tuple[int, Record]]:
        """Records of a kind that came after the one with this number, each with its own."""
        rows = self._run("SELECT id, value FROM kept WHERE kind = ? AND id > ? ORDER BY id", kind, after)
        return [(number, json.loads(value)) for number, value in rows]

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                # Guarded by the lock, not by the thread that opened it.
                self._file = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
                self._file.execute(_SCHEMA)
            return self._file.execute(statement, values).fetchall()
