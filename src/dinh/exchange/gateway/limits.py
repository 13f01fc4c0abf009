"""
How often: a rate and a daily quota for each operation of each grant, and for each system that calls a peer.

Several gateways keep to one limit together (docs/decisions/gateway-limits.md): of a day's quota each spends what it has
reserved beforehand, a rate is divided by the number of living gateways. Here are the counts; `sharing.py` reserves.
"""

import asyncio
import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from dinh.exchange.gateway.refusals import Refusal, too_many

DAY: Final = 86_400
PATIENCE: Final = 1.0
"""Seconds that a call waits for a reservation before the gateway counts by itself."""
IDLE: Final = 10.0
"""Seconds after which what nobody spends is given back."""
_VIET_NAM: Final = 7 * 3600
_FORGET_ABOVE: Final = 200_000
_SECONDS_AHEAD: Final = 2
_SMALLEST_PART: Final = 20

Key = tuple[str, int, int]
"""Kind (`grant`, `peer`, `trial`, `told`), its id, id of the operation or of the calling system."""


class Limit(NamedTuple):
    """Calls a day and a second, over all gateways together."""

    daily_quota: int
    rate: int


@dataclass(slots=True)
class _Count:
    """
    :param tokens: calls that the rate allows now
    :param left: calls reserved and not yet made
    :param returning: calls that were reserved under a larger quota: given back, never made
    :param slice: how many are reserved at a time
    :param seen: calls of the day that all gateways had reserved when the database was last asked
    :param alone: calls made since then without a reservation
    :param is_spent: whether nothing was left of the day when it was last asked
    """

    tokens: float
    filled_at: float
    day: int
    limit: Limit
    left: int = 0
    returning: int = 0
    slice: int = 1
    seen: int = 0
    alone: int = 0
    is_spent: bool = False
    used_at: float = 0.0
    waiter: "asyncio.Future[None] | None" = None


class Wish(NamedTuple):
    """
    What is to be written of one limit's day.

    :param booked: calls to add whatever is left: made without a reservation, or (negative) given back
    :param wanted: calls to reserve as far as the quota allows
    """

    key: Key
    day: int
    quota: int
    booked: int
    wanted: int


class Limits:
    """
    Counts calls. A burst may be as large as one second's share; quotas begin anew at midnight in Viet Nam.

    Until somebody reserves (`is_shared`) the gateway spends its share of what is left by itself.
    """

    def __init__(self) -> None:
        self.gateways = 1
        self.is_shared = False
        self.wanting = asyncio.Event()
        self._counts: dict[Key, _Count] = {}
        self._wanted: set[Key] = set()
        self._owed: dict[tuple[Key, int], int] = {}

    # In a call.

    def take(self, key: Key, limit: Limit, now: float) -> bool:
        """
        Count one call.

        :returns: False if a reservation must be waited for, by `take_later`
        :raises Refusal: 429, saying when to come again
        """
        count = self._counts.get(key)
        if count is None or count.day != _day(now):
            count = self._begun(key, limit, now)
        if limit.daily_quota < count.limit.daily_quota:
            count.returning, count.left = count.returning + count.left, 0
        self._pace(count, limit, now)
        count.limit, count.used_at = limit, now
        if count.left > 0:
            count.left -= 1
            if count.left < count.slice // 2:
                self._want(key)
            return True
        if not self.is_shared:
            self._take_alone(key, count, now)
            return True
        self._wanted.add(key)
        if count.is_spent:
            # Others may give some back; each beat asks for it, not each call.
            raise _spent(now)
        self.wanting.set()
        return False

    async def take_later(self, key: Key, now: float) -> None:
        """After `take` said so: wait until something is reserved. :raises Refusal:"""
        last = asyncio.get_running_loop().time() + PATIENCE
        while (count := self._counts[key]).left <= 0:
            if not self.is_shared or asyncio.get_running_loop().time() >= last:
                self._take_alone(key, count, now)
                return
            if count.is_spent:
                raise _spent(now)
            self._want(key)
            await self._asked(count)
        count.left -= 1

    async def _asked(self, count: _Count) -> None:
        if count.waiter is None:
            count.waiter = asyncio.get_running_loop().create_future()
        await asyncio.wait([count.waiter], timeout=PATIENCE)

    def _pace(self, count: _Count, limit: Limit, now: float) -> None:
        rate = limit.rate / self.gateways
        tokens = min(max(1.0, rate), count.tokens + max(0.0, now - count.filled_at) * rate)
        count.filled_at = now
        if tokens < 1.0:
            count.tokens = tokens
            raise too_many("rate-exceeded", "Too many calls a second.", (1.0 - tokens) / rate)
        count.tokens = tokens - 1.0

    def _take_alone(self, key: Key, count: _Count, now: float) -> None:
        rest = max(0, count.limit.daily_quota - count.seen)
        if count.alone >= math.ceil(rest / self.gateways):
            raise _spent(now)
        count.alone += 1
        self._owed[key, count.day] = self._owed.get((key, count.day), 0) + 1

    def _begun(self, key: Key, limit: Limit, now: float) -> _Count:
        """A count of today; of the rate it goes on with what there was."""
        day, before = _day(now), self._counts.get(key)
        if before is None and len(self._counts) > _FORGET_ABOVE:
            self._counts = {
                each: count for each, count in self._counts.items() if count.day == day or count.waiter
            }
        tokens, filled_at = (before.tokens, before.filled_at) if before else (float(limit.rate), now)
        count = self._counts[key] = _Count(tokens, filled_at, day, limit)
        return count

    def _want(self, key: Key) -> None:
        self._wanted.add(key)
        self.wanting.set()

    # For who reserves.

    def wishes(self, now: float) -> list[Wish]:
        """What to write now. Idle reservations are given back by this, whether or not it gets written."""
        self.wanting.clear()
        booked = dict(self._owed)
        for key, count in self._counts.items():
            if count.day != _day(now) or (key, count.day) in booked:
                continue
            if now - count.used_at > IDLE:
                count.returning, count.left = count.returning + count.left, 0
            if count.returning:
                booked[key, count.day], count.returning = -count.returning, 0
        today = {(key, self._counts[key].day) for key in self._wanted if key in self._counts}
        self._wanted.clear()
        return [self._wish(key, day, booked.get((key, day), 0), (key, day) in today)
                for key, day in sorted(booked.keys() | today)]  # fmt: skip

    def _wish(self, key: Key, day: int, booked: int, is_wanted: bool) -> Wish:
        count = self._counts.get(key)
        if count is None or count.day != day or not is_wanted:
            return Wish(key, day, 0, booked, 0)
        quota, rate = count.limit
        count.slice = max(1, min(quota // (_SMALLEST_PART * self.gateways), rate * _SECONDS_AHEAD))
        return Wish(key, day, quota, booked, max(0, count.slice - count.left))

    def settle(self, wish: Wish, *, given: int, calls: int) -> None:
        """
        It is written.

        :param given: calls reserved
        :param calls: of the day by now, over all gateways
        """
        if wish.booked > 0:
            self._repay(wish)
        count = self._counts.get(wish.key)
        if count is None or count.day != wish.day:
            return
        if wish.wanted and wish.quota > count.limit.daily_quota:
            count.returning += given
        else:
            count.left += given
        # What was made alone is in `calls` now, but for what came meanwhile.
        count.alone = self._owed.get((wish.key, wish.day), 0)
        count.seen = calls
        if wish.wanted:
            count.is_spent = given == 0
        self._wake(count)

    def _repay(self, wish: Wish) -> None:
        owed = self._owed.get((wish.key, wish.day), 0) - wish.booked
        if owed > 0:
            self._owed[wish.key, wish.day] = owed
        else:
            self._owed.pop((wish.key, wish.day), None)

    def share(self, *, gateways: int) -> None:
        """Somebody reserves, for so many living gateways."""
        self.gateways, self.is_shared = max(1, gateways), True

    def go_alone(self) -> None:
        """Nobody reserves any more: who waits spends this gateway's share."""
        self.is_shared = False
        for count in self._counts.values():
            self._wake(count)

    def give_back(self) -> list[Wish]:
        """All that is left, at the end."""
        for count in self._counts.values():
            count.used_at = -math.inf
        self._wanted.clear()
        return self.wishes(_now_of(self._counts))

    @staticmethod
    def _wake(count: _Count) -> None:
        if count.waiter is not None and not count.waiter.done():
            count.waiter.set_result(None)
        count.waiter = None


def _now_of(counts: dict[Key, _Count]) -> float:
    """A moment of the newest day that is counted."""
    return max((count.day for count in counts.values()), default=0) * DAY - _VIET_NAM


def _day(now: float) -> int:
    return int((now + _VIET_NAM) // DAY)


def _spent(now: float) -> Refusal:
    seconds = DAY - (now + _VIET_NAM) % DAY
    return too_many("quota-exceeded", "The day's calls are spent.", math.ceil(seconds))
