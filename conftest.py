import pytest
from django.conf import settings

from dinh.config.messages import compile_messages


def pytest_configure() -> None:
    compile_messages()
    settings.PASSWORD_HASHERS = ["hashers.QuickArgon2", *settings.PASSWORD_HASHERS]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # One process walks the pages from the beginning while the other runs the rest.
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)
