import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dinh.directory.enums import Level, Role
from dinh.directory.models import UnitGroup
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.models import Outgoing
from dinh.documents.operations.approval import return_draft, submit_draft
from dinh.documents.operations.commenting import comment_on_draft
from dinh.documents.operations.draft_plan import DraftPlan
from dinh.documents.operations.drafting import create_draft
from dinh.documents.operations.numbering import reserve_number
from dinh.documents.tests.test_drafting import draft
from dinh.documents.tests.test_outgoing_numbering import signed

pytestmark = pytest.mark.django_db


def sign_in(client, appointment) -> None:
    client.force_login(AccountFactory(current_appointment=appointment))


def test_a_draft_is_written_submitted_and_returned_in_the_pages(client):
    drafter = AppointmentFactory()
    leader = AppointmentFactory(unit=drafter.unit, roles=[Role.UNIT_HEAD])
    group = UnitGroup.objects.create(name="Các xã", level=Level.COMMUNE)
    commune = UnitFactory()
    sign_in(client, drafter)
    assert client.get(reverse("documents:outgoing_new")).status_code == 200
    form = {"type_code": "CV", "subject": "báo cáo", "text": "Đề nghị báo cáo.", "urgency": "0"}
    answer = client.post(
        reverse("documents:outgoing_new"),
        {
            **form,
            "leader": leader.pk,
            "to": [f"group:{group.pk}", f"unit:{commune.pk}"],
            "purpose": ["act", "inform"],
            "to_name": ["", ""],
            "to_address": ["", ""],
        },
    )
    outgoing = Outgoing.objects.get()
    assert answer.url == reverse("documents:outgoing_draft", args=[outgoing.pk])
    assert [each.unit for each in outgoing.recipients.all()] == [commune]
    assert b"data-pdf" in client.get(answer.url).content
    client.post(reverse("documents:outgoing_act", args=[outgoing.pk, "submit"]))
    sign_in(client, leader)
    assert "return" in client.get(reverse("documents:outgoing", args=[outgoing.pk])).context["acts"]
    client.post(reverse("documents:outgoing_act", args=[outgoing.pk, "return"]), {"reason": "Sai"})
    outgoing.refresh_from_db()
    assert outgoing.state == "returned"


def test_the_main_act_says_what_is_left_to_be_done(client):
    """A number that is given already is not promised once more, neither on the button nor in the question."""
    clerk = AppointmentFactory(roles=[Role.CLERK])
    letter = signed(clerk)
    sign_in(client, clerk)
    page = reverse("documents:outgoing", args=[letter.pk])
    before = client.get(page).content.decode()
    reserve_number(clerk=clerk, outgoing_id=letter.pk, dated=timezone.localdate(), at=timezone.now())

    after = client.get(page).content.decode()

    assert ["Cấp số, đóng dấu và phát hành" in text for text in (before, after)] == [True, False]
    assert ["Đóng dấu và phát hành" in text for text in (before, after)] == [False, True]
    assert ["Văn bản được cấp số tiếp theo, đóng dấu" in text for text in (before, after)] == [True, False]


def test_another_unit_gets_404_everywhere(client):
    outgoing, drafter, _reviewer, _leader = draft()
    sign_in(client, drafter)
    letter = client.get(reverse("documents:outgoing_pdf", args=[outgoing.pk]))
    assert b"".join(letter.streaming_content).startswith(b"%PDF")
    sign_in(client, AppointmentFactory(roles=[Role.UNIT_HEAD]))
    for name in ("outgoing", "outgoing_pdf"):
        assert client.get(reverse(f"documents:{name}", args=[outgoing.pk])).status_code == 404
    for act in ("submit", "return", "pass", "render"):
        url = reverse("documents:outgoing_act", args=[outgoing.pk, act])
        assert client.post(url, {"reason": "x"}).status_code == 404


def test_the_list_costs_the_same_for_one_row_and_three(client):
    _outgoing, drafter, _reviewer, leader = draft()
    sign_in(client, drafter)
    url = reverse("documents:outgoing_list")
    client.get(url)
    counts = []
    for more in (0, 2):
        for _row in range(more):
            plan = DraftPlan(type_code="CV", subject="báo cáo", paragraphs=["Đề nghị."], leader=leader)
            create_draft(drafter=drafter, plan=plan, at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url).context["page"]
        assert len(page) == 1 + more
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_list_is_narrowed_by_state_and_words_and_put_in_order(client):
    outgoing, drafter, _reviewer, leader = draft()
    plan = DraftPlan(type_code="CV", subject="phòng chống lụt bão", paragraphs=["Đề nghị."], leader=leader)
    other = create_draft(drafter=drafter, plan=plan, at=timezone.now())
    Outgoing.objects.filter(pk=other.pk).update(state="returned")
    sign_in(client, drafter)

    def found(**asked: str) -> list[int]:
        return [each.pk for each in client.get(reverse("documents:outgoing_list"), asked).context["page"]]

    assert found() == [other.pk, outgoing.pk]
    assert found(sort="-changed") == [outgoing.pk, other.pk]
    assert found(state="returned") == [other.pk]
    assert found(q="lụt bão") == [other.pk]
    assert found(state="nonsense", sort="nonsense", q="không có từ này") == []


def test_every_act_is_told_in_words_with_its_reason(client):
    outgoing, drafter, reviewer, _leader = draft()
    submit_draft(outgoing_id=outgoing.pk, drafter=drafter, at=timezone.now())
    return_draft(outgoing_id=outgoing.pk, actor=reviewer, reason="Sai căn cứ", at=timezone.now())
    comment_on_draft(outgoing_id=outgoing.pk, author=drafter, text="Đã sửa.", at=timezone.now())
    sign_in(client, drafter)

    trace = client.get(reverse("documents:outgoing", args=[outgoing.pk])).context["trace"]

    assert [(str(each["label"]), each["note"]) for each in trace] == [
        ("Đã soạn thảo", ""),
        ("Đã trình ký", ""),
        ("Đã trả lại", "Sai căn cứ"),
        ("Đã góp ý", ""),
    ]
