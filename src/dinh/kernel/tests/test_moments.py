"""Moments come from the database as Django's own loader gives them."""

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection
from django.db.backends.postgresql.psycopg_any import BaseTzLoader

from dinh.kernel.moments import MomentLoader


def read(text):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-02 03:04:05+00",
        "2026-11-02 03:04:05.6+07",
        "1900-01-01 00:00:00+00",
        "9999-12-31 23:59:59.999999+00",
    ],
)
def test_moments_are_those_of_django(text, monkeypatch):
    quick = read(text)
    monkeypatch.setattr(MomentLoader, "load", lambda self, data: BaseTzLoader.load(self, data))

    assert (quick, quick.tzinfo) == (read(text), UTC)
    assert quick == datetime.fromisoformat(text)


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["0044-03-15 12:00:00+00 BC", "infinity", "10000-01-01 00:00:00+00"])
def test_what_python_has_no_moment_for_is_told(text):
    with pytest.raises(DataError, match="timestamp"):
        read(text)
