import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.enums import IncomingState
from dinh.documents.tests.test_incoming_pages import arrival
from dinh.documents.tests.test_outgoing_numbering import signed
from dinh.records.models import Filing
from dinh.records.operations.case_files import NewCaseFile, open_case_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client):
    clerk = AppointmentFactory(roles=[Role.CLERK])
    client.force_login(AccountFactory(current_appointment=clerk))
    return clerk


def case_file_of(keeper):
    given = NewCaseFile(code="05/VP", title="Trực Tết", opened_date=timezone.localdate())
    return open_case_file(responsible=keeper, case_file=given, at=timezone.now())


def test_both_directions_are_put_into_a_case_file(client, clerk):
    case_file, incoming, outgoing = case_file_of(clerk), arrival(clerk.unit), signed(clerk)
    for name, target in (("incoming", incoming), ("outgoing", outgoing)):
        address = reverse(f"documents:file_{name}", args=[target.pk])
        assert "05/VP" in client.get(address).content.decode()
        answer = client.post(address, {"case_file": case_file.pk})
        assert answer.url == reverse(f"documents:{name}", args=[target.pk])

    rows = Filing.objects.order_by("pk").values_list("case_file", "target_type", "target_id")
    assert list(rows) == [
        (case_file.pk, "documents.incoming", incoming.pk),
        (case_file.pk, "documents.outgoing", outgoing.pk),
    ]
    page = client.get(reverse("records:case_file", args=[case_file.pk])).content.decode()
    assert all(part in page for part in ("12/SNV-VP", "về việc trực Tết", "về việc thử"))


def test_what_is_not_visible_is_not_filed(client, clerk):
    case_file = case_file_of(clerk)
    foreign, recalled = arrival(AppointmentFactory().unit), arrival(clerk.unit, IncomingState.RECALLED)
    other = signed(AppointmentFactory())
    for address in (
        reverse("documents:file_incoming", args=[foreign.pk]),
        reverse("documents:file_incoming", args=[recalled.pk]),
        reverse("documents:file_outgoing", args=[other.pk]),
    ):
        assert client.post(address, {"case_file": case_file.pk}).status_code == 404
    client.post(reverse("documents:file_incoming", args=[arrival(clerk.unit).pk]), {"case_file": "x"})
    assert not Filing.objects.exists()
