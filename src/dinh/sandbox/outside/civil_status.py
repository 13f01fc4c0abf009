"""Civil status (`apiHoTichTuPhap`): dossiers registered, their states, what came into the books."""

import json
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from dinh.sandbox.outside.asked import Asked, NotAsDescribed, Told, stage_at, wanted
from dinh.sandbox.outside.people import PLACES
from dinh.sandbox.outside.store import Record, Store

_STAGES: Final = [(0.0, "1"), (60.0, "3"), (180.0, "4")]
_WORDS: Final = {
    "1": "Đã tiếp nhận hồ sơ, chờ xử lý", "2": "Hồ sơ cần bổ sung thông tin: ",
    "3": "Hồ sơ đủ điều kiện giải quyết", "4": "Đã hoàn thành đăng ký",
}  # fmt: skip
_ERRORS: Final = {
    # What the ministry means by 100, 101 and 108 no text at hand tells: they come on request only.
    "100": "Mã lỗi 100 của hệ thống hộ tịch.",
    "101": "Mã lỗi 101 của hệ thống hộ tịch.",
    "108": "Mã lỗi 108 của hệ thống hộ tịch.",
    "106": "AGENCY_ID_INCORRECT - Mã đơn vị không chính xác.",
    "200": "RECORD_UNCOMPLETE - Hồ sơ chưa hoàn thành đăng ký.",
    "201": "RECORD_NOT_FOUND - Hồ sơ không tồn tại, đề nghị xem lại số phiếu tiếp nhận.",
    "302": "DATA_TYPE_INVALID - Loại dữ liệu danh mục không hợp lệ.",
    "500": "DATA_INCORRECT - ",
}
_WANTED: Final = {
    "KS": ("nksHoTen", "nksNgaySinh", "nksGioiTinh"),
    "KT": ("nktHoTen", "nktNgayChet"),
    "KH": ("chongHoTen", "voHoTen"),
}
_LISTS: Final = {
    "1": [("VN", "Việt Nam"), ("LA", "Lào"), ("CN", "Trung Quốc")],
    "2": [("VN", "Việt Nam"), ("LA", "Lào"), ("CN", "Trung Quốc"), ("KR", "Hàn Quốc")],
    "3": [("01", "Kinh"), ("02", "Tày"), ("07", "Nùng"), ("08", "Mông"), ("09", "Dao")],
    "4": [("06", "Tỉnh Bắc Kạn"), ("19", "Tỉnh Thái Nguyên"), ("01", "Thành phố Hà Nội")],
    "5": [("1", "Chứng minh nhân dân"), ("2", "Hộ chiếu"), ("5", "Căn cước công dân")],
}


class CivilStatus:
    """The registers of the whole country, as far as anybody has written into them."""

    def answer(self, asked: Asked, store: Store) -> Told | None:
        acts = {
            "dangKyHoTich": self._register, "danhMuc": self._list, "traTrangThaiHoSo": self._state,
            "ketQuaDangKyHS": self._result, "dsHoSoDangKy": self._registered, "traHoSo": self._record,
            "traDanhSachHoSo": self._records,
        }  # fmt: skip
        act = acts.get(asked.operation) if asked.method == "POST" else None
        return Told(act(asked.fields(), store)) if act else None

    def _register(self, fields: dict[str, Any], store: Store) -> Record:
        area, module, dossier = wanted(fields, "maDonVi", "module", "maHoSo")
        if area not in {place.commune_code.lstrip("0") for place in PLACES}:
            return refused("106")
        try:
            data = _read(str(fields.get("data", "")))
        except NotAsDescribed as fault:
            return refused("500", str(fault))
        number = len(store.all("civil_status")) + 1
        kept = {
            "id": str(70_000 + number), "area": area, "module": module, "dossier": dossier, "number": number,
            "received": str(fields.get("ngayTiepNhan", "")), "data": data, "at": store.now(),
        }  # fmt: skip
        if not store.add("civil_status", dossier, kept):
            return refused("500", "Số phiếu tiếp nhận đã tồn tại.")
        return _well("1", "Gửi thông tin thành công")

    def _list(self, fields: dict[str, Any], store: Store) -> Record:
        rows = _LISTS.get(str(fields.get("loaiDanhMuc")))
        if rows is None:
            return refused("302")
        # As text within the JSON: so the ministry's own description has it.
        return _well(
            "1", "", json.dumps([{"ma": code, "ten": name} for code, name in rows], ensure_ascii=False)
        )

    def _state(self, fields: dict[str, Any], store: Store) -> Record:
        kept = _own(fields, store)
        if kept is None:
            return refused("201")
        state, missing = _stage(kept, store)
        return _well(state, _WORDS.get(state, "") + missing)

    def _result(self, fields: dict[str, Any], store: Store) -> Record:
        kept = _own(fields, store)
        if kept is None:
            return refused("201")
        return _well("1", "", _entry(kept, store)) if _stage(kept, store)[0] == "4" else refused("200")

    def _registered(self, fields: dict[str, Any], store: Store) -> Record:
        module, day = wanted(fields, "module", "ngayCapNhat")
        rows = [
            {"id": kept["id"], "maDonVi": kept["area"]}
            for _number, kept in store.all("civil_status")
            if kept["module"] == module and _day(kept["at"]) == day and _stage(kept, store)[0] == "4"
        ]
        return _well("1", "", rows)

    def _record(self, fields: dict[str, Any], store: Store) -> Record:
        module, number = wanted(fields, "module", "maHoSo")
        return _details(module, [number], store)

    def _records(self, fields: dict[str, Any], store: Store) -> Record:
        (module,) = wanted(fields, "module")
        numbers = fields.get("dsMaHoSo")
        if not isinstance(numbers, list):
            raise NotAsDescribed("dsMaHoSo is a list.")
        return _details(module, [str(number) for number in numbers], store)


def _details(module: str, numbers: list[str], store: Store) -> Record:
    rows = [
        _entry(kept, store)
        for _number, kept in store.all("civil_status")
        if kept["module"] == module and kept["id"] in numbers and _stage(kept, store)[0] == "4"
    ]
    return _well("1", "", rows) if rows else refused("201")


def _own(fields: dict[str, Any], store: Store) -> Record | None:
    area, dossier = wanted(fields, "maDonVi", "maHoSo")
    kept = store.get("civil_status", dossier)
    return kept if kept and kept["area"] == area else None


def _stage(kept: Record, store: Store) -> tuple[str, str]:
    """The state and what is missing; a state that an order has set stays."""
    if "state" in kept:
        return kept["state"], ""
    missing = [name for name in _WANTED.get(kept["module"], ()) if not kept["data"].get(name)]
    return ("2", ", ".join(missing)) if missing else (stage_at(store.now() - kept["at"], _STAGES), "")


def _entry(kept: Record, store: Store) -> Record:
    number = kept["number"]
    book = {"so": str(number), "quyenSo": f"01/{_day(kept['at'])[-4:]}", "trangSo": str(number // 2 + 1)}
    return {"id": kept["id"], **book, "maDonVi": kept["area"], "maHoSo": kept["dossier"], **kept["data"]}


def _read(xml: str) -> dict[str, str]:
    """:raises NotAsDescribed: unless it is `<hotich><hoso>` with plain elements"""
    try:
        root = etree.fromstring(xml.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise NotAsDescribed("data không phải XML.") from error
    record = root.find("hoso")
    if root.tag != "hotich" or record is None:
        raise NotAsDescribed("data phải là <hotich><hoso>.")
    return {str(child.tag): child.text or "" for child in record}


def _day(at: float) -> str:
    return datetime.fromtimestamp(at + 7 * 3600, UTC).strftime("%d/%m/%Y")


def _well(status: str, words: str, value: object = None) -> Record:
    return {"status": status, "description": words, "value": value}


def refused(code: str, words: str = "") -> Record:
    """An answer with an error: 100, 101, 106, 108, 200, 201, 302 or 500."""
    return {"status": "0", "errorCode": code, "errorDescription": _ERRORS[code] + words, "value": None}
