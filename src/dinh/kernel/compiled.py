"""
Reads whose SQL Django writes once in the life of a process, and statements that the database plans once a connection.

A page of the shell asks the same few questions on every request; writing their SQL anew took longer than the database
took to answer them, and planning them took the database longer than answering. When to use it:
docs/decisions/reads-compiled-once.md.
"""

import copy
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from django.db.models import BooleanField, Model, QuerySet
from django.db.models.expressions import RawSQL

Row = TypeVar("Row")


def planned_cursor() -> CursorWrapper:
    """
    A cursor for statements that come again and again: once a connection has seen one a few times, the server keeps it
    parsed and planned, unless `DINH_DATABASE_PREPARES` is off. Values are bound by the server.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        own = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
        cursor: CursorWrapper = connection._prepare_cursor(own)
    return cursor


def among(model: type[Model], keys: str) -> RawSQL:
    """
    Condition of rows with one of these primary keys: one value however many they are, so that it stands for a place of
    a `CompiledRead`.

    :param keys: of `key_array`
    """
    key = f'"{model._meta.db_table}"."{model._meta.pk.column}"'
    # Joined, not `= ANY`: the database would look for an array of unknown length in any index that has the key.
    among_them = f"{key} IN (SELECT unnest(%s::bigint[]))"
    return RawSQL(among_them, [keys], output_field=BooleanField())  # noqa: S611 (names of ours)


def key_array(keys: Iterable[int]) -> str:
    """Primary keys as PostgreSQL writes an array of them."""
    return f"{{{','.join(str(int(key)) for key in keys)}}}"


class CompiledRead(Generic[Row]):
    """
    A queryset of one shape, asked again and again with other values.

    :param build: makes the queryset of these values, as anywhere else
    :param examples: a value of the right type for each name, found nowhere else among the statement's parameters; no
        lists and no None, since those change the SQL
    """

    def __init__(self, build: Callable[..., "QuerySet[Any, Row]"], **examples: Any) -> None:
        self.build, self.examples = build, examples

    def rows(self, **values: Any) -> list[Row]:
        """As the queryset of these values gives them; one query."""
        queryset, compiler, sql, parameters = self._compiled
        given = _given(parameters, values)
        asked = copy.copy(compiler)
        asked.connection = connections[DEFAULT_DB_ALIAS]
        asked.execute_sql = lambda *args, **options: [_answered(sql, given)]
        query = copy.copy(queryset.query)
        query.get_compiler = lambda *args, **options: asked
        own = object.__new__(type(queryset))
        vars(own).update(vars(queryset) | {"_query": query, "_result_cache": None})
        return list(own)

    def count(self, **values: Any) -> int:
        """How many rows the queryset of these values has; one query, planned anew, since its best way hangs on them."""
        _queryset, _compiler, sql, parameters = self._compiled
        counted = f"SELECT count(*) FROM ({sql}) AS counted"  # noqa: S608 (Django's own statement)
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(counted, _given(parameters, values))
            amount: int = cursor.fetchone()[0]
        return amount

    @cached_property
    def _compiled(self) -> tuple[Any, Any, str, tuple[Any, ...]]:
        queryset = self.build(**self.examples)
        compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        names = {value: name for name, value in self.examples.items()}
        places = tuple(_Place(names[each]) if each in names else each for each in parameters)
        missing = set(self.examples) - {each.name for each in places if isinstance(each, _Place)}
        if missing:
            raise ValueError(f"No parameter of the statement stands for {sorted(missing)}")
        return queryset, compiler, sql, places


def _given(parameters: tuple[Any, ...], values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values[each.name] if isinstance(each, _Place) else each for each in parameters)


def _answered(sql: str, given: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with planned_cursor() as cursor:
        cursor.execute(sql, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


class _Place:
    def __init__(self, name: str) -> None:
        self.name = name
