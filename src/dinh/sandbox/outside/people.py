"""Invented people, enterprises and places; the same at each start, since all follows from a number."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, TypeVar

T = TypeVar("T")
_SURNAMES: Final = (
    "Hoàng",
    "Nông",
    "Triệu",
    "Lý",
    "Ma",
    "Đặng",
    "Bàn",
    "Nguyễn",
    "Trần",
    "Phùng",
    "Hà",
    "Lường",
)
_MEN: Final = ("Tuấn", "Hùng", "Dũng", "Sơn", "Thắng", "Quân", "Khánh", "Bình", "Toàn", "Vinh")
_WOMEN: Final = ("Hương", "Lan", "Hạnh", "Thúy", "Nga", "Yến", "Phượng", "Mai", "Hiền", "Loan")
_MIDDLES: Final = {"1": ("Văn", "Đức", "Minh", "Quang"), "2": ("Thị", "Thu", "Thanh", "Ngọc")}


@dataclass(frozen=True, slots=True)
class Place:
    """A commune with its codes of the General Statistics Office."""

    district_code: str
    district: str
    commune_code: str
    commune: str


PLACES: Final = (
    Place("058", "Thành phố Bắc Kạn", "01840", "Phường Đức Xuân"),
    Place("061", "Huyện Ba Bể", "01888", "Thị trấn Chợ Rã"),
    Place("061", "Huyện Ba Bể", "01924", "Xã Quảng Khê"),
    Place("063", "Huyện Bạch Thông", "01969", "Thị trấn Phủ Thông"),
    Place("064", "Huyện Chợ Đồn", "02020", "Thị trấn Bằng Lũng"),
    Place("066", "Huyện Na Rì", "02155", "Thị trấn Yến Lạc"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """`gender`: 1 man, 2 woman, as social insurance counts them."""

    number: str
    name: str
    born: date
    gender: str
    household: str
    place: Place


def chosen(seed: str, options: Sequence[T]) -> T:
    return options[number_from(seed, len(options))]


def number_from(seed: str, below: int) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) % below


def name_from(seed: str, gender: str, surname: str = "") -> str:
    given = _MEN if gender == "1" else _WOMEN
    return " ".join(
        (
            surname or chosen(f"{seed}s", _SURNAMES),
            chosen(f"{seed}m", _MIDDLES[gender]),
            chosen(f"{seed}g", given),
        )
    )


@lru_cache(maxsize=1)
def insured() -> tuple[Person, ...]:
    """Everybody whom social insurance knows: 120 households of four."""
    return tuple(_member(household, place) for household in range(120) for place in range(4))


def _member(household: int, place: int) -> Person:
    seed, gender = f"{household}-{place}", "12"[place % 2]
    surname = chosen(f"{household}h", _SURNAMES) if place != 1 else ""
    years = (1975, 1978, 2003, 2009)[place] + number_from(f"{seed}y", 8)
    return Person(
        number=f"{206_000_000 + household * 10 + place:010}",
        name=name_from(seed, gender, surname),
        born=date(years, 1, 1) + timedelta(days=number_from(f"{seed}d", 365)),
        gender=gender,
        household=f"06{household:08}",
        place=chosen(f"{household}p", PLACES),
    )


@dataclass(frozen=True, slots=True)
class Enterprise:
    """`code`: number of registration, which is the tax number too; its tenth digit checks the others."""

    id: int
    code: str
    name: str
    kind: str
    founded: date
    capital: int
    head: str
    place: Place
    trade: tuple[str, str]


_KINDS: Final = ("Công ty TNHH một thành viên", "Công ty TNHH hai thành viên trở lên", "Công ty cổ phần")
_TRADES: Final = (
    ("4101", "Xây dựng nhà để ở"),
    ("0210", "Trồng rừng, chăm sóc rừng và ươm giống cây lâm nghiệp"),
    ("1030", "Chế biến và bảo quản rau quả"),
    ("5510", "Dịch vụ lưu trú ngắn ngày"),
    ("4931", "Vận tải hành khách đường bộ trong nội thành, ngoại thành"),
)
_NAMES: Final = (
    "Hồ Ba Bể",
    "Thác Đầu Đẳng",
    "Nà Phặc",
    "Chợ Đồn",
    "Sông Năng",
    "Phja Bjoóc",
    "An Bình",
    "Việt Bắc",
)


@lru_cache(maxsize=1)
def enterprises() -> tuple[Enterprise, ...]:
    return tuple(_enterprise(number) for number in range(80))


def _enterprise(number: int) -> Enterprise:
    seed, kind = f"dn{number}", chosen(f"dn{number}k", _KINDS)
    return Enterprise(
        id=100_000 + number,
        code=with_check_digit(f"4700{number * 37 + 10_000:05}"),
        name=f"{kind.upper()} {chosen(seed, _NAMES).upper()} {number + 1}",
        kind=kind,
        founded=date(2005, 1, 1) + timedelta(days=number_from(f"{seed}f", 6500)),
        capital=(number_from(f"{seed}c", 199) + 1) * 100_000_000,
        head=name_from(seed, chosen(f"{seed}x", "12")),
        place=chosen(f"{seed}p", PLACES),
        trade=chosen(f"{seed}t", _TRADES),
    )


def with_check_digit(nine: str) -> str:
    """Ten digits of a tax number, of which the last checks the rest."""
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    rest = sum(int(digit) * weight for digit, weight in zip(nine, weights, strict=True)) % 11
    return nine + str(0 if rest == 0 else 10 - rest)
