"""How answers of the API are written."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from ninja.responses import NinjaJSONEncoder

from dinh.kernel.rest import PlainRenderer

HANOI = timezone(timedelta(hours=7))


def written(data):
    return PlainRenderer().render(HttpRequest(), data, response_status=200)


def test_moments_and_letters_are_written_as_they_are():
    told = {
        "at": datetime(2026, 11, 2, 3, 4, 5, 678901, UTC),
        "local": datetime(2026, 11, 2, tzinfo=HANOI),
        "of": "Đình",
    }

    assert written(told) == (
        '{"at":"2026-11-02T03:04:05.678901Z","local":"2026-11-02T00:00:00+07:00","of":"Đình"}'.encode()
    )


def test_all_else_is_written_as_ninja_does():
    told = {
        "none": None, "day": date(2026, 11, 2), "sum": Decimal("1.50"), "id": UUID(int=7),
        "words": gettext_lazy("not translated"), "list": [1, 2.5, True, {"a": "b\n\"'</script>"}],
    }  # fmt: skip

    assert json.loads(written(told)) == json.loads(json.dumps(told, cls=NinjaJSONEncoder))
