"""The list of certificates as a file: what the registry shows under the same filters."""

import io

import pytest
from openpyxl import load_workbook

from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.signing.models import Credential, CredentialState

pytestmark = pytest.mark.django_db
PAGE, API = "/signing/credentials/list.xlsx", "/api/v1/signing/credentials.xlsx"


def holders(answer) -> list[tuple[str, str]]:
    """Holder and state of each line."""
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    cells = [tuple(str(cell or "") for cell in row) for row in sheet.iter_rows(values_only=True)]
    head = next(at for at, row in enumerate(cells) if row[0] == "Chủ chứng thư số")
    return [(row[0], row[6]) for row in cells[head + 1 :]]


@pytest.fixture
def administrator(people, client):
    """Of the unit of whom the demo's certificates are."""
    own = AppointmentFactory(unit=people[0].unit, roles=[Role.ADMINISTRATOR])
    client.force_login(AccountFactory(current_appointment=own))
    return own


def test_the_sheet_holds_what_the_filters_leave(client, administrator, people):
    mine = Credential.objects.get(person=people[0].person)
    Credential.objects.filter(pk=mine.pk).update(state=CredentialState.SUSPENDED)

    everything = holders(client.get(PAGE))
    suspended = holders(client.get(PAGE, {"state": "suspended"}))

    assert len(everything) == len(client.get("/signing/credentials/").context["page"].object_list) > 1
    assert suspended == [(people[0].person.full_name, str(CredentialState.SUSPENDED.label))]
    assert holders(client.get(API, {"state": "suspended"})) == suspended
    assert client.get("/signing/credentials/list.pdf").content.startswith(b"%PDF")
    assert client.get("/signing/credentials/list.exe").status_code == 404


def test_another_units_administrator_gets_none_of_them_and_others_no_list(client, people):
    stranger = AppointmentFactory(unit=UnitFactory(), roles=[Role.ADMINISTRATOR])
    client.force_login(AccountFactory(current_appointment=stranger))
    elsewhere = holders(client.get(PAGE))
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(unit=people[0].unit)))

    assert elsewhere == []
    assert client.get(PAGE).status_code == 404
    assert holders(client.get(API)) == []


def test_the_registry_keeps_filters_under_a_name(client, administrator):
    path = "/signing/credentials/"
    client.post("/saved-filters/", {"path": path, "query": "state=expiring", "name": "Sắp hết hạn"})

    page = client.get(path, {"state": "expiring"})

    assert f'href="{path}?state=expiring"' in page.content.decode()
