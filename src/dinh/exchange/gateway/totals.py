"""
Sums of exchanges, by minute, hour and day: what dashboard, reports and alarms read instead of the log.

Latencies are divided into buckets that never change, four to each doubling, so that percentiles can be told from sums
to about a tenth: bucket 0 is up to 100 µs, bucket n up to 100 µs x 2^(n/4), the last one (100) all above an hour.
"""

from typing import Final

FIRST_US: Final = 100
PER_DOUBLING: Final = 4
LAST_BUCKET: Final = 100

_KEY: Final = "gateway, client, provider, service, version, operation"
_SUMMED: Final = ("calls", "duration_us", "upstream_us", "request_bytes", "response_bytes")
# Minutes first, hours and days from them: so most of the work is done once. Hours and days are those of Viet Nam,
# whatever the session's zone is. The order of the rows is everybody's, so that two shippers of one gateway (one of them
# of a run that was killed) cannot wait for each other.
_BY_MINUTE: Final = """
SELECT date_trunc('minute', started_at) AS minute, {key},
    CASE WHEN outcome = 'refused' THEN 'refused'
        WHEN outcome = 'delivered' AND status < 500 THEN 'answered' ELSE 'failed' END AS result,
    CASE WHEN outcome <> 'delivered' THEN reason
        WHEN status >= 500 THEN 'status-' || status ELSE '' END AS fault,
    least(
        {last}, greatest(0, ceil({per} * ln(greatest(duration_us, 1) / {first}::float8) / ln(2::float8)))
    )::smallint AS bucket,
    count(*) AS calls, sum(duration_us) AS duration_us, sum(upstream_us) AS upstream_us,
    sum(request_bytes) AS request_bytes, sum(response_bytes) AS response_bytes, max(started_at) AS last_at
FROM {source}
WHERE outcome <> 'begun' AND reason <> 'trial' AND reason NOT LIKE 'trial:%%'
GROUP BY minute, {key}, result, fault, bucket
"""
_ADD: Final = """
INSERT INTO exchange_total (grain, began_at, {key}, result, fault, bucket, {summed}, last_at)
SELECT grain, date_trunc(grain, minute, 'Asia/Ho_Chi_Minh') AS began_at, {key}, result, fault, bucket,
    sum(calls), sum(duration_us), sum(upstream_us), sum(request_bytes), sum(response_bytes), max(last_at)
FROM {ended} CROSS JOIN (VALUES ('minute'), ('hour'), ('day')) AS grains (grain)
GROUP BY grain, began_at, {key}, result, fault, bucket
ORDER BY grain, began_at, {key}, result, fault, bucket
ON CONFLICT (grain, began_at, {key}, result, fault, bucket)
DO UPDATE SET {added}, last_at = greatest(exchange_total.last_at, excluded.last_at)
"""


def by_minute(source: str) -> str:
    """
    A query of exchanges that ended, without trials, summed up by minute. A parameter sign in it is doubled.

    :param source: table, or a name of the same statement, with the columns of `exchange_exchange`
    """
    return _BY_MINUTE.format(source=source, key=_KEY, first=FIRST_US, per=PER_DOUBLING, last=LAST_BUCKET)


def adding(ended: str) -> str:
    """
    The statement that adds to the sums.

    :param ended: table with the columns of `by_minute`, or that query in brackets, with a name
    """
    added = ", ".join(f"{name} = exchange_total.{name} + excluded.{name}" for name in _SUMMED)
    return _ADD.format(ended=ended, key=_KEY, summed=", ".join(_SUMMED), added=added)


def upper_us(bucket: int) -> float:
    """The longest latency of a bucket, in microseconds."""
    return FIRST_US * 2 ** (bucket / PER_DOUBLING)
