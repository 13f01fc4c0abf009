"""Drafts of agreements: who the other party is, and who signs for it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import (
    AppointmentFactory,
    UnitFactory,
)
from dinh.documents.enums import StepKind
from dinh.documents.models import Outgoing
from dinh.documents.operations.draft_plan import WantedParty
from dinh.documents.operations.drafting import create_draft
from dinh.documents.tests.agreements import (
    OUTSIDER,
    Agreement,
    keys,  # noqa: F401 a fixture
    plan_of,
)
from dinh.kernel.errors import InvalidInput

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("keys")]


@pytest.mark.parametrize(
    ("party", "others", "field"),
    [
        (None, {}, "party"),
        (OUTSIDER, {"type_code": "CV"}, "party"),
        (WantedParty(name="Công ty"), {}, "party_representative"),
        (WantedParty(unit_id=0), {}, "party"),
    ],
)
def test_a_draft_names_what_is_wrong_with_its_other_party(party, others, field):
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])

    with pytest.raises(InvalidInput) as refused:
        create_draft(drafter=leader, plan=plan_of(leader, party, **others), at=timezone.now())

    assert [fault.field for fault in refused.value.faults] == [field]


def test_a_unit_without_a_head_cannot_be_the_other_party():
    leader = AppointmentFactory(roles=[Role.UNIT_HEAD])
    headless = WantedParty(unit_id=UnitFactory().pk)

    with pytest.raises(InvalidInput) as refused:
        create_draft(drafter=leader, plan=plan_of(leader, headless), at=timezone.now())

    assert [fault.field for fault in refused.value.faults] == ["party"]


def page_of_draft(leader: Appointment, **given: str) -> dict[str, str]:
    common = {
        "type_code": "HĐ",
        "subject": "thuê đường truyền",
        "text": "Điều 1. Nội dung.",
        "leader": str(leader.pk),
    }
    return common | given


def signers_offered(page) -> list[str]:
    return [value for value, _each in page.context["party_signers"]]


def test_the_page_offers_who_signs_for_a_unit_and_keeps_who_was_chosen(client):
    agreement = Agreement()
    deputy = AppointmentFactory(unit=agreement.head.unit, roles=[Role.UNIT_DEPUTY])
    AppointmentFactory(unit=agreement.head.unit, roles=[Role.SPECIALIST])
    client.force_login(agreement.leader.person.account)
    address, words = reverse("documents:outgoing_new"), "uy ban nhan dan XA ba be"

    found = client.get(reverse("documents:draft_signers"), {"party": words})
    shown = client.post(address, page_of_draft(agreement.leader, party=words, find_party="1"))
    refused = client.post(address, page_of_draft(agreement.leader, party=words))
    client.post(address, page_of_draft(agreement.leader, party=words, party_signer=str(deputy.pk)))

    offered = [str(agreement.head.pk), str(deputy.pk)]
    assert [signers_offered(each) for each in (found, shown, refused)] == [offered] * 3
    assert (refused.status_code, list(refused.context["faulty"])) == (422, ["party_signer"])
    made = Outgoing.objects.latest("pk")
    assert (made.party.unit_id, made.party.name) == (agreement.head.unit_id, "Ủy ban nhân dân xã Ba Bể")
    assert made.steps.get(kind=StepKind.PARTY).appointment == deputy
    edited = client.get(reverse("documents:draft_edit", args=[made.pk]))
    assert edited.context["values"]["party_signer"] == str(deputy.pk)
    assert f'<option value="{deputy.pk}" selected>' in edited.content.decode()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"party_signer": "0"}, "party_signer"),
        ({"party_signer": "x"}, "party_signer"),
        ({"party_signer": "{own}"}, "party"),
        ({"party_signer": "{specialist}"}, "party_signer"),
        ({"party_signer": "{division_head}"}, "party_signer"),
        ({"party_signer": "{head}", "party_authority": "x"}, "party_authority"),
        ({"party_signer": "{head}", "party_representative": "Nông Văn Kiên"}, "party_representative"),
        ({"party": "Ủy ban nhân dân xã Ba Bể", "party_representative": "Nông Văn Kiên"}, "party_signer"),
    ],
)
def test_the_page_names_what_is_wrong_with_who_signs_for_the_other_party(client, given, field):
    agreement = Agreement()
    others = {
        role: AppointmentFactory(unit=agreement.head.unit, roles=[role]).pk
        for role in (Role.SPECIALIST, Role.DIVISION_HEAD)
    }
    client.force_login(agreement.leader.person.account)
    named = others | {"own": agreement.leader.pk, "head": agreement.head.pk}
    before = Outgoing.objects.count()

    refused = client.post(
        reverse("documents:outgoing_new"),
        page_of_draft(agreement.leader, **{key: value.format(**named) for key, value in given.items()}),
    )

    assert (refused.status_code, list(refused.context["faulty"])) == (422, [field])
    assert Outgoing.objects.count() == before


def test_the_page_asks_who_signs_where_no_unit_bears_the_name(client):
    agreement = Agreement()
    client.force_login(agreement.leader.person.account)
    address = reverse("documents:outgoing_new")

    refused = client.post(address, page_of_draft(agreement.leader, party="Công ty Ba Bể"))
    client.post(
        address,
        page_of_draft(agreement.leader, party="Công ty Ba Bể", party_representative="Nông Văn Kiên"),
    )

    assert refused.status_code == 422
    assert list(refused.context["faulty"]) == ["party"]
    party = Outgoing.objects.latest("pk").party
    assert (party.unit_id, party.name, party.representative) == (None, "Công ty Ba Bể", "Nông Văn Kiên")
