"""Gapless numbering: under a row lock, taken last in the transaction."""

from django.db import transaction

from dinh.kernel.models import NumberSeries


@transaction.atomic(durable=False)
def next_number(key: str) -> int:
    """
    Take the next number of a series, starting at 1. Call it last: the lock is held until commit.

    A rolled-back act gives its number back, so that the series has no gaps (Decree 30/2020, Art. 15).
    """
    NumberSeries.objects.get_or_create(key=key)
    series = NumberSeries.objects.select_for_update(no_key=True).get(pk=key)
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return series.last_number


def open_series(key: str, *, last_number: int) -> None:
    """Begin a series after numbers given elsewhere; a series already beyond that is left alone."""
    series, _created = NumberSeries.objects.get_or_create(key=key, defaults={"last_number": last_number})
    NumberSeries.objects.filter(pk=series.pk, last_number__lt=last_number).update(last_number=last_number)


def last_number_of(key: str) -> int:
    """The number given last, 0 for a series not begun."""
    found = NumberSeries.objects.filter(pk=key).values_list("last_number", flat=True).first()
    return found or 0


def correct_series(key: str, *, expected: int, last_number: int) -> bool:
    """Set a series whose last number is still `expected`; False if another has taken a number meanwhile."""
    NumberSeries.objects.get_or_create(key=key)
    return NumberSeries.objects.filter(pk=key, last_number=expected).update(last_number=last_number) == 1
