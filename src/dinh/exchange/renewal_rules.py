"""When gateways get their next keys by themselves (thời hạn đổi khóa của cổng), as dated data."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinh.kernel.law import Lawbook, Rule, governing, law_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal(Rule):
    """
    :param days_before_end: of the present certificate, on which the next one is made
    :param days_to_register: that other gateways have until the next one is used
    """

    days_before_end: int
    days_to_register: int


def renewal_on(day: date) -> Renewal | None:
    """None without a rule: nothing is renewed by itself."""
    return governing(_rules(), on=day)


@lru_cache(maxsize=1)
def _rules() -> tuple[Renewal, ...]:
    rows = law_rows(Path(__file__).resolve().parent / "data" / "gateway_renewal.toml")["renewal"]
    return tuple(Renewal(**row) for row in rows)


def _title(rule: Renewal) -> str:
    return _("%(before)d days before the end, %(ahead)d days to register") % {
        "before": rule.days_before_end,
        "ahead": rule.days_to_register,
    }


GATEWAY_RENEWAL = Lawbook(
    label=gettext_lazy("When gateways get their next certificates"),
    rules=_rules,
    matter=lambda rule: "exchange",
    title=_title,
)
