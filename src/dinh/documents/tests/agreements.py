"""An agreement and the people of both its parties, for the tests."""

from io import BytesIO

import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    UnitFactory,
)
from dinh.documents.models import Outgoing
from dinh.documents.operations.approval import (
    submit_draft,
)
from dinh.documents.operations.draft_plan import DraftPlan, WantedParty
from dinh.documents.operations.drafting import create_draft, render_version
from dinh.documents.operations.intake import keep_scan
from dinh.pki.api import read_fields
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.storage.api import read_blob

OUTSIDER = WantedParty(name="Công ty TNHH Ba Bể", representative="Nông Văn Kiên", position="Giám đốc")


@pytest.fixture
def keys(settings, tmp_path):
    settings.DATA_DIR, settings.DEMO = tmp_path, True


def plan_of(leader: Appointment, party: WantedParty | None, **others) -> DraftPlan:
    return DraftPlan(
        **{
            "type_code": "HĐ",
            "subject": "thuê đường truyền",
            "paragraphs": ["Điều 1. Nội dung."],
            "leader": leader,
            "party": party,
            **others,
        }
    )


class Agreement:
    """An agreement on its path: the people of both parties, each with a key."""

    def __init__(self, party: WantedParty | None = None, type_code: str = "HĐ") -> None:
        self.drafter = AppointmentFactory()
        own = self.drafter.unit
        self.leader = AppointmentFactory(unit=own, roles=[Role.UNIT_HEAD])
        other = UnitFactory(name="Ủy ban nhân dân xã Ba Bể", search_name="uy ban nhan dan xa ba be")
        self.clerk = AppointmentFactory(unit=own, roles=[Role.CLERK])
        self.head = AppointmentFactory(unit=other, roles=[Role.UNIT_HEAD])
        self.other_clerk = AppointmentFactory(unit=other, roles=[Role.CLERK])
        plan = plan_of(self.leader, party or WantedParty(unit_id=other.pk), type_code=type_code)
        self.outgoing = create_draft(drafter=self.drafter, plan=plan, at=timezone.now())
        render_version(self.outgoing.versions.get())
        for each in (self.leader, self.head, self.clerk, self.other_clerk):
            AccountFactory(current_appointment=each)
        issue_demo_certificates()
        submit_draft(outgoing_id=self.pk, drafter=self.drafter, at=timezone.now())

    @property
    def pk(self) -> int:
        return self.outgoing.pk

    @property
    def pdf(self) -> bytes:
        self.outgoing.document.refresh_from_db()
        return read_blob(self.outgoing.document.content_id)

    @property
    def filled(self) -> list[str]:
        return [field.name for field in read_fields(pdf=self.pdf) if field.filled]

    def act(self, operation, **given) -> Outgoing:
        return operation(outgoing_id=self.pk, **given)


def given_back(pdf: bytes, name: str = "hop-dong.pdf"):
    return keep_scan(stream=BytesIO(pdf), name=name)
