"""The search box of every page, and what becomes of a page whose session has ended."""

import pytest

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(client):
    account = AccountFactory(current_appointment=AppointmentFactory(roles=[Role.SPECIALIST]))
    client.force_login(account)
    return account


def labels(response):
    return [hit.label for part in response.context["parts"] for hit in part.hits]


def test_search_finds_units_without_diacritics(client, signed_in):
    unit = UnitFactory(name="Sở Khoa học và Công nghệ", search_name="so khoa hoc va cong nghe")

    response = client.get("/search/", {"q": "khoa hoc"})

    assert labels(response) == [unit.name]


def test_search_leads_to_a_page_of_the_menu(client, signed_in):
    response = client.get("/search/", {"q": "cơ quan và"})

    assert labels(response) == ["Cơ quan và cán bộ"]


def test_search_panel_shows_five_and_says_where_more_are(client, signed_in):
    for number in range(7):
        UnitFactory(name=f"Trạm {number}", search_name=f"tram {number}")

    response = client.get("/search/", {"q": "tram"}, headers={"HX-Request": "true"})

    (part,) = response.context["parts"]
    assert (len(part.hits), part.more_url) == (5, "/directory/units/?q=tram")


def test_search_costs_the_same_for_one_hit_and_three(client, signed_in, django_assert_num_queries):
    UnitFactory(name="Trạm một", search_name="tram mot")
    client.get("/search/", {"q": "tram"})  # Fills what is kept in memory.
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as first:
        client.get("/search/", {"q": "tram"})
    for number in range(2):
        UnitFactory(name=f"Trạm {number}", search_name=f"tram {number}")

    with django_assert_num_queries(len(first)):
        client.get("/search/", {"q": "tram"})


@pytest.mark.parametrize("words", ["\0", "%", "'", " ", "(", "x" * 5000])
def test_search_takes_any_words(client, signed_in, words):
    assert client.get("/search/", {"q": words}).status_code == 200


def test_a_part_of_a_page_is_refused_without_leading_to_sign_in(client):
    response = client.get("/search/", {"q": "a"}, headers={"HX-Request": "true"})

    assert (response.status_code, response.content) == (401, b"")


@pytest.mark.parametrize(
    ("referer", "after"),
    [
        ("http://testserver/documents/outgoing/new/?reply_to=1", "/documents/outgoing/new/%3Freply_to%3D1"),
        ("http://elsewhere.example/page/", "/"),
        ("", "/"),
    ],
)
def test_who_sends_a_form_signed_out_comes_back_to_its_page(client, referer, after):
    response = client.post("/notifications/read/", headers={"Referer": referer})

    assert response.url == f"/directory/sign-in/?next={after}"


def test_missing_page_stands_in_the_shell_with_a_way_on(client, signed_in):
    response = client.get("/nothing/")

    page = response.content.decode()
    assert (response.status_code, page.count('id="menu"'), page.count('href="/"') > 1) == (404, 1, True)
