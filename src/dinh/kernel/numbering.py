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
