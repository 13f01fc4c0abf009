"""The national public service portal behind its X-Road adapter: log in, then everything is one address."""

import secrets
from typing import Any, Final

from dinh.sandbox.outside.asked import Asked, Told, wanted
from dinh.sandbox.outside.store import Record, Store

DESTINATION: Final = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
PASSWORD: Final = "sandbox"  # noqa: S105 of a stand-in
_SESSION_SECONDS: Final = 1800.0
_FIELDS: Final = (("G15-LV01", "Hộ tịch"), ("G15-LV02", "Chứng thực"), ("G01-LV07", "Lý lịch tư pháp"))
_PROCEDURES: Final = {
    "1.001193": ("Đăng ký khai sinh", 0), "2.000815": ("Chứng thực bản sao từ bản chính", 1),
    "2.000488": ("Cấp Phiếu lý lịch tư pháp cho công dân Việt Nam", 2),
}  # fmt: skip

_ASKED: Final[Record] = {
    "HOIDAPID": 4711, "NOIDUNG": "Đăng ký khai sinh quá hạn cần giấy tờ gì?", "MALINHVUC": "G15-LV01",
    "MADONVI": "000.00.00.H03", "TENDONVI": "UBND tỉnh Bắc Kạn", "HOVATEN": "Nông Văn Thử", "TRANGTHAI": 1,
    "TRALOIID": 0, "NOIDUNGTRALOI": "",
}  # fmt: skip


class Portal:
    """Sessions last half an hour; any user name is let in with the password `sandbox`."""

    def answer(self, asked: Asked, store: Store) -> Told | None:
        if asked.method != "POST" or asked.operation not in ("mapi/login", "mapi/g"):
            return None
        if asked.parameters().get("dstcode") != DESTINATION:
            return Told({"error_code": "404", "error_message": "Không có đích đến này"}, 404)
        fields = asked.fields()
        return Told(_login(fields, store) if asked.operation == "mapi/login" else _asked(fields, store))


def _login(fields: dict[str, Any], store: Store) -> Record:
    user, password = wanted(fields, "username", "password")
    if password != PASSWORD:
        return {"error_code": "1", "error_message": "Sai tên đăng nhập hoặc mật khẩu", "session": ""}
    session = secrets.token_hex(16)
    store.put("portal_session", session, {"user": user, "at": store.now()})
    return {"error_code": "0", "session": session}


def _asked(fields: dict[str, Any], store: Store) -> Record:
    session = store.get("portal_session", str(fields.get("session")))
    if session is None or store.now() - session["at"] > _SESSION_SECONDS:
        return {"error_code": "-1", "error_message": "Phiên làm việc không hợp lệ hoặc đã hết hạn"}
    acts = {
        "LayThuTuc": _procedure, "LayDanhSachTTHC": _procedures, "LayDanhMucCoQuan": _agencies,
        "LayDanhMucLinhVuc": _areas, "TraCuuHoSo": _dossier, "DongBoHoSoMC": _sync,
        "CapNhatTienDoHoSoMC": _progress, "TraCuuTechID": _person,
        "LayDanhSachHoiDapGuiTuDVCQG": _questions, "LayDanhSachHoiDapBoCoQuan": _published,
        "DongBoHoiDap": _publish, "DongBoKetQuaHoiDapGuiTuDVCQG": _answer,
    }  # fmt: skip
    act = acts.get(str(fields.get("service")))
    if act is None:
        return {"error_code": "2", "error_message": f"Không có dịch vụ {fields.get('service')}"}
    return act(fields, store)


def _well(result: list[Record]) -> Record:
    return {"error_code": "0", "error_message": "", "result": result}


def _procedure(fields: dict[str, Any], store: Store) -> Record:
    code = str(fields.get("maTTHC") or fields.get("MaTTHC"))
    if code not in _PROCEDURES:
        return {"error_code": "3", "error_message": f"Không có thủ tục {code}", "result": []}
    return _well([_described(code)])


def _described(code: str) -> Record:
    name, area = _PROCEDURES[code]
    return {
        "MATTHC": code, "TENTTHC": name,
        "LINHVUCTHUCHIEN": [{"MALINHVUC": _FIELDS[area][0], "TENLINHVUC": _FIELDS[area][1]}],
        "TRINHTUTHUCHIEN": [{"TRUONGHOP": "", "TRINHTU": [{"TENTRINHTU": "Nộp hồ sơ"}]}],
        "CACHTHUCTHUCHIEN": [{"KENH": "1", "THOIGIAN": [{"THOIGIANGIAIQUYET": "5", "DONVITINH": "Ngày làm việc"}]}],
        "THANHPHANHOSO": [], "PHILEPHI": [], "CANCUPHAPLY": [], "COQUANTHUCHIEN": [], "KETQUATHUCHIEN": [],
        "YEUCAU": "",
    }  # fmt: skip


def _procedures(fields: dict[str, Any], store: Store) -> Record:
    return _well([{"MATTHC": code, "TENTTHC": name} for code, (name, _area) in _PROCEDURES.items()])


def _agencies(fields: dict[str, Any], store: Store) -> Record:
    return _well([{"MADONVI": "000.00.00.H03", "TENDONVI": "UBND tỉnh Bắc Kạn", "MADONVICHA": ""}])


def _areas(fields: dict[str, Any], store: Store) -> Record:
    return _well([{"MALINHVUC": code, "TENLINHVUC": name} for code, name in _FIELDS])


def _dossier(fields: dict[str, Any], store: Store) -> Record:
    (code,) = wanted(fields, "MaHoSo")
    found = store.get("portal_dossier", code)
    return _well([found] if found else [])


def _sync(fields: dict[str, Any], store: Store) -> Record:
    """New dossiers, or changes of known ones (`isUpdating`); what does not fit is told and nothing is taken."""
    is_update, rows = str(fields.get("isUpdating")) == "True", fields.get("data") or []
    for row in rows:
        code, _procedure_code, _state = wanted(row, "MaHoSo", "MaTTHC", "TrangThaiHoSo")
        is_known = store.get("portal_dossier", code) is not None
        if is_known != is_update:
            why = "đã có" if is_known else "chưa có"
            return {"error_code": "5", "error_message": f"Hồ sơ {code} {why}", "result": []}
    for row in rows:
        store.put(
            "portal_dossier",
            str(row["MaHoSo"]),
            (store.get("portal_dossier", str(row["MaHoSo"])) or {}) | row,
        )
    return _well([])


def _progress(fields: dict[str, Any], store: Store) -> Record:
    for row in fields.get("data") or []:
        code, state = wanted(row, "MaHoSo", "TrangThai")
        known = store.get("portal_dossier", code)
        if known is None:
            return {"error_code": "5", "error_message": f"Hồ sơ {code} chưa có", "result": []}
        store.put("portal_dossier", code, known | {"TrangThaiHoSo": state})
    return _well([])


def _questions(fields: dict[str, Any], store: Store) -> Record:
    """What citizens asked: one question that anybody may answer, at any unit."""
    return _well([_ASKED | (store.get("portal_answer", str(_ASKED["HOIDAPID"])) or {})])


def _published(fields: dict[str, Any], store: Store) -> Record:
    return _well([row for _number, row in store.all("portal_question")])


def _publish(fields: dict[str, Any], store: Store) -> Record:
    rows = fields.get("data") or []
    for row in rows:
        wanted(row, "HOIDAPID", "NOIDUNG", "MADONVI")
    for row in rows:
        told = {name.upper(): value for name, value in row.items()}
        store.put("portal_question", str(row["HOIDAPID"]), told)
    return _well([])


def _answer(fields: dict[str, Any], store: Store) -> Record:
    rows = fields.get("data") or []
    for row in rows:
        code, *_others = wanted(row, "HOIDAPID", "MADONVI", "NGUOITRALOI", "NGAYTRALOI", "NOIDUNGTRALOI")
        if code != str(_ASKED["HOIDAPID"]):
            return {"error_code": "5", "error_message": f"Không có câu hỏi {code}", "result": []}
    for row in rows:
        told = {"TRALOIID": 1, "NOIDUNGTRALOI": row["NOIDUNGTRALOI"]}
        store.put("portal_answer", str(row["HOIDAPID"]), told)
    return _well([])


def _person(fields: dict[str, Any], store: Store) -> Record:
    (number,) = wanted(fields, "TechID")
    return _well([{"TechID": number, "TaiKhoanDuocXacThucVoiVNeID": "1"}])
