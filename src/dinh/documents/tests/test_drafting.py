import pytest
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.directory.tests.factories import AppointmentFactory, UnitFactory
from dinh.documents.enums import OutgoingState, StepKind, StepState
from dinh.documents.models import Outgoing
from dinh.documents.operations.approval import NotYourTurn, pass_initial, return_draft, submit_draft
from dinh.documents.operations.draft_plan import DraftPlan, WantedRecipient
from dinh.documents.operations.drafting import create_draft, render_version, revise_draft
from dinh.kernel.errors import InvalidInput, NotFound
from dinh.storage.api import read_blob
from dinh.worklist.models import WorkItem

pytestmark = pytest.mark.django_db


def draft(
    *,
    with_reviewer: bool = True,
    authority: str | None = None,
    type_code: str = "CV",
    bloc: str = "government",
) -> tuple[Outgoing, Appointment, Appointment, Appointment]:
    """A letter of the unit's head; under an authority, of a head of division who signs under it."""
    drafter = AppointmentFactory(unit__bloc=bloc)
    signer = Role.DIVISION_HEAD if authority else Role.UNIT_HEAD
    leader = AppointmentFactory(unit=drafter.unit, roles=[signer])
    reviewer = AppointmentFactory(unit=drafter.unit, roles=[Role.DIVISION_HEAD])
    outgoing = create_draft(
        drafter=drafter,
        plan=DraftPlan(
            type_code=type_code,
            subject="triển khai dịch vụ công",
            paragraphs=["Đề nghị thực hiện."],
            recipients=[WantedRecipient(unit_id=UnitFactory().pk), WantedRecipient(unit_id=UnitFactory().pk)],
            urgency=1,
            leader=leader,
            initials=[reviewer] if with_reviewer else [],
            authority=authority,
            secretary=AppointmentFactory(unit=drafter.unit, roles=[Role.DIVISION_HEAD])
            if type_code == "BB"
            else None,
        ),
        at=timezone.now(),
    )
    render_version(outgoing.versions.get())
    return outgoing, drafter, reviewer, leader


def secretary_of(outgoing: Outgoing) -> Appointment:
    return outgoing.steps.get(kind=StepKind.COSIGN).appointment


def waiting(outgoing: Outgoing) -> list[tuple[str, int | None]]:
    open_items = WorkItem.objects.filter(target_id=outgoing.pk, done_at=None)
    return list(open_items.values_list("kind", "appointment_id"))


def test_the_path_leads_to_the_leader_and_stops_there() -> None:
    outgoing, drafter, reviewer, leader = draft()
    pdf = outgoing.versions.get().pdf
    assert pdf is not None
    assert read_blob(pdf.pk).startswith(b"%PDF")
    assert outgoing.recipients.count() == 2
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    assert waiting(outgoing) == [("documents.initial", reviewer.pk)]
    with pytest.raises(NotYourTurn):
        submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    pass_initial(outgoing_id=outgoing.pk, actor=reviewer, at=timezone.now())
    with pytest.raises(NotYourTurn):
        pass_initial(outgoing_id=outgoing.pk, actor=reviewer, at=timezone.now())
    assert waiting(outgoing) == [("documents.sign", leader.pk)]
    with pytest.raises(NotYourTurn):
        pass_initial(outgoing_id=outgoing.pk, actor=leader, at=timezone.now())
    outgoing.refresh_from_db()
    assert outgoing.state == OutgoingState.REVIEWING


def test_a_return_needs_a_reason_and_goes_to_the_drafter() -> None:
    outgoing, drafter, _reviewer, leader = draft(with_reviewer=False)
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    with pytest.raises(InvalidInput):
        return_draft(outgoing_id=outgoing.pk, actor=leader, reason=" ", at=timezone.now())
    return_draft(outgoing_id=outgoing.pk, actor=leader, reason="Sai thể thức", at=timezone.now())
    step = outgoing.steps.get()
    assert (step.state, step.comment) == (StepState.RETURNED, "Sai thể thức")
    assert waiting(outgoing) == [("documents.revise", drafter.pk)]
    plan = DraftPlan(type_code="CV", subject="báo cáo", paragraphs=["Đề nghị báo cáo."], leader=leader)
    revised = revise_draft(outgoing_id=outgoing.pk, drafter=drafter, plan=plan, at=timezone.now())
    version = revised.versions.latest("number")
    assert (version.number, version.body["subject"]) == (2, "báo cáo")
    with pytest.raises(NotYourTurn):
        submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    render_version(version)
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    assert waiting(outgoing) == [("documents.sign", leader.pk)]


def test_other_units_know_nothing_of_it() -> None:
    outgoing, _drafter, _reviewer, _leader = draft()
    with pytest.raises(NotFound):
        submit_draft(outgoing_id=outgoing.pk, drafter=AppointmentFactory(), at=timezone.now())
