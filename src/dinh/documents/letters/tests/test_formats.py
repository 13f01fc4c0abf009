from datetime import UTC, date, datetime

import pytest

from dinh.documents.letters import (
    UnknownForm,
    archive_line,
    authority_lines,
    copy_mark_lines,
    copy_notation,
    document_types,
    format_code,
    format_date_line,
    marks,
    notation_for,
    parse_code,
    point_letter,
    profile_for,
    roman,
)
from dinh.documents.letters.tests.samples import shared_data

DAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("bloc", "type_code", "issuer", "drafter", "normative", "number", "expected"),
    [
        ("government", "QĐ", "BNV", "", False, 15, "15/QĐ-BNV"),
        ("government", "CV", "BNV", "VP", False, 5, "05/BNV-VP"),
        ("government", "CV", "UBND", "VX", False, 12, "12/UBND-VX"),
        ("government", "CV", "UBND", "", False, 1234, "1234/UBND"),
        ("government", "QĐ", "UBND", "", True, 15, "15/2026/QĐ-UBND"),
        ("party", "HD", "VPTW", "", False, 36, "36-HD/VPTW"),
        ("party", "CV", "TU", "", False, 7, "07-CV/TU"),
        ("mass", "KH", "BTV", "", False, 9, "09/KH-BTV"),
    ],
)
def test_format_code_follows_the_bloc(bloc, type_code, issuer, drafter, normative, number, expected):
    notation = notation_for(
        bloc=bloc, type_code=type_code, issuer=issuer, drafter=drafter, normative=normative, on=DAY
    )

    assert format_code(bloc=bloc, number=number, notation=notation, on=DAY) == expected


def test_format_code_of_an_organisation_with_a_form_of_its_own():
    notation = notation_for(bloc="mass", variant="youth", type_code="TB", issuer="TĐTN", on=DAY)

    assert format_code(bloc="mass", variant="youth", number=3, notation=notation, on=DAY) == "03-TB/TĐTN"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2020, 1, 5), "Hà Nội, ngày 05 tháng 01 năm 2020"),
        (date(2019, 6, 29), "Hà Nội, ngày 29 tháng 6 năm 2019"),
        (date(2026, 2, 10), "Hà Nội, ngày 10 tháng 02 năm 2026"),
        (date(2026, 3, 9), "Hà Nội, ngày 09 tháng 3 năm 2026"),
    ],
)
def test_format_date_line_pads_days_below_ten_and_months_one_and_two(day, expected):
    assert format_date_line(bloc="government", place="Hà Nội", day=day) == expected


@pytest.mark.parametrize(
    ("bloc", "authority", "expected"),
    [
        ("government", "", ("CHỦ TỊCH",)),
        ("government", "collective", ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
        ("government", "by_order", ("TL. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
        ("government", "acting_head", ("Q. CHỦ TỊCH",)),
        ("party", "collective", ("T/M ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
        ("party", "for_head", ("K/T ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
    ],
)
def test_authority_lines_take_the_prefix_of_the_bloc(bloc, authority, expected):
    lines = authority_lines(
        bloc=bloc, authority=authority, on_behalf_of="Ủy ban nhân dân", position="Chủ tịch", on=DAY
    )

    assert lines == expected


def test_authority_lines_of_a_deputy_for_the_collective():
    lines = authority_lines(
        bloc="government",
        authority="collective_for_head",
        on_behalf_of="Ủy ban nhân dân",
        head_position="Chủ tịch",
        position="Phó Chủ tịch",
        on=DAY,
    )

    assert lines == ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")


def test_authority_lines_refuse_an_unknown_authority():
    with pytest.raises(UnknownForm):
        authority_lines(bloc="government", authority="x", on_behalf_of="", position="", on=DAY)


def test_points_follow_the_vietnamese_alphabet():
    assert "".join(point_letter(index) for index in range(23)) == "abcdđeghiklmnopqrstuvxy"
    assert point_letter(23) == "aa"


def test_roman_numbers():
    assert [roman(n) for n in (1, 4, 9, 14, 40, 2026)] == ["I", "IV", "IX", "XIV", "XL", "MMXXVI"]


def test_archive_line_of_each_bloc():
    government = profile_for(bloc="government", on=DAY)
    party = profile_for(bloc="party", on=DAY)

    assert archive_line(government, unit="CNTT", copies=3) == "Lưu: VT, CNTT (3)."
    assert archive_line(government) == "Lưu: VT."
    assert archive_line(party) == "Lưu Văn phòng."


@pytest.mark.parametrize("text", ["05/BNV-VP", "Số: 05/BNV-VP", "  số 05/BNV-VP "])
def test_parse_code_splits_number_and_notation(text):
    assert parse_code(text) == (5, "BNV-VP")


def test_parse_code_reads_party_codes_and_refuses_the_rest():
    assert parse_code("36-HD/VPTW") == (36, "HD/VPTW")
    assert parse_code("QĐ-UBND") is None


def test_copy_marks():
    signed_at = datetime(2026, 11, 24, 1, 15, 30, tzinfo=UTC)

    lines = copy_mark_lines(copy_code="SY", agency="UBND xã Quảng Khê", signed_at=signed_at)

    assert lines == ("SAO Y", "UBND xã Quảng Khê", "2026-11-24 08:15:30 +07:00")
    assert copy_notation(bloc="government", copy_code="TrS", issuer="UBND", on=DAY) == "TrS-UBND"


def test_there_are_twenty_nine_types_and_three_copies():
    types = document_types(bloc="government", on=DAY)

    assert [each.ordinal for each in types] == list(range(1, 30))
    assert [each.code for each in marks("copy")] == ["SY", "TrS", "SL"]
    assert [(each.mark, each.width_mm, each.height_mm) for each in marks("urgency")] == [
        ("HỎA TỐC", 30, 8),
        ("THƯỢNG KHẨN", 40, 8),
        ("KHẨN", 20, 8),
    ]


def test_types_agree_with_the_decree():
    import csv

    rows = list(csv.DictReader(shared_data("codes/doc_types_nd30.csv").open(encoding="utf-8")))

    ours = {str(each.ordinal): each.abbreviation for each in document_types(on=DAY)}

    assert ours == {r["ordinal_in_article_7"]: r["abbreviation"] for r in rows[:29]}


def test_profile_for_an_unknown_bloc_is_refused():
    with pytest.raises(UnknownForm):
        profile_for(bloc="church", on=DAY)


def test_documents_older_than_the_rule_are_read_under_the_first():
    assert profile_for(bloc="government", on=date(2011, 1, 1)).code == "nd30"
