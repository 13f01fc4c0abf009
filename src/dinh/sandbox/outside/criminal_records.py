"""Criminal records (`apiLyLichTuPhap`): requests for certificates and how far they are."""

from datetime import UTC, datetime
from typing import Any, Final

from dinh.sandbox.outside.asked import Asked, NotAsDescribed, Told, stage_at, wanted
from dinh.sandbox.outside.store import Record, Store

_STAGES: Final = [(0.0, "3"), (60.0, "4"), (180.0, "5")]
_NAMES: Final = {"3": "Đã tiếp nhận", "4": "Đang xử lý", "5": "Đã có phiếu"}
_LISTS: Final = {
    "1": [("06", "Tỉnh Bắc Kạn"), ("061", "Huyện Ba Bể"), ("01924", "Xã Quảng Khê")],
    "2": [("1", "Việt Nam"), ("2", "Lào")],
    "3": [("1", "Kinh"), ("2", "Tày"), ("7", "Nùng"), ("8", "Mông")],
    "4": [("101", "Tòa án nhân dân tỉnh Bắc Kạn"), ("102", "Công an tỉnh Bắc Kạn")],
    "5": [("06", "Phòng Hồ sơ nghiệp vụ, Công an tỉnh Bắc Kạn")],
}
_DECLARED: Final = (
    "fullName", "genderId", "birthDateStr", "nationalityId", "idTypeId", "identifyNo", "phone", "declareDate",
    "declareTypeId", "requestQty", "objectRequestId", "formType",
)  # fmt: skip


class CriminalRecords:
    def answer(self, asked: Asked, store: Store) -> Told | None:
        acts = {
            "nhanHoSoDangKy": self._register, "traTrangThaiHs": self._state, "traHoSo": self._online,
            "traDanhMuc": self._list, "danhDauHsThanhCong": self._mark, "traDsTrangThaiHs": self._changed,
        }  # fmt: skip
        act = acts.get(asked.operation) if asked.method == "POST" else None
        return Told(act(asked.fields(), store)) if act else None

    def _register(self, fields: dict[str, Any], store: Store) -> Record:
        unit, receipt = wanted(fields, "idMinistryJustice", "idReceivedDec")
        form = fields.get("declarationWSForm")
        missing = [name for name in _DECLARED if not isinstance(form, dict) or form.get(name) in (None, "")]
        if missing:
            return {"STATUS": "0", "DESCRIPTION": f"Thiếu trường bắt buộc: {', '.join(missing)}"}
        number = len(store.all("criminal_records")) + 1
        kept = {"id": f"LLTP{number:06}", "unit": unit, "receipt": receipt, "at": store.now(), "seen": ""}
        if not store.add("criminal_records", receipt, kept):
            return {"STATUS": "0", "DESCRIPTION": "Số phiếu tiếp nhận đã tồn tại"}
        return {"STATUS": "1", "DESCRIPTION": "", "ID": kept["id"]}

    def _state(self, fields: dict[str, Any], store: Store) -> Record:
        receipt, _kind = wanted(fields, "idReceivedDec", "infoType")
        kept = store.get("criminal_records", receipt)
        if kept is None:
            return {"STATUS": "0", "DESCRIPTION": "Không tìm thấy hồ sơ"}
        return {"STATUS": "1", "DESCRIPTION": "", **_state_of(kept, store)}

    def _online(self, fields: dict[str, Any], store: Store) -> Record:
        """One request that a citizen filed online, until it is marked as fetched."""
        wanted(fields, "infoType")
        if store.get("criminal_records_fetched", "TT000001"):
            return {"STATUS": "1", "DESCRIPTION": "", "LISTCONTENT": []}
        form = {
            "declarationId": "TT000001", "declarationCode": 10001, "fullName": "Nông Thị Yến", "genderId": 0,
            "birthDateStr": "12/03/1991", "nationalityId": 1, "idTypeId": 3, "identifyNo": "006191000123",
            "phone": "0912345678", "formType": 1, "purpose": "Xin việc làm", "giveProfileType": 0,
        }  # fmt: skip
        living = [
            {"fromDateStr": "2005", "toDateStr": "2026", "residencePlace": "01924", "jobName": "Làm ruộng"}
        ]
        row = {"declarationTraHoSoForm": form, "residenceWSForm": living, "mandatorWSForm": None}
        return {"STATUS": "1", "DESCRIPTION": "", "LISTCONTENT": [row]}

    def _list(self, fields: dict[str, Any], store: Store) -> Any:
        rows = _LISTS.get(str(fields.get("infoType")))
        if rows is None:
            raise NotAsDescribed("infoType is 1 to 5.")
        return [{"ID": code, "NAME": name} for code, name in rows]

    def _mark(self, fields: dict[str, Any], store: Store) -> Record:
        (ids,) = wanted(fields, "declarationId")
        for each in filter(None, ids.split(";")):
            store.put("criminal_records_fetched", each, {"at": store.now()})
        for _number, kept in store.all("criminal_records"):
            if kept["id"] in ids.split(";"):
                store.put("criminal_records", kept["receipt"], kept | {"seen": _stage(kept, store)})
        return {"STATUS": "1", "DESCRIPTION": ""}

    def _changed(self, fields: dict[str, Any], store: Store) -> Record:
        """Requests whose state has changed since it was marked as fetched."""
        wanted(fields, "infoType")
        rows = [
            {"DECLARATION_ID": kept["id"], "RECEIVE_NO": kept["receipt"], **_state_of(kept, store)}
            for _number, kept in store.all("criminal_records")
            if kept["seen"] != _stage(kept, store)
        ]
        return {"STATUS": "1", "DESCRIPTION": "", "LISTCONTENT": rows}


def _stage(kept: Record, store: Store) -> str:
    return str(kept.get("state") or stage_at(store.now() - kept["at"], _STAGES))


def _state_of(kept: Record, store: Store) -> Record:
    state = _stage(kept, store)
    day = (
        datetime.fromtimestamp(kept["at"] + 180 + 7 * 3600, UTC).strftime("%d/%m/%Y") if state == "5" else ""
    )
    return {
        "DEC_STATUS_ID": int(state) if state.isdecimal() else state, "DEC_STATUS_NAME": _NAMES.get(state, ""),
        "APPROVE_DATE": day, "ISSUE_DATE": day,
    }  # fmt: skip
