"""Shared catalogues of the national platform (`/dmdc`): what they hold, their columns, rows added to them."""

from pathlib import Path
from typing import Final

from dinh.sandbox.outside.asked import Asked, NotAsDescribed, Told
from dinh.sandbox.outside.people import PLACES
from dinh.sandbox.outside.store import Record, Store

_PEOPLES: Final = (Path(__file__).parent / "data" / "peoples.txt").read_text("utf-8").splitlines()
_AGENCIES: Final = (
    ("000.00.00.H03", "UBND tỉnh Bắc Kạn"), ("000.00.00.H55", "UBND tỉnh Thái Nguyên"),
    ("000.00.00.G09", "Bộ Nội vụ"), ("000.00.00.G15", "Bộ Tư pháp"), ("000.00.00.G22", "Văn phòng Chính phủ"),
)  # fmt: skip
_DETAILS: Final = (
    ("DiaChi", "Địa chỉ"), ("Email", "Email"), ("SoDienThoai", "Số điện thoại"), ("Fax", "Fax"),
    ("Website", "Website"), ("QdBanHanhQdSuaDoi", "QĐ ban hành/ QĐ sửa đổi"), ("NgayBanHanhQd", "Ngày ban hành QĐ"),
    ("CoQuanBanHanhQd", "Cơ quan ban hành QĐ"),
)  # fmt: skip
_COLUMNS: Final = {
    "qlvanbandieuhanhcap1": (("MaDinhDanhCap1", "Mã định danh cấp 1"), ("TenDonVi", "Tên đơn vị"), *_DETAILS),
    "donvihanhchinhcap2": (("MaDonVi", "Mã đơn vị"), ("TenDonVi", "Tên đơn vị"), ("MaDonViCap1", "Mã cấp 1")),
    "madantoc": (("MaDanToc", "Mã dân tộc"), ("TenDanToc", "Tên dân tộc")),
    "magioitinh": (("MaGioiTinh", "Mã giới tính"), ("TenGioiTinh", "Tên giới tính")),
}
_DATES: Final = frozenset({"NgayBanHanhQd"})


class Catalogues:
    def answer(self, asked: Asked, store: Store) -> Told | None:
        kind, _slash, code = asked.operation.partition("/")
        columns = _COLUMNS.get(code)
        if columns is None or kind not in ("Metadata", "Category"):
            return Told({"MSG": f"Category {code} not found", "Count": 0}, 404) if code else None
        if (asked.method, kind) == ("GET", "Metadata"):
            return Told([_property(*column) for column in columns])
        if (asked.method, kind) == ("GET", "Category"):
            return Told(_rows(code, store))
        return Told(_added(code, asked, store)) if (asked.method, kind) == ("POST", "Category") else None


def _property(name: str, title: str) -> Record:
    kind = "DateTime" if name in _DATES else "String"
    return {"PropertyCode": name, "PropertyName": title, "PropertyType": kind}


def _rows(code: str, store: Store) -> list[Record]:
    return _own_rows(code) + [row for _number, row in store.all(f"dmdc.{code}")]


def _own_rows(code: str) -> list[Record]:
    if code == "madantoc":
        return [{"MaDanToc": f"{number:02}", "TenDanToc": name} for number, name in enumerate(_PEOPLES, 1)]
    if code == "magioitinh":
        known = (("0", "Chưa có thông tin"), ("1", "Nam"), ("2", "Nữ"), ("9", "Giới tính chưa xác định"))
        return [{"MaGioiTinh": each, "TenGioiTinh": name} for each, name in known]
    if code == "donvihanhchinhcap2":
        districts = dict.fromkeys((place.district_code, place.district) for place in PLACES)
        return [{"MaDonVi": each, "TenDonVi": name, "MaDonViCap1": "06"} for each, name in districts]
    empty = dict.fromkeys((name for name, _title in _DETAILS), None)
    return [{"MaDinhDanhCap1": each, "TenDonVi": name, **empty} for each, name in _AGENCIES]


def _added(code: str, asked: Asked, store: Store) -> Record:
    """All rows or none: the first that is there already, or lacks its code, refuses the rest."""
    rows = asked.json()
    if not isinstance(rows, list):
        raise NotAsDescribed("Send a JSON list.")
    key = _COLUMNS[code][0][0]
    taken = {str(row[key]) for row in _rows(code, store)}
    for number, row in enumerate(rows, 1):
        value = str(row.get(key) or "") if isinstance(row, dict) else ""
        if not value or value in taken:
            fault = f'{key} "{value}" is duplicate' if value else f"{key} is missing"
            return {"MSG": f"Data not insert: Record {number}: {fault}", "Count": 0}
        taken.add(value)
    for row in rows:
        store.put(f"dmdc.{code}", str(row[key]), row)
    return {"MSG": "Done", "Count": len(rows)}
