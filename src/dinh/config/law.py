"""The rules in force on a day, for people and programs: law is no secret, so whoever has signed in may read it."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.views.decorators.http import require_GET
from ninja import Query, Router, Schema
from pydantic import Field

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.calendar import deadline, rule_title
from dinh.kernel.law import Lawbook, Rule, lawbooks

router = Router(tags=["law"])


@dataclass(frozen=True)
class RuleLine:
    """A rule as it is shown."""

    title: str
    rule: Rule


@dataclass(frozen=True)
class BookLines:
    """The rules of one book that govern a day."""

    code: str
    label: str | Promise
    lines: list[RuleLine]


class RuleOut(Schema):
    book: str
    title: str
    source: str
    valid_from: date
    valid_until: date | None
    confirmed: bool


class DeadlineIn(Schema):
    start: date
    working_days: int = Field(ge=0, le=3650)


class DeadlineOut(Schema):
    day: date
    rules: list[RuleOut]


@require_GET
@signed_in
def law(request: StaffRequest) -> HttpResponseBase:
    """Quy định áp dụng: which rules govern a day, of what text and article, since when and until when."""
    day = _day(request.GET.get("on", ""))
    return render(
        request, "kernel/law.html", {"day": day, "books": [_lines(*item, day) for item in lawbooks.items()]}
    )


@router.get("/law", response=list[RuleOut])
def rules_in_force(request: HttpRequest, on: date | None = None) -> list[RuleOut]:
    """The rules that govern a day, by default today."""
    day = on or timezone.localdate()
    return [_told(code, book.title(rule), rule) for code, book in lawbooks.items() for rule in book.on(day)]


@router.get("/law/deadline", response=DeadlineOut)
def deadline_by_law(request: HttpRequest, given: Query[DeadlineIn]) -> DeadlineOut:
    """The day on which a period of working days ends, and the rules that made it so."""
    found = deadline(start=given.start, days=given.working_days)
    return DeadlineOut(
        day=found.day, rules=[_told("working_time", rule_title(rule), rule) for rule in found.rules]
    )


def _day(text: str) -> date:
    try:
        return parse_date(text) or timezone.localdate()
    except ValueError:
        return timezone.localdate()


def _lines(code: str, book: Lawbook[Rule], day: date) -> BookLines:
    return BookLines(code, book.label, [RuleLine(book.title(rule), rule) for rule in book.on(day)])


def _told(code: str, title: str, rule: Rule) -> RuleOut:
    return RuleOut(
        book=code, title=title, source=rule.source, valid_from=rule.valid_from, valid_until=rule.valid_until,
        confirmed=rule.confirmed,
    )  # fmt: skip
