import pytest
from django.template.loader import get_template
from django.test import RequestFactory

from dinh.documents.views.incoming import incoming_detail

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["list", "detail", "search"])
def test_templates_compile(name):
    assert get_template(f"documents/incoming/{name}.html")


def test_anonymous_are_led_to_sign_in():
    request = RequestFactory().get("/documents/incoming/1/")
    request.appointment = None
    assert incoming_detail(request, 1).status_code == 302
