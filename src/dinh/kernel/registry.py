"""A typed registry: how a higher module adds itself to something owned lower down."""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class DuplicateName(RuntimeError):
    """Two entries of one registry claim the same name."""


class Registry(Generic[T]):
    """Entries by name, in the order in which modules registered them at start-up."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._entries: dict[str, T] = {}

    def register(self, name: str, entry: T) -> T:
        """:raises DuplicateName: if the name is taken"""
        if name in self._entries:
            raise DuplicateName(f"{self.title}: {name}")
        self._entries[name] = entry
        return entry

    def get(self, name: str) -> T | None:
        return self._entries.get(name)

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def items(self) -> Iterator[tuple[str, T]]:
        return iter(self._entries.items())
