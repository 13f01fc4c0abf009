from dataclasses import dataclass
from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured

from dinh.kernel.law import Lawbook, Rule, governing, law_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels(Rule):
    place: str
    levels: int


OLD = Levels(place="BK", levels=3, source="2015", valid_from=date(2016, 1, 1), valid_until=date(2025, 7, 1))
NEW = Levels(place="BK", levels=2, source="2025", valid_from=date(2025, 7, 1))
OTHER = Levels(place="TN", levels=3, source="2015", valid_from=date(2016, 1, 1), valid_until=date(2025, 7, 1))
BOOK = Lawbook(
    label="Levels",
    rules=lambda: [NEW, OLD, OTHER],
    matter=lambda rule: rule.place,
    title=lambda rule: rule.place,
)


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        (date(1990, 1, 1), OLD),
        (date(2025, 6, 30), OLD),
        (date(2025, 7, 1), NEW),
        (date(2099, 1, 1), NEW),
    ],
)
def test_governing_is_the_latest_rule_that_holds_and_the_first_before_all(day, rule):
    assert governing([NEW, OLD], on=day) == rule


def test_governing_a_later_rule_ends_one_without_end():
    endless = Levels(place="BK", levels=4, source="2010", valid_from=date(2010, 1, 1))

    assert governing([NEW, endless], on=date(2025, 7, 1)) == NEW
    assert governing([NEW, endless], on=date(2025, 6, 30)) == endless


def test_nothing_governs_after_the_last_end():
    assert governing([OTHER], on=date(2025, 7, 1)) is None
    assert governing([], on=date(2025, 7, 1)) is None


def test_lawbook_judges_each_matter_for_itself():
    assert BOOK.on(date(2025, 6, 30)) == (OLD, OTHER)
    assert BOOK.on(date(2025, 7, 1)) == (NEW,)


def rules_in(folder, text):
    shipped = folder / "levels.toml"
    shipped.write_text('[[level]]\nplace = "BK"\n')
    added = folder / "added"
    added.mkdir()
    (added / "levels.toml").write_text(text)
    return shipped, str(added)


def test_law_rows_takes_further_rows_from_the_installation(settings, tmp_path):
    shipped, settings.LAW_DIR = rules_in(tmp_path, '[[level]]\nplace = "TN"\n')

    assert law_rows(shipped) == {"level": [{"place": "BK"}, {"place": "TN"}]}


@pytest.mark.parametrize("text", ["[[level", '[[levle]]\nplace = "TN"\n', 'level = "TN"\n'])
def test_law_rows_refuses_what_it_does_not_know(settings, tmp_path, text):
    shipped, settings.LAW_DIR = rules_in(tmp_path, text)

    with pytest.raises(ImproperlyConfigured, match=r"DINH_LAW_DIR: .*levels.toml"):
        law_rows(shipped)
