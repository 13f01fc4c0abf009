import pytest
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.enums import IncomingState
from dinh.documents.models import Document, Incoming, Outgoing
from dinh.documents.operations.indexing import index_document
from dinh.documents.queries.incoming import get_incoming
from dinh.documents.views.incoming import incoming_detail
from dinh.storage.api import store_bytes

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def clerk(client):
    return enter(client, AppointmentFactory(roles=[Role.CLERK]))


def enter(client, appointment):
    client.force_login(AccountFactory(current_appointment=appointment))
    return appointment


def arrival(unit, state=IncomingState.ARRIVED):
    letter = Document.objects.create(
        issuer_name="Sở Nội vụ",
        bloc="government",
        type_code="CV",
        code="12/SNV-VP",
        subject="Về việc trực Tết",
        content_id=store_bytes(PDF).sha256,
        created_at=timezone.now(),
    )
    return Incoming.objects.create(document=letter, unit=unit, state=state, arrived_at=timezone.now())


@pytest.mark.parametrize("name", ["list", "inbox", "detail"])
def test_templates_compile(name):
    assert get_template(f"documents/incoming/{name}.html")


def test_anonymous_are_led_to_sign_in():
    request = RequestFactory().get("/documents/incoming/1/")
    request.appointment = None
    assert incoming_detail(request, 1).status_code == 302


def test_list_and_detail_show_the_letter(client, clerk):
    row = arrival(clerk.unit)
    assert "Về việc trực Tết" in client.get("/documents/incoming/").content.decode()
    page = client.get(f"/documents/incoming/{row.pk}/").content.decode()
    for part in ("Về việc trực Tết", "data-pdf", "/register/", "/refuse/"):
        assert part in page
    content = client.get(f"/documents/incoming/{row.pk}/content/")
    assert b"".join(content.streaming_content) == PDF


def test_other_units_clerk_gets_404(client, clerk):
    row = arrival(AppointmentFactory().unit)
    for rest in ("", "content/"):
        assert client.get(f"/documents/incoming/{row.pk}/{rest}").status_code == 404
    for act in ("register", "refuse", "assign", "start", "complete"):
        assert client.post(f"/documents/incoming/{row.pk}/{act}/").status_code == 404


def test_recalled_letter_is_hidden(client, clerk):
    row = arrival(clerk.unit, IncomingState.RECALLED)
    for address in ("?state=15", f"{row.pk}/"):
        page = client.get(f"/documents/incoming/{address}").content.decode()
        assert not any(word in page for word in ("trực Tết", "12/SNV-VP", "Sở Nội vụ", "data-pdf"))
    assert client.get(f"/documents/incoming/{row.pk}/content/").status_code == 404
    assert get_incoming(row.pk, clerk).document.content_id is None


def test_goes_from_desk_to_desk(client, clerk):
    row = arrival(clerk.unit)
    lead = AppointmentFactory(unit=clerk.unit)
    client.post(f"/documents/incoming/{row.pk}/register/")
    enter(client, AppointmentFactory(unit=clerk.unit, roles=[Role.UNIT_HEAD]))
    assert f'value="a{lead.pk}"' in client.get(f"/documents/incoming/{row.pk}/").content.decode()
    client.post(f"/documents/incoming/{row.pk}/assign/", {"lead": f"a{lead.pk}", "due": "2030-01-02"})
    enter(client, lead)
    assert "/start/" in client.get(f"/documents/incoming/{row.pk}/").content.decode()
    client.post(f"/documents/incoming/{row.pk}/start/")
    client.post(f"/documents/incoming/{row.pk}/complete/", {"result": "Xong"})
    row.refresh_from_db()
    assert (row.state, row.number, row.result_text) == (IncomingState.DONE, 1, "Xong")
    assert timezone.localtime(row.due_at).date().isoformat() == "2030-01-02"
    assert client.get(f"/documents/incoming/{row.pk}/").content.decode().count("trace-entry") == 4


def test_too_long_a_reason_is_refused_in_words(client, clerk):
    row = arrival(clerk.unit)
    assert client.post(f"/documents/incoming/{row.pk}/refuse/", {"reason": "x" * 501}).status_code == 422
    row.refresh_from_db()
    assert row.state == IncomingState.ARRIVED


def test_list_costs_the_same_for_any_number(client, clerk, django_assert_max_num_queries):
    amounts = []
    client.get("/documents/incoming/")
    for more in (1, 2):
        for _row in range(more):
            arrival(clerk.unit)
        with django_assert_max_num_queries(50) as queries:
            client.get("/documents/incoming/")
        amounts.append(len(queries))
    assert amounts[0] == amounts[1]


def test_programs_get_nothing_of_a_recalled_letter(client, clerk):
    row = arrival(clerk.unit, IncomingState.RECALLED)
    answer = client.get(f"/api/v1/incoming/{row.pk}").json()
    assert (answer["state"], answer["document"], answer["verdict"]) == (IncomingState.RECALLED, None, "")
    assert client.get(f"/api/v1/incoming/{row.pk}/content").status_code == 404
    listed = client.get("/api/v1/incoming?tab=15").json()["items"]
    assert [(each["id"], each["document"]) for each in listed] == [(row.pk, None)]


def test_menu_leads_to_the_list(client, clerk):
    assert 'href="/documents/incoming/"' in client.get("/").content.decode()


def test_what_is_found_leads_to_where_the_reader_meets_it(client, clerk):
    row = arrival(clerk.unit)
    index_document(row.document)
    author = AppointmentFactory(roles=[Role.CLERK])
    own = Outgoing.objects.create(
        document=row.document, unit=author.unit, drafter=author, created_at=row.arrived_at,
        updated_at=row.arrived_at,
    )  # fmt: skip

    page = client.get("/documents/search/", {"q": row.document.subject})

    assert [line.document_id for line, _cells in page.context["lines"]] == [row.document_id]
    assert client.get(f"/documents/found/{row.document_id}/").url == f"/documents/incoming/{row.pk}/"
    enter(client, author)
    assert client.get(f"/documents/found/{row.document_id}/").url == f"/documents/outgoing/{own.pk}/"
    assert client.get("/documents/found/999999/").status_code == 404
