from pathlib import Path

import pytest
from django.conf import settings
from django.db.backends.postgresql.operations import DatabaseOperations

from dinh.config.messages import compile_messages


def pytest_configure() -> None:
    compile_messages()
    settings.PASSWORD_HASHERS = ["hashers.QuickArgon2", *settings.PASSWORD_HASHERS]
    _empty_the_log_between_tests()


def _empty_the_log_between_tests() -> None:
    """The log's triggers refuse TRUNCATE too; only the tests' clearing goes past them, with the notes of seals."""
    flush = DatabaseOperations.execute_sql_flush

    def past_triggers(operations: DatabaseOperations, sql_list: list[str]) -> None:
        flush(operations, ["SET LOCAL session_replication_role = replica", *sql_list])
        (Path(settings.DATA_DIR) / "audit" / "heads.txt").unlink(missing_ok=True)

    DatabaseOperations.execute_sql_flush = past_triggers  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One process walks the pages from the beginning while the other runs the rest.
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
