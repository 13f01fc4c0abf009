from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template
from django.template.defaultfilters import date as djangos

MOMENT = datetime(2026, 3, 2, 18, 5, tzinfo=UTC)
VALUES = (MOMENT, MOMENT.replace(tzinfo=None), None, "", "2026")
FORMS = ("d/m/Y", "d/m/Y H:i", "Y-m-d", "H:i", "d/m", "")


@pytest.mark.parametrize(
    ("value", "form"), [*((value, form) for value in VALUES for form in FORMS), (date(987, 3, 2), "d/m/Y")]
)
def test_date_shows_what_djangos_filter_shows(value, form):
    template = Template("{% load tz %}{% localtime off %}{{ value|date:form }}{% endlocaltime %}")

    assert template.render(Context({"value": value, "form": form})) == djangos(value, form)


def test_date_shows_moments_in_the_time_of_viet_nam():
    assert Template('{{ value|date:"d/m/Y H:i" }}').render(Context({"value": MOMENT})) == "03/03/2026 01:05"
