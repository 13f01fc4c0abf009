"""
Civil status of the Ministry of Justice (hộ tịch), `apiHoTichTuPhap`.

Operations and fields: guide to APIs through NGSP of Quảng Bình, section on civil status. The guide names the parts of
an answer (state, code and words of an error, value) without their spelling: several are read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from django.utils.translation import gettext as _

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import CodeName, Fields, once, records_of
from dinh.exchange.adapters.transport import Line, Request
from dinh.exchange.adapters.xml import record_to_xml

_AROUND: Final = ("hotich", "hoso")
_STATE: Final = ("status", "trangThai")
_CODE: Final = ("errorCode", "maLoi")
_WORDS: Final = ("errorDescription", "description", "moTa", "moTaLoi")
NOT_FOUND: Final = "201"
NOT_FINISHED: Final = "200"


class CivilStage(StrEnum):
    """How far a dossier is."""

    RECEIVED = "1"
    NEEDS_SUPPLEMENT = "2"
    ELIGIBLE = "3"
    DONE = "4"


class CivilList(StrEnum):
    """Lists of codes that the service gives."""

    NATIONALITIES = "1"
    COUNTRIES = "2"
    PEOPLES = "3"
    PROVINCES = "4"
    IDENTITY_PAPERS = "5"


@dataclass(frozen=True, slots=True)
class CivilState:
    """`code` as it came; `stage` None if it is none that we know. `words` say what is to be supplemented."""

    code: str
    stage: CivilStage | None
    words: str


@dataclass(frozen=True, slots=True)
class RecordReference:
    """`id` of a record in the register, `area` that keeps it."""

    id: str
    area: str


@dataclass(frozen=True, slots=True)
class CivilRecord:
    """An entry of a register: its number, book and page; `fields` all that came, by the ministry's names."""

    id: str
    number: str
    book: str
    page: str
    fields: Mapping[str, str]


class CivilStatus:
    """
    :param line: see `outside_line`
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("civil_status")

    def register(
        self, *, area: int, module: str, dossier: str, received_date: date, fields: Mapping[str, str]
    ) -> None:
        """
        Hand a dossier over for registration (dangKyHoTich).

        Not safe to repeat: after an OutsideUnavailable that may have acted, ask for `state`; a refusal with NOT_FOUND
        says that it did not arrive.

        :param area: code of the commune or district as the ministry's list has it
        :param module: kind of business, e.g. KS birth, KT death, KH marriage
        :param dossier: code of the receipt in the one-stop system
        :param fields: of the declaration, by the ministry's names; sent as XML
        :raises OutsideUnavailable, OutsideRefused, OutsideNotConnected, InvalidInput:
        """
        body = {
            "maDonVi": area, "module": module, "maHoSo": dossier, "ngayTiepNhan": f"{received_date:%d/%m/%Y}",
            "data": record_to_xml(fields, around=_AROUND),
        }  # fmt: skip
        self._asked("dangKyHoTich", body, is_repeatable=False)

    def codes(self, *, which: CivilList) -> tuple[CodeName, ...]:
        """A list of codes (danhMuc). Safe to repeat. :raises OutsideUnavailable, OutsideRefused:"""
        rows = self._rows(self._asked("danhMuc", {"loaiDanhMuc": which.value}))
        found = [CodeName(row.needed("ma", "id", "code"), row.needed("ten", "name")) for row in rows]
        return once(found, lambda row: row.code)

    def state(self, *, area: int, dossier: str) -> CivilState:
        """
        How far a dossier is (traTrangThaiHoSo). Safe to repeat.

        :raises OutsideRefused: NOT_FOUND if the register does not know it
        :raises OutsideUnavailable:
        """
        told = self._asked("traTrangThaiHoSo", {"maDonVi": area, "maHoSo": dossier})
        code = told.needed(*_STATE)
        known = CivilStage(code) if code in set(CivilStage) else None
        return CivilState(code, known, told.text(*_WORDS))

    def result(self, *, area: int, dossier: str) -> CivilRecord:
        """
        What came of a dossier (ketQuaDangKyHS). Safe to repeat.

        :raises OutsideRefused: NOT_FINISHED, NOT_FOUND
        :raises OutsideUnavailable:
        """
        return self._one(self._asked("ketQuaDangKyHS", {"maDonVi": area, "maHoSo": dossier}))

    def registered(self, *, module: str, updated_date: date) -> tuple[RecordReference, ...]:
        """Records that came in or changed on a day (dsHoSoDangKy). Safe to repeat."""
        body = {"module": module, "ngayCapNhat": f"{updated_date:%d/%m/%Y}"}
        rows = self._rows(self._asked("dsHoSoDangKy", body))
        found = [RecordReference(row.needed("id"), row.needed("maDonVi")) for row in rows]
        return once(found, lambda row: row.id)

    def record(self, *, module: str, id: str) -> CivilRecord:
        """One record of the register (traHoSo). Safe to repeat. :raises OutsideRefused: NOT_FOUND"""
        return self._one(self._asked("traHoSo", {"module": module, "maHoSo": id}))

    def records(self, *, province: str, module: str, ids: Sequence[str]) -> tuple[CivilRecord, ...]:
        """Several records at once (traDanhSachHoSo). Safe to repeat."""
        body = {"maTinh": province, "module": module, "dsMaHoSo": list(ids)}
        rows = self._rows(self._asked("traDanhSachHoSo", body))
        return once([_record(row) for row in rows], lambda row: row.id)

    def _asked(self, operation: str, body: dict[str, Any], *, is_repeatable: bool = True) -> Fields:
        answer = self.line.ask(
            self.service, Request(operation=operation, body=body, is_repeatable=is_repeatable)
        )
        told = Fields(self.service, answer, may_have_acted=not is_repeatable)
        if told.needed(*_STATE) == "0":
            raise OutsideRefused(self.service, code=told.text(*_CODE), words=told.text(*_WORDS))
        return told

    def _rows(self, told: Fields) -> list[Fields]:
        """The value of an answer: records, or a text that holds them."""
        value = told.raw.get("value", told.raw.get("giaTri"))
        if isinstance(value, str) and value:
            try:
                value = json.loads(value)
            except ValueError as error:
                raise told.fault(_("no JSON")) from error
        return records_of(self.service, value)

    def _one(self, told: Fields) -> CivilRecord:
        rows = self._rows(told)
        if not rows:
            raise told.fault(_("a record was expected"))
        return _record(rows[0])


def _record(row: Fields) -> CivilRecord:
    fields = {name: row.text(name) for name in row.raw}
    return CivilRecord(row.needed("id"), row.text("so"), row.text("quyenSo"), row.text("trangSo"), fields)
