"""Social insurance (`apiBHXH`): who is insured under which number, and in which household."""

from typing import Any

from dinh.sandbox.outside.asked import Asked, Told, wanted
from dinh.sandbox.outside.people import Person, insured
from dinh.sandbox.outside.store import Store


class SocialInsurance:
    """Knows the 480 people of `people.insured`."""

    def answer(self, asked: Asked, store: Store) -> Told | None:
        acts = {
            "getTraCuuTtHgdByMaSoBhxh": self._household, "getMaSoBhxhTheoTieuChi": self._number,
            "getTraCuuThongTinHgd": self._households,
        }  # fmt: skip
        act = acts.get(asked.operation) if asked.method == "POST" else None
        return Told(act(asked.fields())) if act else None

    def _household(self, fields: dict[str, Any]) -> list[dict[str, str]]:
        (number,) = wanted(fields, "maSoBhxh")
        found = next((each for each in insured() if each.number == number), None)
        if found is None:
            return []
        return [
            {
                "hoTen": each.name, "soSoCu": "", **_born(each), "gioiTinh": each.gender, "maTinhKs": "06",
                "maHuyenKs": each.place.district_code, "maXaKs": each.place.commune_code, "trangThai": "1",
            }
            for each in insured()
            if each.household == found.household
        ]  # fmt: skip

    def _number(self, fields: dict[str, Any]) -> dict[str, str]:
        found = [each for each in _matching(fields) if _born_at(fields, each)]
        if len(found) != 1:
            return {"maSoBhxh": "", "trangThai": "0", "errorCode": "NOT_FOUND" if not found else "NOT_UNIQUE"}
        return {"maSoBhxh": found[0].number, "trangThai": "1", "errorCode": ""}

    def _households(self, fields: dict[str, Any]) -> list[dict[str, str]]:
        wanted(fields, "maTinh")
        return [
            {
                "maSo": each.number, "hoTen": each.name, **_born(each), "gioiTinh": each.gender,
                "maHo": each.household, "diaChi": f"{each.place.commune}, {each.place.district}, Tỉnh Bắc Kạn",
                "trangThai": "1",
            }
            for each in _matching(fields)
        ]  # fmt: skip


def _matching(fields: dict[str, Any]) -> list[Person]:
    name, born, kind = wanted(fields, "hoTen", "ngaySinh", "loaiNgaySinh")
    length = {"0": 8, "1": 4, "2": 6}.get(kind, 8)
    return [
        each
        for each in insured()
        if each.name.casefold() == name.casefold()
        and f"{each.born:%Y%m%d}"[:length] == born[:length]
        and str(fields.get("gioiTinh") or each.gender) == each.gender
    ]


def _born_at(fields: dict[str, Any], person: Person) -> bool:
    return str(fields.get("maTinhKs") or "06") == "06" and str(
        fields.get("maXaKs") or person.place.commune_code
    ) == str(person.place.commune_code)


def _born(person: Person) -> dict[str, str]:
    return {"ngaySinh": f"{person.born:%Y%m%d}", "loaiNgaySinh": "0"}
