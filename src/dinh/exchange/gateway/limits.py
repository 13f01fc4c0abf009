"""How often: a rate and a daily quota for each operation of each grant, counted in this process."""

import math
from dataclasses import dataclass
from typing import Final

from dinh.exchange.gateway.refusals import Refusal, too_many
from dinh.exchange.gateway.snapshot import Grant

DAY: Final = 86_400
_VIET_NAM: Final = 7 * 3600
_FORGET_ABOVE: Final = 200_000


@dataclass(slots=True)
class _Count:
    tokens: float
    filled_at: float
    day: int
    used: int


class Limits:
    """
    Counts calls. A burst may be as large as one second's rate; quotas begin anew at midnight in Viet Nam.

    Several gateways count each for itself: a limit then holds for each of them.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[int, int], _Count] = {}

    def take(self, grant: Grant, operation_id: int, now: float) -> None:
        """
        Count one call.

        :raises Refusal: 429, saying when to come again
        """
        key = (grant.id, operation_id)
        count = self._counts.get(key)
        if count is None:
            count = self._counts[key] = self._fresh(grant, now)
        rate = grant.rate
        tokens = min(float(rate), count.tokens + max(0.0, now - count.filled_at) * rate)
        count.filled_at = now
        if tokens < 1.0:
            count.tokens = tokens
            raise too_many("rate-exceeded", "Too many calls a second for this grant.", (1.0 - tokens) / rate)
        self._take_of_day(count, grant, now)
        count.tokens = tokens - 1.0

    def _take_of_day(self, count: _Count, grant: Grant, now: float) -> None:
        day = _day(now)
        if day != count.day:
            count.day, count.used = day, 0
        if count.used >= grant.daily_quota:
            raise _spent(now)
        count.used += 1

    def _fresh(self, grant: Grant, now: float) -> _Count:
        if len(self._counts) > _FORGET_ABOVE:
            today = _day(now)
            self._counts = {key: count for key, count in self._counts.items() if count.day == today}
        return _Count(float(grant.rate), now, _day(now), 0)


def _day(now: float) -> int:
    return int((now + _VIET_NAM) // DAY)


def _spent(now: float) -> Refusal:
    seconds = DAY - (now + _VIET_NAM) % DAY
    return too_many("quota-exceeded", "The day's calls of this grant are spent.", math.ceil(seconds))
