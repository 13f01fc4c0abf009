"""
Social insurance (bảo hiểm xã hội), `apiBHXH`: who is insured under which number, and in which household.

Operations and fields: guide to APIs through NGSP of Quảng Bình, section on social insurance. All of them only read.
"""

from dataclasses import dataclass
from typing import Any

from dinh.exchange.adapters.errors import OutsideRefused
from dinh.exchange.adapters.reading import Fields, PartialDate, once, records_of
from dinh.exchange.adapters.transport import Line, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class InsuredCriteria:
    """
    :param gender: 1 man, 2 woman, 3 other
    :param province, district, commune: codes of the General Statistics Office
    :param by_birth_place: look where the person was born, else where the household is registered
    """

    name: str
    born: PartialDate
    gender: str
    province: str
    district: str = ""
    commune: str = ""
    by_birth_place: bool = False


@dataclass(frozen=True, slots=True)
class InsuredPerson:
    """`gender` and `state` as they came; `number` and `household` where the operation tells them."""

    name: str
    born: PartialDate | None
    gender: str
    number: str
    household: str
    address: str
    province: str
    district: str
    commune: str
    state: str


class SocialInsurance:
    """
    :param line: see `outside_line`
    """

    def __init__(self, line: Line) -> None:
        self.line, self.service = line, line.service("social_insurance")

    def household_of(self, *, number: str) -> tuple[InsuredPerson, ...]:
        """Everybody in the household of an insured person (getTraCuuTtHgdByMaSoBhxh); none if nobody has the number."""
        return self._people("getTraCuuTtHgdByMaSoBhxh", {"maSoBhxh": number})

    def number_of(self, *, criteria: InsuredCriteria) -> str:
        """
        The number of one person (getMaSoBhxhTheoTieuChi).

        :raises OutsideRefused: if nobody, or more than one, answers to the criteria
        """
        body = {
            **_born(criteria), "hoTen": criteria.name, "gioiTinh": criteria.gender, "maTinhKs": criteria.province,
            "maHuyenKs": criteria.district, "maXaKs": criteria.commune, "isKs": str(int(criteria.by_birth_place)),
        }  # fmt: skip
        told = Fields(self.service, self._asked("getMaSoBhxhTheoTieuChi", body))
        if number := told.text("maSoBhxh"):
            return number
        raise OutsideRefused(
            self.service, code=told.text("errorCode", "trangThai"), words=told.text("errorCode")
        )

    def households(
        self, *, criteria: InsuredCriteria, book: str = "", card: str = ""
    ) -> tuple[InsuredPerson, ...]:
        """People who answer to the criteria, with their households (getTraCuuThongTinHgd)."""
        body = {
            **_born(criteria), "maTinh": criteria.province, "hoTen": criteria.name, "gioiTinh": criteria.gender,
            "soSo": book, "maThe": card, "isKs": str(int(criteria.by_birth_place)),
        }  # fmt: skip
        return self._people("getTraCuuThongTinHgd", body)

    def _people(self, operation: str, body: dict[str, str]) -> tuple[InsuredPerson, ...]:
        rows = records_of(self.service, self._asked(operation, body))
        return once([_person(row) for row in rows], lambda row: row)

    def _asked(self, operation: str, body: dict[str, str]) -> Any:
        return self.line.ask(self.service, Request(operation=operation, body=body, is_repeatable=True))


def _born(criteria: InsuredCriteria) -> dict[str, str]:
    born = criteria.born
    kind = "0" if born.day else "2" if born.month else "1"
    return {"ngaySinh": born.compact, "loaiNgaySinh": kind}


def _person(row: Fields) -> InsuredPerson:
    return InsuredPerson(
        name=row.needed("hoTen"),
        born=row.partial("ngaySinh"),
        gender=row.text("gioiTinh"),
        number=row.text("maSo", "maSoBhxh"),
        household=row.text("maHo"),
        address=row.text("diaChi"),
        province=row.text("maTinhKs"),
        district=row.text("maHuyenKs"),
        commune=row.text("maXaKs"),
        state=row.text("trangThai"),
    )
