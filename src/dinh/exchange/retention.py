"""How long the exchange's log is kept (thời hạn bảo quản nhật ký), as dated data."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext_lazy, ngettext

from dinh.kernel.law import Lawbook, Rule, governing, law_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Rule):
    """:param years: after the end of the month in which the exchanges were"""

    years: int


def retention_of(month: date) -> Retention | None:
    """The rule that governs a month's exchanges: that of the month's own day, not of today."""
    return governing(_rules(), on=month)


def kept_until(month: date) -> date | None:
    """The first day on which a volume of that month may go; None without a rule: it stays."""
    rule = retention_of(month)
    if rule is None:
        return None
    year, following = month.year + rule.years, month.month % 12 + 1
    return date(year + (following == 1), following, 1)


@lru_cache(maxsize=1)
def _rules() -> tuple[Retention, ...]:
    rows = law_rows(Path(__file__).resolve().parent / "data" / "log_retention.toml")["retention"]
    return tuple(Retention(**row) for row in rows)


LOG_RETENTION = Lawbook(
    label=gettext_lazy("How long the exchange's log is kept"),
    rules=_rules,
    matter=lambda rule: "exchange",
    title=lambda rule: ngettext("%d year", "%d years", rule.years) % rule.years,
)
