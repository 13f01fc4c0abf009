import pytest
from django.conf import settings

from dinh.config.messages import compile_messages


def pytest_configure() -> None:
    compile_messages()
    settings.PASSWORD_HASHERS = ["hashers.QuickArgon2", *settings.PASSWORD_HASHERS]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database", action="store_true", help="Only tests that ask the database themselves"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("only_database"):
        items[:] = [item for item in items if asks_database(item)]
    # One process walks the pages from the beginning while the other runs the rest.
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def asks_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None
