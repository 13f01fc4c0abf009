import time
from collections.abc import Iterator

import pytest
from django.db import connection

from dinh.kernel.database import base

pytestmark = pytest.mark.django_db


@pytest.fixture
def other() -> Iterator[base.DatabaseWrapper]:
    """A connection of its own that a request has used and that was asked just now."""
    own = connection.copy()
    assert isinstance(own, base.DatabaseWrapper)
    backend(own)
    next_request(own)
    backend(own)
    next_request(own)
    yield own
    own.close()


def backend(own: base.DatabaseWrapper) -> int:
    with own.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def next_request(own: base.DatabaseWrapper) -> None:
    own.close_if_unusable_or_obsolete()


def forbid_questions(own: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_usable() -> bool:
        raise AssertionError("The server was asked.")

    monkeypatch.setattr(own, "is_usable", is_usable)


def test_a_quiet_line_is_not_asked(other: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_questions(other, monkeypatch)
    first = other.connection
    assert backend(other)
    assert other.connection is first


def test_a_line_is_asked_again_after_a_while(
    other: base.DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "LOOKED_AT_FOR", 0.0)
    forbid_questions(other, monkeypatch)
    with pytest.raises(AssertionError, match="asked"):
        backend(other)


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(
    other: base.DatabaseWrapper,
) -> None:
    first = other.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first.info.backend_pid])
    last = time.monotonic() + 10
    while base._is_quiet(first.fileno()):
        assert time.monotonic() < last, "The server did not close its line."
        time.sleep(0.01)
    assert backend(other)
    assert other.connection is not first
