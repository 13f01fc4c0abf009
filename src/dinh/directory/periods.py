"""Conditions on periods, which run from a first day to a last day, both included."""

from datetime import date

from django.db.models import Q


def holds_on(day: date) -> Q:
    """Condition on `valid_from` and `valid_to`, both inclusive."""
    return Q(valid_from__lte=day) & (Q(valid_to=None) | Q(valid_to__gte=day))


def overlaps(first: date, last: date | None) -> Q:
    """Condition on `valid_from` and `valid_to`: a day in common with this period, open where `last` is None."""
    begun = Q() if last is None else Q(valid_from__lte=last)
    return begun & (Q(valid_to=None) | Q(valid_to__gte=first))
