"""Strings of bits in the database: `bit(n)` of PostgreSQL."""

from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Func, IntegerField, Value
from django.db.models.lookups import Exact

if TYPE_CHECKING:
    Base = Field[Any, Any]
else:
    Base = Field  # Not a generic class when it runs.


class BitStringField(Base):
    """
    So many bits, each of them known by its place from 0; None where none is set. In Python a text of "0" and "1".

    :param length: of each value
    """

    def __init__(self, *args: Any, length: int, **options: Any) -> None:
        self.length = length
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"length": self.length}

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return f"bit({self.length})"


def bit_is_set(field: str, place: int) -> Exact:
    """Condition of rows whose field has this bit."""
    return Exact(Func(field, Value(place), function="get_bit", output_field=IntegerField()), 1)
