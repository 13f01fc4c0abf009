"""
The national public service portal (Cổng Dịch vụ công quốc gia), `apiDVCQG`, behind its X-Road adapter.

One sign-in (`mapi/login`), then every service by the same address (`mapi/g`). Services, fields and states as OpenCPS
and other provinces' systems send them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import VIET_NAM, Fields, moment_text, once
from dinh.exchange.adapters.transport import Account, Line, Remembered, Request

_WELL: Final = frozenset({"0", "00"})
_SESSION_SECONDS: Final = 1500.0
_SESSIONS: Final = Remembered()


class DossierState(StrEnum):
    """TrangThaiHoSo."""

    NEW = "1"
    ACCEPTED = "2"
    NOT_ACCEPTED = "3"
    IN_PROGRESS = "4"
    NEEDS_SUPPLEMENT = "5"
    TO_BE_PAID = "6"
    WITHDRAWN = "7"
    STOPPED = "8"
    DONE = "9"
    RETURNED = "10"


@dataclass(frozen=True, slots=True)
class Procedure:
    """`fields`: all that came, by the portal's names."""

    code: str
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalDossier:
    """
    A dossier as the portal keeps it.

    :param state: of DossierState, or whatever else came
    :param applicant_kind: 1 person, 2 enterprise
    :param by_post: result returned by the Post
    :param others: further fields by the portal's names (TaiLieuNop, DanhSachLePhi, DanhSachGiayToKetQua ...)
    """

    code: str
    procedure: str
    procedure_name: str
    area: str
    area_name: str
    applicant: str
    state: str
    received_at: datetime
    promised_at: datetime | None
    unit_name: str
    applicant_kind: str = "1"
    phone: str = ""
    email: str = ""
    summary: str = ""
    by_post: bool = False
    finished_at: datetime | None = None
    returned_at: datetime | None = None
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step of a dossier."""

    code: str
    person: str
    position: str
    at: datetime
    division: str
    words: str
    state: str
    begun_at: datetime | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    A question, with its answer if it has one (hỏi đáp).

    :param code: HOIDAPID: the portal's, of what citizens ask there; one's own, of what is published
    :param answer_code: TRALOIID; empty while nobody has answered
    :param others: all that came, by the portal's names
    """

    code: str
    words: str
    area: str
    unit: str
    unit_name: str
    asker: str = ""
    email: str = ""
    answer_code: str = ""
    answer: str = ""
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """
    What an official answers to a citizen's question.

    :param code: HOIDAPID of the question
    :param unit: identifier code of the unit that answers
    """

    code: str
    unit: str
    person: str
    position: str
    words: str
    at: datetime


class ServicePortal:
    """
    :param line: see `outside_line`; its account for `portal` signs in and names the unit
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("portal")

    def procedures(self) -> tuple[Procedure, ...]:
        """All procedures of the unit, with code and name (LayDanhSachTTHC). Safe to repeat."""
        return once([_procedure(row) for row in self._rows("LayDanhSachTTHC")], lambda row: row.code)

    def procedure(self, *, code: str) -> Procedure:
        """One procedure in full (LayThuTuc). Safe to repeat. :raises OutsideRefused: if there is none"""
        rows = self._rows("LayThuTuc", maTTHC=code)
        if not rows:
            raise OutsideRefused(self.service, code="0", words=code)
        return Procedure(code, rows[0].needed("TENTTHC"), rows[0].raw)

    def agencies(self) -> tuple[Mapping[str, Any], ...]:
        """Agencies by the portal's names (LayDanhMucCoQuan). Safe to repeat."""
        return tuple(row.raw for row in self._rows("LayDanhMucCoQuan"))

    def areas(self) -> tuple[Mapping[str, Any], ...]:
        """Areas of procedures (LayDanhMucLinhVuc). Safe to repeat."""
        return tuple(row.raw for row in self._rows("LayDanhMucLinhVuc"))

    def find(self, *, code: str) -> Mapping[str, Any] | None:
        """A dossier as the portal has it, by its names (TraCuuHoSo); None if it has none. Safe to repeat."""
        rows = self._rows("TraCuuHoSo", MaHoSo=code)
        return rows[0].raw if rows else None

    def add(self, *, dossiers: Sequence[PortalDossier]) -> None:
        """
        Hand over new dossiers (DongBoHoSoMC, isUpdating False).

        Not safe to repeat: after an OutsideUnavailable that may have acted, `find` them first, then `change` those that
        are there.

        :raises OutsideUnavailable, OutsideRefused, OutsideNotConnected:
        """
        self._sent("DongBoHoSoMC", isUpdating="False", data=[_sent(each) for each in dossiers])

    def change(self, *, dossiers: Sequence[PortalDossier]) -> None:
        """Hand over what changed of dossiers that the portal has (isUpdating True). Safe to repeat."""
        data = [_sent(each) for each in dossiers]
        self._rows("DongBoHoSoMC", isUpdating="True", data=data)

    def tell_progress(self, *, steps: Sequence[Progress]) -> None:
        """
        Tell steps of dossiers (CapNhatTienDoHoSoMC).

        Not repeated here; sent again, a step may stand in the portal's history twice.
        """
        self._sent("CapNhatTienDoHoSoMC", data=[_step(each) for each in steps])

    def questions(self) -> tuple[Question, ...]:
        """What citizens and enterprises ask the unit on the portal (LayDanhSachHoiDapGuiTuDVCQG). Safe to repeat."""
        return self._questions("LayDanhSachHoiDapGuiTuDVCQG")

    def published_questions(self) -> tuple[Question, ...]:
        """Questions with answers that agencies wrote themselves (LayDanhSachHoiDapBoCoQuan). Safe to repeat."""
        return self._questions("LayDanhSachHoiDapBoCoQuan")

    def publish_questions(self, *, questions: Sequence[Question]) -> None:
        """
        Hand over questions of one's own, with answers if they have such (DongBoHoiDap).

        Not repeated here; after an OutsideUnavailable that may have acted, `published_questions` tells which are there.

        :raises OutsideUnavailable, OutsideRefused, OutsideNotConnected:
        """
        self._sent("DongBoHoiDap", data=[_asked_question(each) for each in questions])

    def answer_questions(self, *, answers: Sequence[QuestionAnswer]) -> None:
        """
        Answer what was asked on the portal (DongBoKetQuaHoiDapGuiTuDVCQG).

        Not repeated here; sent again, an answer may stand under its question twice. `questions` tells which have one.
        """
        self._sent("DongBoKetQuaHoiDapGuiTuDVCQG", data=[_answered_question(each) for each in answers])

    def _questions(self, name: str) -> tuple[Question, ...]:
        return once([_question(row) for row in self._rows(name)], lambda each: each.code)

    def knows_person(self, *, technical_id: str) -> bool:
        """Whether an account is proved by the national identity (TraCuuTechID). Safe to repeat."""
        rows = self._rows("TraCuuTechID", TechID=technical_id)
        return bool(rows) and rows[0].text("TaiKhoanDuocXacThucVoiVNeID") in ("1", "True", "true")

    def _rows(self, name: str, **fields: Any) -> list[Fields]:
        return self._asked(name, fields, is_repeatable=True).records("result")

    def _sent(self, name: str, **fields: Any) -> None:
        self._asked(name, fields, is_repeatable=False)

    def _asked(self, name: str, fields: Mapping[str, Any], *, is_repeatable: bool) -> Fields:
        """An expired session is told as an error like any other, so one refusal is tried with a new session."""
        account = self.line.account(self.service)
        key = (self.line.gateway, account.name)
        is_new = False

        def signed_in() -> tuple[str, float]:
            nonlocal is_new
            is_new = True
            return self._new_session(account), _SESSION_SECONDS

        session = _SESSIONS.get(key, signed_in)
        told = self._told(name, session, account, fields, is_repeatable=is_repeatable)
        if told.needed("error_code") not in _WELL and not is_new:
            _SESSIONS.forget(key)
            session = _SESSIONS.get(key, signed_in)
            told = self._told(name, session, account, fields, is_repeatable=is_repeatable)
        return self._well(told)

    def _told(
        self, name: str, session: str, account: Account, fields: Mapping[str, Any], *, is_repeatable: bool
    ) -> Fields:
        body = {"session": session, "madonvi": account.code, "service": name, **fields}
        request = self._request("mapi/g", body, is_repeatable=is_repeatable)
        return Fields(self.service, self.line.ask(self.service, request), may_have_acted=not is_repeatable)

    def _new_session(self, account: Account) -> str:
        body = {"username": account.name, "password": account.secret}
        answer = self.line.ask(self.service, self._request("mapi/login", body, is_repeatable=True))
        return self._well(Fields(self.service, answer)).needed("session")

    def _request(self, operation: str, body: Mapping[str, Any], *, is_repeatable: bool) -> Request:
        query = {"dstcode": self.service.destination}
        return Request(operation=operation, query=query, body=body, is_repeatable=is_repeatable)

    def _well(self, told: Fields) -> Fields:
        code = told.needed("error_code")
        if code not in _WELL:
            raise OutsideRefused(self.service, code=code, words=told.text("error_message", "message"))
        return told


def _procedure(row: Fields) -> Procedure:
    return Procedure(row.needed("MATTHC", "MaTTHC"), row.text("TENTTHC", "TenTTHC"), row.raw)


def _question(row: Fields) -> Question:
    answer_code = row.text("TRALOIID")
    return Question(
        code=row.needed("HOIDAPID"), words=row.text("NOIDUNG"), area=row.text("MALINHVUC", "MaLinhVuc", "MATTHCDP"),
        unit=row.text("MADONVI"), unit_name=row.text("TENDONVI"), asker=row.text("HOVATEN"),
        email=row.text("THUDIENTU"), answer_code="" if answer_code == "0" else answer_code,
        answer=row.text("NOIDUNGTRALOI"), others=row.raw,
    )  # fmt: skip


def _asked_question(given: Question) -> dict[str, Any]:
    """The portal reads `MaLinhVuc` here, though it writes `MALINHVUC`."""
    answered = {"TRALOIID": given.answer_code, "NOIDUNGTRALOI": given.answer} if given.answer else {}
    return {
        "HOIDAPID": given.code, "MaLinhVuc": given.area, "NOIDUNG": given.words, "MADONVI": given.unit,
        "TENDONVI": given.unit_name, **answered,
    }  # fmt: skip


def _answered_question(given: QuestionAnswer) -> dict[str, str]:
    """The only date of the portal that is written for people."""
    return {
        "HOIDAPID": given.code, "MADONVI": given.unit, "NGUOITRALOI": given.person,
        "CHUCVUNGUOITRALOI": given.position, "NGAYTRALOI": f"{given.at.astimezone(VIET_NAM):%d/%m/%Y}",
        "NOIDUNGTRALOI": given.words,
    }  # fmt: skip


def _at(moment: datetime | None) -> str:
    return moment_text(moment) if moment else ""


def _sent(given: PortalDossier) -> dict[str, Any]:
    lists = (
        "TaiLieuNop",
        "DanhSachLePhi",
        "DanhSachTepDinhKemKhac",
        "DanhSachHoSoBoSung",
        "DanhSachGiayToKetQua",
    )
    return {
        **{name: [] for name in lists}, **given.others, "MaHoSo": given.code, "MaTTHC": given.procedure,
        "TenTTHC": given.procedure_name, "MaLinhVuc": given.area, "TenLinhVuc": given.area_name,
        "ChuHoSo": given.applicant, "LoaiDoiTuong": given.applicant_kind, "Email": given.email,
        "SoDienThoai": given.phone, "TrichYeuHoSo": given.summary, "NgayTiepNhan": _at(given.received_at),
        "NgayHenTra": _at(given.promised_at), "TrangThaiHoSo": given.state, "NgayTra": _at(given.returned_at),
        "HinhThuc": str(int(given.by_post)), "NgayKetThucXuLy": _at(given.finished_at), "DonViXuLy": given.unit_name,
    }  # fmt: skip


def _step(given: Progress) -> dict[str, str]:
    return {
        "MaHoSo": given.code, "NguoiXuLy": given.person, "ChucDanh": given.position,
        "ThoiDiemXuLy": moment_text(given.at), "PhongBanXuLy": given.division, "NoiDungXuLy": given.words,
        "TrangThai": given.state, "NgayBatDau": _at(given.begun_at), "NgayKetThucTheoQuyDinh": _at(given.due_at),
    }  # fmt: skip
