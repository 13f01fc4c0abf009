"""Under which text a unit is found."""

from typing import Protocol

from dinh.kernel.text import fold


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def short_name(self) -> str: ...
    @property
    def abbreviation(self) -> str: ...


def search_name_of(unit: Named) -> str:
    """Full name, short name and abbreviation without diacritics."""
    return fold(f"{unit.name} {unit.short_name} {unit.abbreviation}")
