import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test.utils import setup_databases, teardown_databases
from xdist.scheduler import LoadScopeScheduling

from dinh.config.messages import compile_messages

OF_THE_HOUSE = ("tests/journey/", "tests/quality/", "tests/attacks/test_killed_processes.py")
"""Tests that start the whole house, once for all of them."""


def pytest_configure() -> None:
    compile_messages()
    # What is tested begins with no letters; those of the demo are made where they are asked for.
    settings.DEMO_LETTERS = False
    os.environ.setdefault("DINH_DEMO_LETTERS", "0")
    settings.PASSWORD_HASHERS = ["hashers.QuickArgon2", *settings.PASSWORD_HASHERS]
    _empty_the_log_between_tests()


def _empty_the_log_between_tests() -> None:
    """The log's triggers refuse TRUNCATE too; only the tests' clearing goes past them, with the notes of seals."""
    flush = DatabaseOperations.execute_sql_flush

    def past_triggers(operations: DatabaseOperations, sql_list: list[str]) -> None:
        # Jobs are in no model of ours, so Django would leave them to the next test.
        jobs = "TRUNCATE procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers CASCADE"
        flush(operations, ["SET LOCAL session_replication_role = replica", *sql_list, jobs])
        (Path(settings.DATA_DIR) / "audit" / "heads.txt").unlink(missing_ok=True)

    DatabaseOperations.execute_sql_flush = past_triggers  # type: ignore[method-assign]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database", action="store_true", help="Only tests that ask the database themselves"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("only_database"):
        items[:] = [item for item in items if asks_database(item)]
    # One process walks the pages from the beginning while the other runs the rest, the long ones first.
    items.sort(
        key=lambda item: (not item.nodeid.startswith(OF_THE_HOUSE), not item.nodeid.startswith("tests/"))
    )


class ByFile(LoadScopeScheduling):
    """
    The tests of a file run in one process and so share what it builds; those of the running house share the house.

    Not xdist's `loadgroup`: pytest 9.2 no longer lets it mark the tests, and it then spreads them without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "house" if nodeid.startswith(OF_THE_HOUSE) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


def asks_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or "own_changes" in getattr(
        item, "fixturenames", ()
    )


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """The test database, for every run; pytest-django's own makes it only if a chosen test bears its mark."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
    yield
    with django_db_blocker.unblock():
        try:
            teardown_databases(made, verbosity=0)
        except DatabaseError as error:
            warnings.warn(f"The test database could not be dropped: {error}", stacklevel=1)


@pytest.fixture(scope="module")
def module_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """
    A transaction around a module's tests, in which what they share is built once.

    Its tests take `own_changes` instead of the mark `django_db`.
    """
    with django_db_blocker.unblock(), taken_back():
        yield


@pytest.fixture
def own_changes(module_database: None) -> Iterator[None]:
    """What one test changes of the module's database is gone for the next."""
    with taken_back():
        yield


@contextmanager
def taken_back() -> Iterator[None]:
    block = transaction.atomic()
    block._from_testcase = True  # as Django's TestCase, so that durable transactions work within
    with block:
        yield
        transaction.set_rollback(True)
