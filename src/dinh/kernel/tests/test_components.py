import re
from datetime import UTC, datetime

import pytest
from django.template.loader import render_to_string

from dinh.kernel.components import Chip, TimelineEntry, chips_for

NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)


def words(html: str) -> list[str]:
    return re.sub(r"<[^>]+>", " ", html).split()


def test_timeline_shows_time_label_person_and_note_in_order():
    entry = TimelineEntry(at=NOON, actor="Nông Thị Hoa", label="Đã ký", note="Đồng ý")

    html = render_to_string("kernel/components/timeline.html", {"entries": [entry]})

    assert words(html) == ["02/03/2026", "12:00", "Đã", "ký", "Nông", "Thị", "Hoa", "Đồng", "ý"]


def test_timeline_escapes_a_note():
    entry = TimelineEntry(at=NOON, actor="", label="", note="<script>")

    html = render_to_string("kernel/components/timeline.html", {"entries": [entry]})

    assert html.count("<script>") == 0
    assert html.count("&lt;script&gt;") == 1


def test_chips_keep_the_other_filters_and_leave_out_what_is_empty():
    chips = chips_for(name="kind", chosen="a", choices=[("", "All"), ("a", "A")], others={"q": "x", "z": ""})

    assert chips == [Chip("?q=x", "All", False), Chip("?q=x&kind=a", "A", True)]


@pytest.mark.parametrize(("is_on", "marked"), [(True, 1), (False, 0)])
def test_chip_that_is_on_says_so_without_colour(is_on, marked):
    chip = Chip("?", "A", is_on, 3)

    html = render_to_string("kernel/components/chips.html", {"label": "Kind", "chips": [chip]})

    assert html.count('aria-current="true"') == marked
    assert words(html)[-2:] == ["A", "3"]


@pytest.mark.parametrize(
    "name", ["400.html", "403.html", "403_csrf.html", "404.html", "405.html", "500.html"]
)
def test_error_pages_show_without_anybody_signed_in(name):
    page = render_to_string(name)

    assert ("<h1" in page, 'href="/"' in page, 'id="menu"' in page) == (True, True, False)
