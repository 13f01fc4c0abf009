"""
Shared catalogues as the national platform serves them, `/dmdc`.

Operations and fields: guide to APIs through NGSP of Quảng Bình, section on shared catalogues. The province's own
service `dmdc` (`exchange.views.dmdc`) has the same since its version 2.0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import Fields, once, records_of
from dinh.exchange.adapters.transport import Line, Request, basic


@dataclass(frozen=True, slots=True)
class CatalogueColumn:
    """`kind` as it came: String, DateTime."""

    name: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """
    :ivar code, name: the first column that is called Ma... and Ten..., empty if there is none
    :ivar fields: all columns, empty ones as None
    """

    code: str
    name: str
    fields: Mapping[str, str | None]


class SharedCatalogues:
    """
    :param line: see `outside_line`
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("catalogues")

    def columns(self, *, catalogue: str) -> tuple[CatalogueColumn, ...]:
        """
        Which columns a catalogue has (GET Metadata). Safe to repeat.

        :param catalogue: e.g. madantoc, qlvanbandieuhanhcap1
        :raises OutsideRefused: if there is none
        """
        rows = records_of(self.service, self._got("Metadata", catalogue))
        found = [
            CatalogueColumn(
                row.needed("PropertyCode"), row.text("PropertyName"), row.text("PropertyType") or "String"
            )
            for row in rows
        ]
        return once(found, lambda row: row.name)

    def rows(self, *, catalogue: str) -> tuple[CatalogueRow, ...]:
        """What a catalogue holds (GET Category). Safe to repeat. :raises OutsideRefused: if there is none"""
        rows = records_of(self.service, self._got("Category", catalogue))
        return once([_row(row) for row in rows], lambda row: tuple(row.fields.items()))

    def add(self, *, catalogue: str, rows: Sequence[Mapping[str, str | None]]) -> int:
        """
        Add rows of the province's own (POST Category), as the house's account with the platform if it has one.

        Not repeated here, yet safe to send again: the platform refuses codes that are there already, and then takes
        none of the rows.

        :returns: how many it took
        :raises OutsideRefused: naming the first row that it refuses
        """
        account = self.line.keys.accounts.get(self.service.code)
        request = Request(
            operation=_operation("Category", catalogue),
            body=[dict(row) for row in rows],
            own_authorization=basic(account) if account else "",
        )
        told = Fields(self.service, self.line.ask(self.service, request), may_have_acted=True)
        words, count = told.text("MSG"), told.whole("Count")
        if count is None:
            raise told.fault("Count")
        if words != "Done" and count < len(rows):
            raise OutsideRefused(self.service, code=str(count), words=words)
        return count

    def _got(self, kind: str, catalogue: str) -> Any:
        request = Request(operation=_operation(kind, catalogue), method="GET", is_repeatable=True)
        return self.line.ask(self.service, request)


def _operation(kind: str, catalogue: str) -> str:
    return f"{kind}/{quote(catalogue, safe='')}"


def _row(row: Fields) -> CatalogueRow:
    fields = {name: row.text(name) or None for name in row.raw}
    code = next((name for name in fields if name.startswith("Ma")), "")
    title = next((name for name in fields if name.startswith("Ten")), "")
    return CatalogueRow(fields.get(code) or "", fields.get(title) or "", fields)
