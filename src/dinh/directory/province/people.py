"""
The model province's 7,000 people: invented names, in positions that such units really have.

Deterministic: the same names at every loading, so that documentation and tests can name them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from dinh.directory.enums import AppointmentKind, Role
from dinh.directory.province.composition import UnitSpec

TOTAL = 7_000
_SEED = 20200305
_FAMILY = (
    "Nông", "Hoàng", "Triệu", "Lý", "Ma", "Nguyễn", "Hà", "Đinh", "Lục", "Bàn", "Đặng", "Dương", "Phùng", "Vi",
    "Trần", "Lê", "Phạm", "Hứa", "Chu", "La", "Mã", "Đàm", "Bế", "Cao", "Lường", "Sầm", "Vũ", "Đỗ", "Bùi", "Ngô",
)  # fmt: skip
_WOMEN = (("Thị", "Thu", "Ngọc", "Thị Minh", "Thị Thanh", "Thị Bích", "Thị Hồng"), (
    "Hoa", "Lan", "Hương", "Huệ", "Thảo", "Yến", "Nga", "Thủy", "Dung", "Hạnh", "Mai", "Phương", "Linh", "Trang",
    "Vân", "Hiền", "Xuân", "Nhung", "Loan", "Tuyết", "Ánh", "Quyên", "Duyên", "Chi", "Hằng", "Ngân", "Oanh", "Uyên",
))  # fmt: skip
_MEN = (("Văn", "Đức", "Quang", "Minh", "Hữu", "Ngọc", "Xuân", "Thế", "Công", "Đình"), (
    "Dũng", "Hùng", "Cường", "Tuấn", "Sơn", "Hải", "Long", "Thắng", "Bình", "Khánh", "Đạt", "Nam", "Phúc", "Quân",
    "Thành", "Trung", "Vinh", "Kiên", "Lâm", "Huy", "Hiếu", "Tùng", "Toàn", "Việt", "Hòa", "Chiến", "Mạnh", "Ích",
))  # fmt: skip
_HEADCOUNT = {
    "department": 70, "district": 90, "commune": 22, "committee": 25, "council": 8, "office": 40, "service": 20,
    "vertical": 60, "party": 5, "party_board": 5, "mass": 3,
}  # fmt: skip
_PROVINCIAL_HEADCOUNT = {"party": 20, "party_board": 20, "mass": 12}


@dataclass(frozen=True)
class PositionSpec:
    code: str
    name: str
    rank: int


POSITIONS = tuple(
    PositionSpec(code, name, rank)
    for rank, (code, name) in enumerate(
        (
            ("bi-thu", "Bí thư"), ("chu-tich-hdnd", "Chủ tịch Hội đồng nhân dân"),
            ("chu-tich-ubnd", "Chủ tịch Ủy ban nhân dân"), ("pho-bi-thu", "Phó Bí thư"),
            ("pho-chu-tich-hdnd", "Phó Chủ tịch Hội đồng nhân dân"),
            ("pho-chu-tich-ubnd", "Phó Chủ tịch Ủy ban nhân dân"),
            ("chu-tich", "Chủ tịch"), ("pho-chu-tich", "Phó Chủ tịch"),
            ("giam-doc", "Giám đốc"), ("pho-giam-doc", "Phó Giám đốc"),
            ("chanh-thanh-tra", "Chánh Thanh tra"), ("pho-chanh-thanh-tra", "Phó Chánh Thanh tra"),
            ("chanh-van-phong", "Chánh Văn phòng"), ("pho-chanh-van-phong", "Phó Chánh Văn phòng"),
            ("chu-nhiem", "Chủ nhiệm"), ("pho-chu-nhiem", "Phó Chủ nhiệm"),
            ("hieu-truong", "Hiệu trưởng"), ("pho-hieu-truong", "Phó Hiệu trưởng"),
            ("cuc-truong", "Cục trưởng"), ("pho-cuc-truong", "Phó Cục trưởng"),
            ("truong-ban", "Trưởng ban"), ("pho-truong-ban", "Phó Trưởng ban"),
            ("truong-phong", "Trưởng phòng"), ("pho-truong-phong", "Phó Trưởng phòng"),
            ("chuyen-vien", "Chuyên viên"), ("van-thu", "Văn thư"), ("cong-chuc", "Công chức"),
        )
    )
)  # fmt: skip
_LEADERS = {
    "party": ("bi-thu", "pho-bi-thu"),
    "council": ("chu-tich-hdnd", "pho-chu-tich-hdnd"),
    "committee": ("chu-tich-ubnd", "pho-chu-tich-ubnd"),
    "district": ("chu-tich-ubnd", "pho-chu-tich-ubnd"),
    "commune": ("chu-tich-ubnd", "pho-chu-tich-ubnd"),
    "mass": ("chu-tich", "pho-chu-tich"),
    "office": ("chanh-van-phong", "pho-chanh-van-phong"),
    "party_board": ("truong-ban", "pho-truong-ban"),
}
_LEADERS_BY_CODE = {
    "TTT": ("chanh-thanh-tra", "pho-chanh-thanh-tra"),
    "CT": ("cuc-truong", "pho-cuc-truong"),
    "BDT": ("truong-ban", "pho-truong-ban"),
    "BQLKCN": ("truong-ban", "pho-truong-ban"),
    **dict.fromkeys(("THPTC", "THPTBK", "DTNT", "CDBK"), ("hieu-truong", "pho-hieu-truong")),
}
_LEADERS_BY_NAME = {
    "Văn phòng": ("chanh-van-phong", "pho-chanh-van-phong"),
    "Ủy ban Kiểm tra": ("chu-nhiem", "pho-chu-nhiem"),
    "Đoàn Thanh niên": ("bi-thu", "pho-bi-thu"),
}
"""By how the names of Party boards and mass organisations begin."""
_DIVISION_LEADERS = {
    "VP": ("chanh-van-phong", "pho-chanh-van-phong"),
    "TTr": ("chanh-thanh-tra", "pho-chanh-thanh-tra"),
    "BTĐKT": ("truong-ban", "pho-truong-ban"),
    **{f"ĐKĐĐ{number}": ("giam-doc", "pho-giam-doc") for number in range(1, 9)},
}
_KINDS = {"TTKN": AppointmentKind.ACTING, "TGPL": AppointmentKind.DEPUTISING}
"""How some units are headed for the time being."""


@dataclass(frozen=True)
class Place:
    """One person's place: position, roles, and which division of the unit (index), if any."""

    position: str
    roles: tuple[str, ...]
    division: int | None = None
    kind: AppointmentKind = AppointmentKind.REGULAR


def headcounts(units: tuple[UnitSpec, ...]) -> list[int]:
    """How many people each unit has; 7,000 in all, what the base leaves over goes to the departments."""
    counts = [_base(unit) for unit in units]
    departments = [index for index, unit in enumerate(units) if unit.kind == "department"]
    for turn in range(TOTAL - sum(counts)):
        counts[departments[turn % len(departments)]] += 1
    return counts


def places_in(unit: UnitSpec, headcount: int) -> Iterator[Place]:
    """Who works in a unit: head, deputy, clerk, then the divisions or plain specialists."""
    head, deputy = _leaders(unit)
    yield Place(head, (Role.UNIT_HEAD,), kind=_KINDS.get(unit.code, AppointmentKind.REGULAR))
    yield Place(deputy, (Role.UNIT_DEPUTY,))
    yield Place("van-thu", (Role.CLERK, Role.SPECIALIST), 0 if unit.divisions else None)
    divisions = len(unit.divisions)
    for index in range(headcount - 3):
        yield _staff(unit, index, divisions)


def party_offices(units: tuple[UnitSpec, ...]) -> Iterator[tuple[str, str]]:
    """
    Units whose chairman is also deputy secretary of a Party committee, with that committee: of the province, of
    each district and commune. Codes.
    """
    for unit in units:
        level, _, number = unit.code.partition("-")
        if level == "UBND":
            yield unit.code, {"committee": "TU", "district": f"HU-{number}"}.get(unit.kind, f"DU-{number}")


def names() -> Iterator[tuple[str, bool]]:
    """Endless full names, each with whether it is a woman's."""
    chance = random.Random(_SEED)  # noqa: S311 (names, not secrets)
    while True:
        is_female = chance.random() < 0.48
        middle, given = _WOMEN if is_female else _MEN
        yield f"{chance.choice(_FAMILY)} {chance.choice(middle)} {chance.choice(given)}", is_female


def _base(unit: UnitSpec) -> int:
    provincial = _PROVINCIAL_HEADCOUNT.get(unit.kind) if unit.level == "province" else None
    return provincial or _HEADCOUNT[unit.kind]


def _leaders(unit: UnitSpec) -> tuple[str, str]:
    if unit.code in _LEADERS_BY_CODE:
        return _LEADERS_BY_CODE[unit.code]
    if unit.kind in {"party_board", "mass"}:
        for beginning, leaders in _LEADERS_BY_NAME.items():
            if unit.name.startswith(beginning):
                return leaders
    return _LEADERS.get(unit.kind, ("giam-doc", "pho-giam-doc"))


def _staff(unit: UnitSpec, index: int, divisions: int) -> Place:
    if not divisions:
        return Place("cong-chuc" if unit.kind == "commune" else "chuyen-vien", (Role.SPECIALIST,))
    division, rank = index % divisions, index // divisions
    head, deputy = _DIVISION_LEADERS.get(
        unit.divisions[division].abbreviation, ("truong-phong", "pho-truong-phong")
    )
    if rank == 0:
        return Place(head, (Role.DIVISION_HEAD,), division)
    if rank == 1:
        return Place(deputy, (Role.DIVISION_DEPUTY,), division)
    return Place("chuyen-vien", (Role.SPECIALIST,), division)
