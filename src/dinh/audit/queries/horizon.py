"""Up to which transaction everything of this database has ended."""

from typing import Any

from django.db import connection, models

# The snapshot is taken first and the activity read after it: a transaction of the snapshot's list that the activity
# shows under another database was there when the snapshot was taken, and a backend never changes its database.
_SNAPSHOT = """
    SELECT pg_stat_clear_snapshot(), pg_snapshot_xmax(s)::text::bigint,
           ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(s) AS x)
    FROM (SELECT pg_current_snapshot() AS s) AS taken
"""
_ELSEWHERE = """
    SELECT backend_xid::text::bigint FROM pg_stat_activity
    WHERE backend_xid IS NOT NULL AND datname <> current_database()
    UNION ALL
    SELECT transaction::text::bigint FROM pg_prepared_xacts WHERE database <> current_database()
"""
_EPOCH = 1 << 32


class BeyondAllTransactions(models.Func):
    """
    The first number that no transaction seen by this very statement has: a visible entry at or beyond it comes from
    an earlier life of the database (restored) or claims a number that it never had.
    """

    template = "(pg_snapshot_xmax(pg_current_snapshot())::text::bigint)"
    output_field: "models.Field[Any, Any]" = models.BigIntegerField()


def sealable_below() -> int:
    """
    The transaction number below which all transactions of this database have ended.

    Transactions of other databases of the same server do not hold it up, where the role may see them
    (`pg_read_all_stats`); else they count as ours, which only delays.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT)
        __, following, running = cursor.fetchone()
        if not running:
            return int(following)
        cursor.execute(_ELSEWHERE)
        elsewhere = {row[0] for row in cursor.fetchall()}
    return int(min((x for x in running if x % _EPOCH not in elsewhere), default=following))
