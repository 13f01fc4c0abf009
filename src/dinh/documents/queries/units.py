"""Units that a letter can be sent to."""

from datetime import date

from django.db.models import Q, QuerySet

from dinh.directory.models import Unit


def units_in_being(today: date) -> "QuerySet[Unit]":
    """Founded by this day and not dissolved: one that is to begin later receives nothing yet."""
    begun = Q(founded_date=None) | Q(founded_date__lte=today)
    return Unit.objects.filter(begun, dissolved_date=None)
