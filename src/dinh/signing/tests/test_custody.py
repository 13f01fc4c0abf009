"""Who holds seals and devices with secret keys, from when, by which minutes (Decree 30/2020, Art. 32, 33)."""

from datetime import date, datetime

import pytest
from django.urls import reverse

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.kernel.calendar import VIETNAM
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted
from dinh.signing.models import Credential, Custody, ObjectKind
from dinh.signing.operations.custody import HandOver, HeldNoMore, end_custody, hand_over
from dinh.signing.queries.custody import custodies_visible_to

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 10, tzinfo=VIETNAM)


@pytest.fixture
def head():
    return AppointmentFactory(roles=[Role.UNIT_HEAD], start_date=date(2020, 1, 1))


@pytest.fixture
def clerks(head):
    return [
        AppointmentFactory(unit=head.unit, roles=[Role.CLERK], start_date=date(2020, 1, 1))
        for _two in range(2)
    ]


def seal(holder, **more) -> HandOver:
    given = {
        "kind": "seal",
        "name": "Con dấu cơ quan",
        "from_date": date(2026, 3, 2),
        "minutes_number": "01/BB",
    }
    return HandOver(**{**given, "holder_id": holder.pk, **more})


def periods(rows):
    return [(row.holder_id, row.from_date, row.until_date, row.end_minutes_number) for row in rows]


def test_who_receives_a_seal_holds_it_and_who_gave_it_no_more(head, clerks):
    first, second = clerks
    hand_over(wanted=seal(first), actor=head, at=NOW)
    later = seal(second, from_date=date(2026, 3, 4), minutes_number="02/BB")

    made, again = (hand_over(wanted=later, actor=head, at=NOW) for _twice in range(2))

    assert again == made
    assert periods(Custody.objects.order_by("pk")) == [
        (first.pk, date(2026, 3, 2), date(2026, 3, 4), "02/BB"),
        (second.pk, date(2026, 3, 4), None, ""),
    ]
    (entry,) = trace_of(made)
    assert (entry.action, entry.details["minutes"]) == ("signing.custody.handed_over", "02/BB")
    assert entry.details["from"] == first.person.full_name


def test_what_was_given_back_is_held_by_nobody(head, clerks):
    held = hand_over(wanted=seal(clerks[0]), actor=head, at=NOW)
    given = {"custody_id": held.pk, "minutes_number": "03/BB", "actor": head, "at": NOW}

    end_custody(until_date=date(2026, 3, 3), **given)

    assert periods(Custody.objects.all()) == [(clerks[0].pk, date(2026, 3, 2), date(2026, 3, 3), "03/BB")]
    with pytest.raises(HeldNoMore):
        end_custody(until_date=date(2026, 3, 4), **given)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"minutes_number": " "}, "minutes_number"),
        ({"name": ""}, "name"),
        ({"kind": "token"}, "kind"),
        ({"from_date": date(2026, 3, 5)}, "from_date"),
        ({"holder_id": 0}, "holder"),
        ({"credential_id": 0}, "credential"),
    ],
)
def test_what_is_wrong_is_named(head, clerks, changed, field):
    with pytest.raises(InvalidInput) as refused:
        hand_over(wanted=seal(clerks[0], **changed), actor=head, at=NOW)

    assert [fault.field for fault in refused.value.faults] == [field]
    assert not Custody.objects.exists()


def test_it_is_not_handed_on_before_it_was_received(head, clerks):
    hand_over(wanted=seal(clerks[0]), actor=head, at=NOW)

    with pytest.raises(InvalidInput):
        hand_over(wanted=seal(clerks[1], from_date=date(2026, 3, 1)), actor=head, at=NOW)


def test_nobody_received_it_while_the_holder_before_still_had_it(head, clerks):
    held = hand_over(wanted=seal(clerks[0]), actor=head, at=NOW)
    end_custody(custody_id=held.pk, until_date=date(2026, 3, 4), minutes_number="02/BB", actor=head, at=NOW)

    with pytest.raises(InvalidInput) as refused:
        hand_over(
            wanted=seal(clerks[1], from_date=date(2026, 3, 3), minutes_number="03/BB"), actor=head, at=NOW
        )

    assert [fault.field for fault in refused.value.faults] == ["from_date"]
    assert Custody.objects.get() == held


def test_a_hand_over_that_is_sent_late_again_changes_nothing(head, clerks):
    first = hand_over(wanted=seal(clerks[0]), actor=head, at=NOW)
    next_one = seal(clerks[1], minutes_number="02/BB")
    second = hand_over(wanted=next_one, actor=head, at=NOW)
    end_custody(custody_id=second.pk, until_date=date(2026, 3, 2), minutes_number="03/BB", actor=head, at=NOW)
    before = periods(Custody.objects.order_by("pk"))

    again = [hand_over(wanted=wanted, actor=head, at=NOW) for wanted in (seal(clerks[0]), next_one)]

    assert again == [first, second]
    assert periods(Custody.objects.order_by("pk")) == before


def test_only_the_units_head_and_administrators_write_it_down_and_others_see_their_own(head, clerks):
    held = hand_over(wanted=seal(clerks[0]), actor=head, at=NOW)
    specialist, stranger = AppointmentFactory(unit=head.unit), AppointmentFactory(roles=[Role.UNIT_HEAD])

    for actor in (*clerks, specialist):
        with pytest.raises(NotPermitted):
            hand_over(wanted=seal(clerks[1]), actor=actor, at=NOW)
    with pytest.raises(NotFound):
        end_custody(custody_id=held.pk, until_date=NOW.date(), minutes_number="x", actor=stranger, at=NOW)

    assert [custodies_visible_to(who).count() for who in (*clerks, head, specialist, stranger)] == [
        1,
        1,
        1,
        0,
        0,
    ]


def test_a_device_stands_beside_its_certificate(people, client):
    leader, clerk, _specialist = people
    device = Credential.objects.get(unit=leader.unit)
    wanted = seal(clerk, kind="device", name="", credential_id=device.pk, from_date=date(2026, 1, 5))
    administrator = AppointmentFactory(unit=leader.unit, roles=[Role.ADMINISTRATOR])

    made = hand_over(wanted=wanted, actor=administrator, at=NOW)
    client.force_login(AccountFactory(current_appointment=administrator))
    page = client.get(reverse("signing:credential", args=[device.pk]))

    assert (made.kind, made.name) == (ObjectKind.DEVICE, device.subject_name)
    assert page.context["custody"] == made


def test_a_certificates_device_is_held_once_whatever_it_is_called(people):
    leader, clerk, _specialist = people
    device = Credential.objects.get(unit=leader.unit)
    administrator = AppointmentFactory(unit=leader.unit, roles=[Role.ADMINISTRATOR])
    given = {"kind": "device", "credential_id": device.pk, "from_date": date(2026, 1, 5)}
    hand_over(wanted=seal(clerk, name="USB 1", **given), actor=administrator, at=NOW)

    with pytest.raises(InvalidInput) as refused:
        hand_over(wanted=seal(leader, name="USB 2", **given), actor=administrator, at=NOW)
    made = hand_over(wanted=seal(leader, name="", **given), actor=administrator, at=NOW)

    assert refused.value.field == "name"
    assert list(Custody.objects.filter(until_date=None).values_list("pk", "name")) == [(made.pk, "USB 1")]


def test_the_page_takes_a_hand_over_and_its_end_and_says_what_is_missing(client, head, clerks):
    client.force_login(AccountFactory(current_appointment=head))
    address = reverse("signing:custody")
    given = {"kind": "seal", "name": "Con dấu", "holder": clerks[0].pk, "from_date": "2026-03-02"}

    refused = client.post(address, given)
    done = client.post(address, given | {"minutes_number": "01/BB"})
    held = Custody.objects.get()
    kept = client.post(
        reverse("signing:custody_end", args=[held.pk]), {"part": held.pk, "until_date": "2026-03-03"}
    )
    client.post(
        reverse("signing:custody_end", args=[held.pk]),
        {"until_date": "2026-03-03", "minutes_number": "02/BB"},
    )

    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["minutes_number"])
    assert done.status_code == 302
    assert kept.status_code == 422
    held.refresh_from_db()
    assert (held.until_date, held.end_minutes_number) == (date(2026, 3, 3), "02/BB")


def test_programs_do_the_same(client, head, clerks):
    client.force_login(AccountFactory(current_appointment=head))
    body = {
        "kind": "seal", "name": "Con dấu", "holder": clerks[0].pk, "from_date": "2026-03-02", "minutes_number": "1",
    }  # fmt: skip

    made = client.post("/api/v1/signing/custody", body, content_type="application/json")
    end = f"/api/v1/signing/custody/{made.json()['id']}/end"
    ended = client.post(
        end, {"until_date": "2026-03-03", "minutes_number": "2"}, content_type="application/json"
    )
    listed = client.get("/api/v1/signing/custody").json()

    assert (made.status_code, made.json()["holder"]) == (201, clerks[0].person.full_name)
    assert listed == {"count": 1, "page": 1, "items": [ended.json()]}
