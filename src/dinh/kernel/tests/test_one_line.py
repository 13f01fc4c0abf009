import pytest

from dinh.kernel.text import one_line


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  Thông  báo\r\n\tgấp ", "Thông báo gấp"),
        ("Thông\u200b báo\u00ad", "Thông báo"),
        ("hoa\u202efdp.exe\u202c", "hoafdp.exe"),
        ("Tho\u0302ng ba\u0301o", "Thông báo"),
        ("a\0b\x1b[31m", "ab[31m"),
        ("\u2066\u200f", ""),
    ],
)
def test_a_line_has_nothing_that_nobody_sees(given, shown):
    assert one_line(given) == shown
