import re

from dinh.kernel.context import MenuItem, MenuPart, written_menu
from dinh.kernel.menu import MenuEntry, Section


def item(section: Section, *, count: int = 0, is_active: bool = False) -> MenuItem:
    entry = MenuEntry("Nhật ký", "log", "key", 1, section, lambda _appointment: True)
    return MenuItem(entry, "/log/", count, is_active)


def is_open(section: Section, *items: MenuItem) -> bool:
    return MenuPart(section, items).is_open


def test_a_section_of_the_menu_opens_where_the_page_is_or_something_waits():
    idle, here = item(Section.EXCHANGE), item(Section.EXCHANGE, is_active=True)
    waiting = item(Section.EXCHANGE, count=2)

    assert [
        is_open(Section.EXCHANGE, idle),
        is_open(Section.EXCHANGE, idle, here),
        is_open(Section.EXCHANGE, idle, waiting),
        is_open(Section.DOCUMENTS, item(Section.DOCUMENTS)),
    ] == [False, True, True, True]


def test_a_written_menu_is_of_its_language_counts_and_page():
    seen = [
        written_menu((MenuPart(Section.EXCHANGE, (item(Section.EXCHANGE, **shown),)),), language)
        for language in ("vi", "en")
        for shown in ({}, {"count": 2}, {"count": 3}, {"is_active": True})
    ]

    assert [re.search("<summary>([^<]+)<", each)[1] for each in seen] == (
        ["Trao đổi dữ liệu"] * 4 + ["Data exchange"] * 4
    )
    assert [re.findall(r"menu-count ms-auto\">(\d)", each) for each in seen] == [[], ["2"], ["3"], []] * 2
    assert ["nav-item active" in each for each in seen] == [False, False, False, True] * 2
