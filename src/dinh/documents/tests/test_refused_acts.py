"""Acts on a page that are refused: 422, each fault beside its field, and nothing of what was typed is lost."""

from datetime import timedelta

import lxml.html
import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.directory.models import Account
from dinh.directory.tests.factories import AccountFactory
from dinh.documents.enums import OutgoingState, Secrecy
from dinh.documents.models import Book, Document
from dinh.documents.operations.assigning import Directions, assign_incoming
from dinh.documents.operations.handling import complete_incoming
from dinh.documents.operations.receiving import register_incoming
from dinh.documents.tests.test_incoming import NOW, sealed, send, staff, unit

pytestmark = pytest.mark.django_db
LONG = "x" * 501
YESTERDAY = (timezone.localdate() - timedelta(days=1)).isoformat()


class Refused:
    """The form of an act as the page shows it again."""

    def __init__(self, response, act):
        assert response.status_code == 422
        page = lxml.html.fromstring(response.content.decode())
        forms = [form for form in page.iter("form") if form.method == "POST"]
        here = response.request["PATH_INFO"]
        self.form = next(form for form in forms if (form.action or here).endswith(act))
        self.is_open = all(fold.get("open") is not None for fold in self.form.iterancestors("details"))

    def typed(self, name):
        return self.form.fields[name] or ""

    def chosen(self, name):
        return self.form.xpath(f".//input[@name='{name}'][@checked]/@value")

    def faults(self):
        """Fields with a fault beside them: each control that says so names what stands behind it."""
        shown = {
            each.get("id").split("-")[2]: each.text_content()
            for each in self.form.xpath(".//*[starts-with(@id, 'fault-')]")
        }
        for control in self.form.xpath(".//*[@aria-invalid='true']"):
            assert self.form.get_element_by_id(control.get("aria-describedby")).text_content().strip()
        return {name for name, words in shown.items() if words.strip()}


@pytest.fixture
def office(client):
    """The clerk, the head and a specialist of a unit with a registered arrival."""
    sender, clerk = staff(unit(), "clerk"), staff(unit(), "clerk")
    head, specialist = staff(clerk.unit, "unit_head"), staff(clerk.unit, "specialist")
    incoming = send(sealed(sender, [clerk.unit], code="01/STTTT"), sender).arrivals.get()
    return clerk, head, specialist, incoming


@pytest.fixture
def registered(office):
    return register_incoming(incoming_id=office[3].pk, actor=office[0], at=NOW)


@pytest.fixture
def assigned(office, registered):
    _clerk, head, specialist, incoming = office
    directions = Directions(lead=specialist, supports=[head], due_at=NOW + timedelta(days=9))
    return assign_incoming(incoming_id=incoming.pk, actor=head, directions=directions, at=NOW)


def sign_in(client, person):
    known = Account.objects.filter(person=person.person).first()
    client.force_login(known or AccountFactory(current_appointment=person))


def act_as(client, person, incoming, act, **given):
    sign_in(client, person)
    return Refused(client.post(reverse("documents:incoming_act", args=[incoming.pk, act]), given), f"/{act}/")


def test_refusing_an_arrival_without_a_fit_reason(client, office):
    clerk, _head, _specialist, incoming = office

    refused = act_as(client, clerk, incoming, "refuse", reason=LONG)

    assert (refused.faults(), refused.typed("reason"), refused.is_open) == ({"reason"}, LONG, True)


def test_directing_keeps_whom_one_chose_and_what_one_wrote(client, office, registered):
    _clerk, head, specialist, incoming = office
    key = f"a{specialist.pk}"

    nobody = act_as(client, head, incoming, "assign", supports=[key], instruction="Làm ngay", due="31/02")
    twice = act_as(client, head, incoming, "assign", lead=key, supports=[key], instruction="Xem", due="")

    assert nobody.faults() == {"lead", "due"}
    assert nobody.chosen("supports") == [key]
    assert (nobody.typed("instruction"), nobody.typed("due")) == ("Làm ngay", "31/02")
    assert (twice.faults(), twice.typed("lead"), twice.typed("instruction")) == ({"supports"}, key, "Xem")


def test_assigning_anew_tells_all_faults_at_once(client, office, assigned):
    _clerk, head, _specialist, incoming = office

    refused = act_as(client, head, incoming, "change", instruction="Xem lại", due=YESTERDAY, reason="")

    assert refused.faults() == {"lead", "reason"}
    assert (refused.typed("instruction"), refused.typed("due"), refused.is_open) == (
        "Xem lại",
        YESTERDAY,
        True,
    )
    assert refused.chosen("lead") == []  # what was sent, not who leads so far


@pytest.mark.parametrize(
    ("act", "given", "fields"),
    [
        ("extend", {"due": YESTERDAY, "reason": "Chờ ý kiến"}, {"due"}),
        ("extend", {"due": "", "reason": LONG}, {"due", "reason"}),
        ("note", {"text": "y" * 2001}, {"text"}),
        ("complete", {"result": "y" * 2001}, {"result"}),
    ],
)
def test_other_acts_on_an_arrival(client, office, assigned, act, given, fields):
    who = office[2] if act in ("note", "complete") else office[1]

    refused = act_as(client, who, office[3], act, **given)

    assert (refused.faults(), refused.is_open) == (fields, True)
    assert {name: refused.typed(name).strip() for name in given} == given


def test_only_the_part_that_was_meant_shows_the_fault(client, office, registered):
    clerk, head, specialist, incoming = office
    others = [staff(clerk.unit) for _ in range(2)]
    directions = Directions(lead=specialist, supports=others)
    assign_incoming(incoming_id=incoming.pk, actor=head, directions=directions, at=NOW)
    part = incoming.assignments.get(appointment=others[1])
    client.force_login(AccountFactory(current_appointment=head))

    given = {"part": part.pk, "reason": LONG}
    page = client.post(reverse("documents:incoming_act", args=[incoming.pk, "withdraw"]), given)

    page_forms = lxml.html.fromstring(page.content.decode()).iter("form")
    forms = [form for form in page_forms if "withdraw" in (form.action or "")]
    typed = {form.fields["part"]: form.fields["reason"] for form in forms}
    assert typed[str(part.pk)] == LONG
    assert sorted(filter(None, typed.values())) == [LONG]
    assert len(page.context["messages"]) == 1


def test_reopening_without_a_reason(client, office, assigned):
    _clerk, _head, specialist, incoming = office
    complete_incoming(incoming_id=incoming.pk, actor=specialist, result="Xong", at=NOW)

    refused = act_as(client, specialist, incoming, "reopen", reason="  ")

    assert (refused.faults(), refused.is_open) == ({"reason"}, True)


def test_an_act_that_came_too_late_is_told_on_top(client, office, registered):
    clerk, _head, _specialist, incoming = office
    client.force_login(AccountFactory(current_appointment=clerk))

    page = client.post(
        reverse("documents:incoming_act", args=[incoming.pk, "refuse"]), {"reason": "Sai nơi nhận"}
    )

    assert page.status_code == 422
    assert len(page.context["messages"]) == 1


def test_a_card_of_the_tray_keeps_what_was_chosen(client, office, registered):
    _clerk, head, _specialist, incoming = office
    client.force_login(AccountFactory(current_appointment=head))
    url, given = reverse("documents:incoming_direct", args=[incoming.pk]), {"instruction": "Làm ngay"}

    tray = Refused(client.post(url, given | {"part": incoming.pk}), f"/{incoming.pk}/direct/")
    card = client.post(url, given | {"part": incoming.pk}, headers={"HX-Request": "true"})

    assert (tray.faults(), tray.typed("instruction"), tray.is_open) == ({"lead"}, "Làm ngay", True)
    assert card.status_code == 422
    assert 'value="Làm ngay"' in card.content.decode()


@pytest.fixture
def outgoing():
    """A letter, and the clerk of its unit."""
    clerk = staff(unit(), "clerk")
    return sealed(clerk, [unit()], code="05/STTTT", number=5), clerk


def act_on(client, letter, act, **given):
    return Refused(client.post(reverse("documents:outgoing_act", args=[letter.pk, act]), given), f"/{act}/")


def test_numbering_keeps_the_date_that_was_refused(client, outgoing):
    letter, clerk = outgoing
    letter.state, letter.signed_at = OutgoingState.SIGNED, NOW
    letter.save()
    Document.objects.filter(pk=letter.document_id).update(number=None, code="")
    client.force_login(AccountFactory(current_appointment=clerk))

    refused = act_on(client, letter, "issue", dated="30/02/2026")

    assert (refused.faults(), refused.typed("dated")) == ({"dated"}, "30/02/2026")


def test_returning_and_voiding_say_beside_the_field_what_is_missing(client, outgoing):
    letter, clerk = outgoing
    client.force_login(AccountFactory(current_appointment=clerk))

    voided = act_on(client, letter, "void", reason=" ")
    letter.state, letter.signed_at = OutgoingState.SIGNED, NOW
    letter.save()
    Document.objects.filter(pk=letter.document_id).update(number=None, code="")
    returned = act_on(client, letter, "return", reason=" ")

    assert (voided.faults(), voided.is_open, returned.faults()) == ({"reason"}, True, {"reason"})


def test_recalling_and_sending_further(client, outgoing):
    letter, clerk = outgoing
    send(letter, clerk)
    client.force_login(AccountFactory(current_appointment=clerk))

    recall = Refused(
        client.post(reverse("documents:recipients_recall", args=[letter.pk]), {"reason": ""}), "/recall/"
    )
    url = reverse("documents:recipients_further", args=[letter.pk])
    further = Refused(client.post(url, {"purpose": "inform", "request_key": "x"}), "/further/")

    assert (recall.faults(), recall.is_open) == ({"reason"}, True)
    assert (further.faults(), further.typed("purpose")) == ({"units"}, "inform")


def test_the_issuing_tray_keeps_the_chosen_letters(client, outgoing):
    letter, clerk = outgoing
    client.force_login(AccountFactory(current_appointment=clerk))

    given = {"letters": [letter.pk], "dated": "30/02/2026"}
    refused = Refused(client.post(reverse("documents:issuing_tray"), given), "/to-issue/")

    assert (refused.faults(), refused.typed("dated")) == ({"dated"}, "30/02/2026")
    assert refused.chosen("letters") == [str(letter.pk)]
    assert (letter.document.secrecy, Book.objects.count()) == (Secrecy.NONE, 0)


BUTTONS = {
    "head": ["signing_tray"],
    "clerk": ["issuing_tray", "incoming_register_several", "book_close", "recipients_remind"],
}


@pytest.mark.parametrize(("who", "name"), [(who, name) for who, names in BUTTONS.items() for name in names])
def test_a_button_that_does_nothing_shows_its_page_again_and_says_why(client, office, who, name):
    clerk, head, _specialist, _incoming = office
    book = Book.objects.create(unit=clerk.unit, year=timezone.localdate().year + 1, direction="incoming")
    args = {"book_close": [book.pk], "recipients_remind": [sealed(clerk, [], code="02/STTTT").pk]}
    sign_in(client, clerk if who == "clerk" else head)

    refused = client.post(reverse(f"documents:{name}", args=args.get(name, [])))

    assert refused.status_code == 422
    told = [str(each) for each in refused.context["messages"]]
    assert len(told) == 1
    assert told[0] in lxml.html.fromstring(refused.content.decode()).text_content()


def test_what_is_missing_in_a_preview_or_a_group_is_said_in_the_part_with_422(client, office):
    _clerk, _head, specialist, _incoming = office
    sign_in(client, specialist)
    part = {"HX-Request": "true"}

    preview = client.post(reverse("documents:draft_preview"), {"type_code": "CV"}, headers=part)
    columns = {"to": "unit:1", "purpose": "act", "to_name": "", "to_address": ""}
    unit_of = columns | {"to": f"unit:{unit().pk}"}
    nameless = client.post(
        reverse("documents:draft_recipients"), unit_of | {"save_group": "1", "group_name": ""}, headers=part
    )
    gone = client.post(
        reverse("documents:draft_recipients"),
        {name: [value, unit_of[name]] for name, value in (columns | {"to": "group:0"}).items()},
        headers=part,
    )

    assert [each.status_code for each in (preview, nameless, gone)] == [422] * 3
    assert preview.context["faults"]
    assert nameless.context["group_fault"]
    assert ([row.to for row in gone.context["rows"]], bool(gone.context["fault"])) == ([unit_of["to"]], True)
