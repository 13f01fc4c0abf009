"""
One limit over several gateways: reserves slices of the day's quotas in PostgreSQL, and counts who lives.

Works beside the calls. A reservation is written before it is spent, so that the day's quota is never exceeded while the
database answers; what a killed gateway had reserved and not spent is lost to that day.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import psycopg

from dinh.exchange.gateway.database import AsyncConnection, connect
from dinh.exchange.gateway.limits import Key, Limits, Wish
from dinh.exchange.gateway.settings import GatewaySettings

BEAT: Final = 0.5
LIVES_FOR: Final = 3.0
"""Seconds after its last beat that a gateway counts as living."""
_TIMEOUT: Final = 2.0
_BREATH: Final = 0.005
_LONGEST_PAUSE: Final = 2.0
_FIRST_DAY: Final = date(1970, 1, 1)
log = logging.getLogger("dinh.exchange.gateway")

_BEAT: Final = """
INSERT INTO exchange_gatewaybeat (name, certificate, seen_at, state)
VALUES (%s, %s, clock_timestamp(), %s::jsonb)
ON CONFLICT (name) DO UPDATE
SET certificate = excluded.certificate, seen_at = excluded.seen_at, state = excluded.state,
    renew_at = CASE WHEN exchange_gatewaybeat.certificate = excluded.certificate THEN exchange_gatewaybeat.renew_at END
RETURNING renew_at
"""
_LIVING: Final = """
SELECT name, certificate FROM exchange_gatewaybeat WHERE seen_at > clock_timestamp() - make_interval(secs => %s)
"""
_TOLD: Final = """
unnest(%s::text[], %s::bigint[], %s::bigint[], %s::date[], %s::bigint[]) AS told (kind, holder, part, day, more)
"""
_BEGIN: Final = f"""
INSERT INTO exchange_spending (kind, holder, part, day)
SELECT kind, holder, part, day FROM {_TOLD} ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING
"""  # noqa: S608 (nothing given)
_LOCK: Final = f"""
SELECT kind, holder, part, day, calls FROM exchange_spending JOIN {_TOLD} USING (kind, holder, part, day)
ORDER BY 1, 2, 3, 4 FOR UPDATE OF exchange_spending
"""  # noqa: S608
_ADD: Final = f"""
UPDATE exchange_spending AS kept SET calls = greatest(0, kept.calls + told.more) FROM {_TOLD}
WHERE (kept.kind, kept.holder, kept.part, kept.day) = (told.kind, told.holder, told.part, told.day)
"""  # noqa: S608


class Sharing:
    """
    Keeps `limits` in step with the other gateways' for as long as the process lives.

    :param certificate: fingerprint of this gateway's, by which the others see whether two use one key
    :param told: how this gateway stands, JSON
    :param renew: called at each beat while the platform wants a next key, with the moment from which it is to be used
    """

    def __init__(
        self,
        settings: GatewaySettings,
        limits: Limits,
        *,
        certificate: str,
        told: Callable[[], str] = lambda: "{}",
        renew: Callable[[datetime], None] = lambda _since: None,
    ) -> None:
        self.settings, self.limits, self.certificate = settings, limits, certificate
        self._told, self._renew = told, renew
        self.twin = ""
        self._file = settings.folder / "gateways"
        self._beaten_at = 0.0

    async def start(self) -> "asyncio.Task[None]":
        """Be counted before the first call is; without the database as many gateways are taken to live as last."""
        self.limits.gateways = _number_in(self._file)
        try:
            async with asyncio.timeout(_TIMEOUT), await self._connect() as connection:
                await self._beat(connection)
        except (psycopg.Error, OSError, TimeoutError) as error:
            self._go_alone(error)
        return asyncio.create_task(self._follow())

    async def end(self) -> None:
        """Give back what is left and be counted no longer, as far as the database answers."""
        with contextlib.suppress(psycopg.Error, OSError, TimeoutError):
            async with asyncio.timeout(_TIMEOUT), await self._connect() as connection:
                await self._write(connection, self.limits.give_back())
                await connection.execute(
                    "DELETE FROM exchange_gatewaybeat WHERE name = %s", (self.settings.name,)
                )

    async def _connect(self) -> AsyncConnection:
        return await connect(self.settings, purpose="limits")

    async def _follow(self) -> None:
        pause = BEAT
        while True:
            try:
                async with await self._connect() as connection:
                    pause = BEAT
                    await self._share(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                self._go_alone(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _share(self, connection: AsyncConnection) -> None:
        while True:
            async with asyncio.timeout(_TIMEOUT):
                if time.monotonic() - self._beaten_at >= BEAT:
                    await self._beat(connection)
                await self._write(connection, self.limits.wishes(time.time()))
            await self._pause()

    async def _pause(self) -> None:
        """Until the next beat, or somebody wants a reservation; several of those go together."""
        rest = max(0.0, self._beaten_at + BEAT - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(rest):
                await self.limits.wanting.wait()
        await asyncio.sleep(_BREATH)

    def _go_alone(self, error: Exception) -> None:
        if self.limits.is_shared:
            log.warning("Limits are kept by this gateway alone; the database is away: %r", error)
        self.limits.go_alone()

    async def _beat(self, connection: AsyncConnection) -> None:
        beaten = await connection.execute(_BEAT, (self.settings.name, self.certificate, self._told()))
        if (wanted := await beaten.fetchone()) and isinstance(wanted[0], datetime):
            self._renew(wanted[0])
        rows = await (await connection.execute(_LIVING, (LIVES_FOR,))).fetchall()
        self._beaten_at = time.monotonic()
        self._note_twin([str(row[0]) for row in rows if row[1] == self.certificate])
        if len(rows) != self.limits.gateways:
            self._file.write_text(str(len(rows)))
        self.limits.share(gateways=len(rows))

    def _note_twin(self, names: Sequence[str]) -> None:
        """Two gateways with one key could each take a message of a peer once."""
        twin = next((name for name in names if name != self.settings.name), "")
        if twin and twin != self.twin:
            log.error("The gateway %s uses the same key; each must have its own.", twin)
        self.twin = twin

    async def _write(self, connection: AsyncConnection, wishes: Sequence[Wish]) -> None:
        if not wishes:
            return
        settled = []
        async with connection.transaction():
            await connection.execute(_BEGIN, _columns(wishes, [0] * len(wishes)))
            rows = await (await connection.execute(_LOCK, _columns(wishes, [0] * len(wishes)))).fetchall()
            before = {_identity(row): int(str(row[4])) for row in rows}
            for wish in wishes:
                calls = max(0, before[wish.key, wish.day] + wish.booked)
                given = granted(wish, calls, gateways=self.limits.gateways)
                settled.append((wish, given, calls + given))
            await connection.execute(_ADD, _columns(wishes, [each[0].booked + each[1] for each in settled]))
        for wish, given, calls in settled:
            self.limits.settle(wish, given=given, calls=calls)


def granted(wish: Wish, calls: int, *, gateways: int) -> int:
    """How many of the calls wanted are reserved: less and less towards the end, so that all gateways get some."""
    rest = max(0, wish.quota - calls)
    return min(wish.wanted, rest, max(1, rest // (2 * gateways)))


def _columns(wishes: Sequence[Wish], more: Sequence[int]) -> tuple[list[object], ...]:
    return (
        [wish.key[0] for wish in wishes], [wish.key[1] for wish in wishes], [wish.key[2] for wish in wishes],
        [_FIRST_DAY + timedelta(days=wish.day) for wish in wishes], list(more),
    )  # fmt: skip


def _identity(row: Sequence[object]) -> tuple[Key, int]:
    kind, holder, part, day = row[:4]
    assert isinstance(day, date)  # noqa: S101 the column's type
    return (str(kind), int(str(holder)), int(str(part))), (day - _FIRST_DAY).days


def _number_in(file: Path) -> int:
    try:
        return max(1, int(file.read_text()))
    except (OSError, ValueError):
        return 1
