"""Dates are read day first, whatever the language; the browser's own form stays."""

from datetime import date

import pytest
from django import forms
from django.utils import translation


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("written", ["2026-09-02", "02/09/2026", "2/9/2026", "02-09-2026", "02.09.2026"])
def test_a_date_is_read_day_first_in_every_language(language, written):
    with translation.override(language):
        assert forms.DateField().clean(written) == date(2026, 9, 2)


def test_a_month_first_date_is_refused():
    with pytest.raises(forms.ValidationError):
        forms.DateField().clean("09/31/2026")
