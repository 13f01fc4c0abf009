"""Registration of enterprises (`apiCSDLDKDN`): what is registered, and dossiers under way."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from dinh.sandbox.outside.asked import Asked, Told
from dinh.sandbox.outside.people import Enterprise, chosen, enterprises, name_from, number_from
from dinh.sandbox.outside.store import Record, Store

LONGEST: Final = timedelta(days=5)
_TYPES: Final = ("Đăng ký mới", "Đăng ký thay đổi", "Tạm ngừng", "Hoạt động trở lại")
_STATES: Final = ("Đang xử lý", "Yêu cầu bổ sung", "Đã chấp thuận")
_SITE: Final = 6


class Enterprises:
    """80 enterprises; each day brings two to five dossiers, the same at each start."""

    def answer(self, asked: Asked, store: Store) -> Told | None:
        acts = {
            "chiTietDoanhNghiep": self._details, "danhSachHoSoTrongNgay": self._today,
            "danhSachHoSo": self._received, "tinhTrangHoSo": self._state,
        }  # fmt: skip
        act = acts.get(asked.operation) if asked.method == "GET" else None
        return Told(act(asked, _today(store))) if act else None

    def _details(self, asked: Asked, today: date) -> Record:
        found = next((each for each in enterprises() if each.code == asked.parameters().get("msdn")), None)
        return _failure("Không tìm thấy doanh nghiệp") if found is None else _well(1) | _shown(found)

    def _today(self, asked: Asked, today: date) -> Record:
        try:
            since, until = (time.fromisoformat(asked.parameters()[name]) for name in ("from_ts", "to_ts"))
        except (KeyError, ValueError):
            return _failure("from_ts, to_ts: HH:mm")
        rows = [
            {name: row[name] for name in (
                "IN_JOURNAL_NO", "DOCUMENT_TYPE", "ENTERPRISE_GDT_CODE", "NAME", "SITE_ID", "PROCESS_STATUS",
            )} | {"PROCESSED_DATE": f"{today:%d/%m/%Y}"}
            for row in _dossiers(today)
            if since.hour <= 8 + row["IN_JOURNAL_NO"] % 8 <= until.hour
        ]  # fmt: skip
        return _page(rows, asked)

    def _received(self, asked: Asked, today: date) -> Record:
        try:
            since, until = (_day(asked.parameters()[name]) for name in ("from_date", "to_date"))
        except (KeyError, ValueError):
            return _failure("from_date, to_date: dd/MM/yyyy")
        if not timedelta() <= until - since <= LONGEST:
            return _failure("Khoảng thời gian tối đa 05 ngày")
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        return _page([_brief(row) for day in days if day <= today for row in _dossiers(day)], asked)

    def _state(self, asked: Asked, today: date) -> Record:
        number = asked.parameters().get("in_journal_no", "")
        ordinal = int(number) // 10 if number.isdecimal() and len(number) < 9 else 0
        rows = _dossiers(date.fromordinal(ordinal)) if 0 < ordinal <= today.toordinal() else []
        found = next((row for row in rows if str(row["IN_JOURNAL_NO"]) == number), None)
        return _failure("Không tìm thấy hồ sơ") if found is None else _well(1) | {"MainInformation": found}


def _shown(found: Enterprise) -> Record:
    place = found.place
    address = ", ".join(("Tổ 3", place.commune, place.district, "Tỉnh Bắc Kạn"))
    return {
        "MainInformation": {
            "ENTERPRISE_ID": found.id, "ENTERPRISE_GDT_CODE": found.code, "IMP_BUSINESS_CODE": "",
            "ENTERPRISE_TYPE_ID": str(found.id % 3 + 1), "ENTERPRISE_TYPE_NAME": found.kind, "NAME": found.name,
            "SHORT_NAME": "", "NAME_F": "", "FOUNDING_DATE": f"{found.founded:%d/%m/%Y}", "LAST_AMEND_DATE": "",
            "NUMBER_CHANGES": 0, "ENTERPRISE_STATUS": "1", "LEGAL_NAMES": found.head,
            "CAPITAL_AMOUNT": found.capital,
        },
        "HOAdress": {
            "CityID": 6, "CityName": "Tỉnh Bắc Kạn", "DistrictID": int(place.district_code),
            "DistrictName": place.district, "WardID": int(place.commune_code), "WardName": place.commune,
            "StreetNumber": "Tổ 3", "AddressFullText": address,
        },
        "BusinessActivity": [{"CODE": found.trade[0], "NAME": found.trade[1], "IS_MAIN": "Y"}],
        "Member": [{
            "MEMBER_NAME": found.head, "AMOUNT": found.capital, "RATIO_PERCENT": 100.00, "COUNTRY": "Việt Nam",
        }],
    }  # fmt: skip


def _dossiers(day: date) -> list[dict[str, Any]]:
    """Those that came in on a day; on days off none."""
    if day.weekday() > 4:
        return []
    count = 2 + number_from(f"hs{day}", 4)
    return [_dossier(day, day.toordinal() * 10 + number) for number in range(count)]


def _dossier(day: date, number: int) -> dict[str, Any]:
    about = chosen(f"hs{number}", enterprises())
    state = chosen(f"hs{number}s", _STATES)
    return {
        "IN_JOURNAL_NO": number, "DOCUMENT_TYPE": chosen(f"hs{number}t", _TYPES), "ENTERPRISE_CODE": str(about.id),
        "ENTERPRISE_GDT_CODE": about.code, "NAME": about.name, "ENTERPRISE_TYPE_ID": str(about.id % 3 + 1),
        "SITE_ID": _SITE, "RECEIPT_DATE": f"{day:%d/%m/%Y}", "PLAN_DATE": f"{day + timedelta(days=5):%d/%m/%Y}",
        "PROCESS_STATUS": state, "REGISTRATION_DATE": f"{day:%d/%m/%Y}" if state == _STATES[2] else "",
        "SUPPLEMENT_DATE": "", "SUBMISSION_TYPE": "Trực tuyến",
        "CONTACT_FULL_NAME": name_from(f"hs{number}c", "2"), "CONTACT_ADDRESS": about.place.commune,
        "CONTACT_ID_NO": f"006{number:09}", "CONTACT_PHONE": "0912000000", "CONTACT_EMAIL": "",
    }  # fmt: skip


def _brief(row: Record) -> Record:
    names = (
        "IN_JOURNAL_NO", "DOCUMENT_TYPE", "ENTERPRISE_CODE", "ENTERPRISE_GDT_CODE", "NAME", "SITE_ID", "RECEIPT_DATE",
        "PLAN_DATE", "PROCESS_STATUS",
    )  # fmt: skip
    return {name: row[name] for name in names}


def _page(rows: list[Record], asked: Asked) -> Record:
    offset, limit = asked.number("offset", 0), asked.number("limit", 100)
    return _well(len(rows)) | {"MainInformation": rows[offset : offset + limit]}


def _well(count: int) -> Record:
    return {"DataCount": count, "Status": "1", "Message": "success"}


def _failure(words: str) -> Record:
    return {"DataCount": 0, "Status": "0", "Message": words}


def _day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 a day without a time


def _today(store: Store) -> date:
    return datetime.fromtimestamp(store.now() + 7 * 3600, UTC).date()
