"""
The model province: exactly the 501 units that exchange documents (Bắc Kạn, March 2020).

146 one-stop units less the 8 branches of the land registration office, the councils and committees of the
province and their offices, 8 district councils; 165 units of the Party, 162 of mass organisations, 24 public
service units.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from dinh.directory.enums import Bloc, Level

PROVINCE = "tỉnh Bắc Kạn"
CITY = "Bắc Kạn"


@dataclass(frozen=True)
class Division:
    name: str
    abbreviation: str


@dataclass(frozen=True)
class UnitSpec:
    """
    One unit.

    :param kind: which sort of agency it is; decides headcount and positions
    :param number: its two digits in the identifier code, if it has one
    :param gso_code: code of the General Statistics Office, for districts and communes
    """

    code: str
    name: str
    short_name: str
    abbreviation: str
    bloc: Bloc
    level: Level
    kind: str
    parent: str = ""
    place: str = CITY
    number: str = ""
    gso_code: str = ""
    divisions: tuple[Division, ...] = field(default=())


_DEPARTMENTS = (
    ("SNV", "Sở Nội vụ", "SNV"),
    ("STP", "Sở Tư pháp", "STP"),
    ("SKHDT", "Sở Kế hoạch và Đầu tư", "SKHĐT"),
    ("STC", "Sở Tài chính", "STC"),
    ("SCT", "Sở Công Thương", "SCT"),
    ("SNNPTNT", "Sở Nông nghiệp và Phát triển nông thôn", "SNN"),
    ("SGTVT", "Sở Giao thông vận tải", "SGTVT"),
    ("SXD", "Sở Xây dựng", "SXD"),
    ("STNMT", "Sở Tài nguyên và Môi trường", "STNMT"),
    ("STTTT", "Sở Thông tin và Truyền thông", "STTTT"),
    ("SLDTBXH", "Sở Lao động - Thương binh và Xã hội", "SLĐTBXH"),
    ("SVHTTDL", "Sở Văn hóa, Thể thao và Du lịch", "SVHTTDL"),
    ("SKHCN", "Sở Khoa học và Công nghệ", "SKHCN"),
    ("SGDDT", "Sở Giáo dục và Đào tạo", "SGDĐT"),
    ("SYT", "Sở Y tế", "SYT"),
    ("TTT", "Thanh tra tỉnh", "TTT"),
    ("BDT", "Ban Dân tộc", "BDT"),
    ("BQLKCN", "Ban Quản lý các khu công nghiệp", "BQLKCN"),
    ("CAT", "Công an tỉnh", "CAT"),
)
_SERVICE_UNITS = (
    ("BVDK", "Bệnh viện Đa khoa tỉnh Bắc Kạn", "BVĐK", "SYT"),
    ("KSBT", "Trung tâm Kiểm soát bệnh tật tỉnh Bắc Kạn", "KSBT", "SYT"),
    ("THPTC", "Trường Trung học phổ thông Chuyên Bắc Kạn", "THPTC", "SGDDT"),
    ("THPTBK", "Trường Trung học phổ thông Bắc Kạn", "THPTBK", "SGDDT"),
    ("DTNT", "Trường Phổ thông Dân tộc nội trú tỉnh Bắc Kạn", "DTNT", "SGDDT"),
    ("CDBK", "Trường Cao đẳng Bắc Kạn", "CĐBK", "UBND"),
    ("PTTH", "Đài Phát thanh và Truyền hình tỉnh Bắc Kạn", "PTTH", "UBND"),
    ("VQG", "Vườn quốc gia Ba Bể", "VQG", "UBND"),
    ("BQLDA", "Ban Quản lý dự án đầu tư xây dựng tỉnh Bắc Kạn", "BQLDA", "UBND"),
    ("CNTT", "Trung tâm Công nghệ thông tin và Truyền thông", "TTCNTT", "STTTT"),
    ("TTKN", "Trung tâm Khuyến nông", "TTKN", "SNNPTNT"),
    ("QBVR", "Quỹ Bảo vệ và Phát triển rừng", "QBVR", "SNNPTNT"),
    ("TGPL", "Trung tâm Trợ giúp pháp lý nhà nước", "TGPL", "STP"),
    ("DVVL", "Trung tâm Dịch vụ việc làm", "DVVL", "SLDTBXH"),
    ("KTTNMT", "Trung tâm Kỹ thuật tài nguyên và môi trường", "KTTNMT", "STNMT"),
    ("LTLS", "Trung tâm Lưu trữ lịch sử tỉnh", "LTLS", "SNV"),
)
_MASS = (
    ("MTTQ", "Ủy ban Mặt trận Tổ quốc Việt Nam", "MTTQ", "BTT"),
    ("LDLD", "Liên đoàn Lao động", "LĐLĐ", "LĐLĐ"),
    ("HND", "Hội Nông dân", "HND", "HND"),
    ("HPN", "Hội Liên hiệp Phụ nữ", "HPN", "BTV"),
    ("DTN", "Đoàn Thanh niên Cộng sản Hồ Chí Minh", "ĐTN", "ĐTN"),
    ("CCB", "Hội Cựu chiến binh", "CCB", "CCB"),
)
_PARTY_BOARDS = (
    ("VP", "Văn phòng", "VP"),
    ("BTC", "Ban Tổ chức", "BTC"),
    ("UBKT", "Ủy ban Kiểm tra", "UBKT"),
    ("BTG", "Ban Tuyên giáo", "BTG"),
    ("BDV", "Ban Dân vận", "BDV"),
)


@cache
def districts() -> tuple[dict[str, Any], ...]:
    """Districts with code, name and communes (pairs of code and name), in the order of their codes."""
    text = files(__package__).joinpath("data/districts.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["district"])


@cache
def _divisions() -> dict[str, tuple[Division, ...]]:
    """By the code of the agency, for districts by the sort of district."""
    text = files(__package__).joinpath("data/divisions.toml").read_text(encoding="utf-8")
    return {code: tuple(Division(*row) for row in rows) for code, rows in tomllib.loads(text).items()}


def all_units() -> tuple[UnitSpec, ...]:
    """The 501 units, parents before children."""
    return (*_province(), *_party_of_province(), *_mass_of_province(), *_service_units(), *_all_districts())


def _province() -> Iterator[UnitSpec]:
    government: dict[str, Any] = {"bloc": Bloc.GOVERNMENT, "level": Level.PROVINCE}
    yield UnitSpec("HDND", f"Hội đồng nhân dân {PROVINCE}", "HĐND tỉnh", "HĐND", kind="council", **government)
    yield UnitSpec("UBND", f"Ủy ban nhân dân {PROVINCE}", "UBND tỉnh", "UBND", kind="committee", **government)
    yield UnitSpec(
        "VPHDND", f"Văn phòng Hội đồng nhân dân {PROVINCE}", "Văn phòng HĐND tỉnh", "VPHĐND",
        kind="office", parent="HDND", number="01", **government,
    )  # fmt: skip
    yield UnitSpec(
        "VPUBND", f"Văn phòng Ủy ban nhân dân {PROVINCE}", "Văn phòng UBND tỉnh", "VPUBND",
        kind="office", parent="UBND", number="02", **government,
    )  # fmt: skip
    for order, (code, name, abbreviation) in enumerate(_DEPARTMENTS, start=3):
        divisions = _divisions()[code]
        yield UnitSpec(
            code, name, name, abbreviation,
            kind="department", parent="UBND", number=f"{order:02}",
            divisions=divisions + (_land_branches() if code == "STNMT" else ()), **government,
        )  # fmt: skip
    others = (
        ("TTPVHCC", "Trung tâm Phục vụ hành chính công tỉnh", "TTPVHCC", "VPUBND", "service"),
        ("BHXH", "Bảo hiểm xã hội tỉnh Bắc Kạn", "BHXH", "", "vertical"),
        ("CT", "Cục Thuế tỉnh Bắc Kạn", "CT", "", "vertical"),
    )
    for order, (code, name, abbreviation, parent, kind) in enumerate(others, start=22):
        yield UnitSpec(
            code, name, name, abbreviation, kind=kind, parent=parent, number=f"{order:02}", **government
        )


def _land_branches() -> tuple[Division, ...]:
    return tuple(
        Division(f"Chi nhánh Văn phòng Đăng ký đất đai {district['name']}", f"ĐKĐĐ{number}")
        for number, district in enumerate(districts(), start=1)
    )


def _service_units() -> Iterator[UnitSpec]:
    for order, (code, name, abbreviation, parent) in enumerate(_SERVICE_UNITS, start=25):
        yield UnitSpec(
            code,
            name,
            name,
            abbreviation,
            Bloc.GOVERNMENT,
            Level.PROVINCE,
            "service",
            parent,
            number=f"{order}",
        )
    for order, district in enumerate(districts(), start=41):
        name = f"Trung tâm Y tế {district['name']}"
        yield UnitSpec(
            f"TTYT-{district['code']}", name, name, "TTYT", Bloc.GOVERNMENT, Level.DISTRICT, "service", "SYT",
            _place(district["name"]), number=f"{order}",
        )  # fmt: skip


def _party_of_province() -> Iterator[UnitSpec]:
    party: dict[str, Any] = {"bloc": Bloc.PARTY, "level": Level.PROVINCE}
    yield UnitSpec("TU", "Tỉnh ủy Bắc Kạn", "Tỉnh ủy", "TU", kind="party", **party)
    boards = (*_PARTY_BOARDS, ("BNC", "Ban Nội chính", "BNC"))
    for code, name, abbreviation in boards:
        yield UnitSpec(
            f"TU-{code}", f"{name} Tỉnh ủy Bắc Kạn", f"{name} Tỉnh ủy", f"{abbreviation}TU",
            kind="party_board", parent="TU", **party,
        )  # fmt: skip
    for code, name in (("DUK", "Đảng ủy Khối các cơ quan tỉnh"), ("DUKDN", "Đảng ủy Khối Doanh nghiệp tỉnh")):
        yield UnitSpec(f"TU-{code}", name, name, "ĐUK", kind="party", parent="TU", **party)


def _mass_of_province() -> Iterator[UnitSpec]:
    for code, name, _abbreviation, notation in _MASS:
        yield UnitSpec(
            f"{code}-T", f"{name} {PROVINCE}", f"{name} tỉnh", notation,
            Bloc.MASS, Level.PROVINCE, "mass", "" if code == "MTTQ" else "MTTQ-T",
        )  # fmt: skip


def _all_districts() -> Iterator[UnitSpec]:
    for order, district in enumerate(districts(), start=51):
        yield from _district(district, f"{order}")


def _district(district: dict[str, Any], number: str) -> Iterator[UnitSpec]:
    code, name = district["code"], district["name"]
    place = _place(name)
    sort = name.removesuffix(f" {place}")
    yield UnitSpec(
        f"HDND-{code}", f"Hội đồng nhân dân {name}", f"HĐND {name}", "HĐND",
        Bloc.GOVERNMENT, Level.DISTRICT, "council", "HDND", place,
    )  # fmt: skip
    yield UnitSpec(
        f"UBND-{code}", f"Ủy ban nhân dân {name}", f"UBND {name}", "UBND",
        Bloc.GOVERNMENT, Level.DISTRICT, "district", "UBND", place, number, code, _divisions()[sort],
    )  # fmt: skip
    committee = "Thành ủy" if sort == "thành phố" else "Huyện ủy"
    abbreviation = "ThU" if committee == "Thành ủy" else "HU"
    yield UnitSpec(
        f"HU-{code}", f"{committee} {place}", f"{committee} {place}", abbreviation,
        Bloc.PARTY, Level.DISTRICT, "party", "TU", place,
    )  # fmt: skip
    for board, board_name, short in _PARTY_BOARDS:
        yield UnitSpec(
            f"HU-{code}-{board}", f"{board_name} {committee} {place}", f"{board_name} {committee} {place}",
            f"{short}{abbreviation}", Bloc.PARTY, Level.DISTRICT, "party_board", f"HU-{code}", place,
        )  # fmt: skip
    for mass, mass_name, _abbreviation, notation in _MASS:
        yield UnitSpec(
            f"{mass}-{code}", f"{mass_name} {name}", f"{mass_name} {name}", notation,
            Bloc.MASS, Level.DISTRICT, "mass", f"{mass}-T", place,
        )  # fmt: skip
    for order, (commune_code, commune) in enumerate(district["communes"], start=1):
        yield from _commune(commune_code, commune, code, f"{number}.{order:02}")


def _commune(code: str, name: str, district: str, number: str) -> Iterator[UnitSpec]:
    place = _place(name)
    yield UnitSpec(
        f"UBND-{code}", f"Ủy ban nhân dân {name}", f"UBND {name}", "UBND",
        Bloc.GOVERNMENT, Level.COMMUNE, "commune", f"UBND-{district}", place, number, code,
    )  # fmt: skip
    yield UnitSpec(
        f"DU-{code}", f"Đảng ủy {name}", f"Đảng ủy {name}", "ĐU",
        Bloc.PARTY, Level.COMMUNE, "party", f"HU-{district}", place,
    )  # fmt: skip
    yield UnitSpec(
        f"MTTQ-{code}", f"Ủy ban Mặt trận Tổ quốc Việt Nam {name}", f"UBMTTQVN {name}", "BTT",
        Bloc.MASS, Level.COMMUNE, "mass", f"MTTQ-{district}", place,
    )  # fmt: skip


def _place(name: str) -> str:
    for prefix in ("thành phố ", "huyện ", "phường ", "thị trấn ", "xã "):
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name
