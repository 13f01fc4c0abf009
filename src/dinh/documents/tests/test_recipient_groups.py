"""Named groups of recipients: the unit's own and the province's, made, changed, deleted, saved while choosing."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from dinh.audit.models import Entry
from dinh.directory.enums import Bloc, Level, Role
from dinh.directory.models import UnitGroup
from dinh.directory.operations.groups import (
    GroupContent,
    GroupNotFound,
    GroupRefused,
    change_group,
    delete_group,
    save_group,
)
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory, UnitFactory
from dinh.documents.queries.drafting import groups_for
from dinh.kernel.errors import NotPermitted

pytestmark = pytest.mark.django_db
LIST = "/documents/groups/"


@pytest.fixture
def drafter(client):
    drafter = AppointmentFactory()
    client.force_login(AccountFactory(current_appointment=drafter))
    return drafter


@pytest.fixture
def keeper():
    return AppointmentFactory(unit=UnitFactory(keeps_directory=True), roles=[Role.ADMINISTRATOR])


def save(actor, is_provincial=False, **content):
    return save_group(
        content=GroupContent(**content), actor=actor, at=timezone.now(), is_provincial=is_provincial
    )


def rows(*units, **sent):
    empty = ["" for _unit in units]
    chosen = {"to": [f"unit:{unit.pk}" for unit in units], "purpose": ["act" for _unit in units]}
    return chosen | {"to_name": empty, "to_address": empty} | sent


def actions():
    return list(Entry.objects.filter(action__startswith="directory.group").values_list("action", flat=True))


def test_a_group_is_made_changed_and_deleted_and_each_is_in_the_log(drafter):
    first, second = UnitFactory(), UnitFactory()

    group = save(drafter, name="  Cụm   số 1 ", unit_ids=[first.pk])
    change_group(
        group_id=group.pk,
        content=GroupContent(name="Cụm 1", unit_ids=[first.pk, second.pk]),
        actor=drafter,
        at=timezone.now(),
    )
    held = groups_for(drafter.unit)
    delete_group(group_id=group.pk, actor=drafter, at=timezone.now())

    assert [(each.name, each.unit_ids) for each in held] == [("Cụm 1", {first.pk, second.pk})]
    assert groups_for(drafter.unit) == []
    made, changed, deleted = Entry.objects.filter(action__startswith="directory.group").order_by("pk")
    assert made.details == {"name": "Cụm số 1", "level": "", "bloc": "", "units": [first.name]}
    assert changed.action == "directory.group.changed"
    assert (deleted.action, deleted.details["name"]) == ("directory.group.deleted", "Cụm 1")


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"name": " ", "level": Level.COMMUNE}, "name"),
        ({"name": "x" * 121, "level": Level.COMMUNE}, "name"),
        ({"name": "CUM mot", "level": Level.COMMUNE}, "name"),
        ({"name": "Hai"}, "units"),
        ({"name": "Hai", "unit_ids": [0]}, "units"),
        ({"name": "Hai", "unit_ids": [1], "bloc": Bloc.PARTY}, "units"),
        ({"name": "Hai", "level": "galaxy"}, "level"),
    ],
)
def test_a_group_that_cannot_be_is_refused_by_its_field(drafter, content, field):
    save(drafter, name="Cụm một", level=Level.COMMUNE)

    with pytest.raises(GroupRefused) as refused:
        save(drafter, **content)

    assert [fault.field for fault in refused.value.faults] == [field]
    assert UnitGroup.objects.count() == 1


def test_units_name_their_groups_apart(drafter):
    other = AppointmentFactory()
    mine, theirs = (save(each, name="Cụm một", level=Level.COMMUNE) for each in (drafter, other))

    with pytest.raises(GroupNotFound):
        delete_group(group_id=theirs.pk, actor=drafter, at=timezone.now())

    assert [each.pk for each in groups_for(drafter.unit)] == [mine.pk]


def test_only_the_keeper_makes_and_changes_groups_of_the_province(drafter, keeper):
    with pytest.raises(NotPermitted):
        save(drafter, is_provincial=True, name="Các xã", level=Level.COMMUNE)
    group = save(keeper, is_provincial=True, name="Các xã", level=Level.COMMUNE)
    with pytest.raises(NotPermitted):
        delete_group(group_id=group.pk, actor=drafter, at=timezone.now())

    assert [each.name for each in groups_for(drafter.unit)] == ["Các xã"]
    assert actions() == ["directory.group.made"]


def test_the_pages_make_and_change_a_group(client, drafter):
    first, second = UnitFactory(), UnitFactory()

    nameless = client.post(f"{LIST}new/", rows(first, name="", only_units="1"))
    empty = client.post(f"{LIST}new/", {"name": "Cụm một"})
    picking = client.post(f"{LIST}new/", rows(first, name="Cụm một", add=f"unit:{second.pk}"))
    made = client.post(f"{LIST}new/", rows(first, second, name="Cụm một"))
    group = UnitGroup.objects.get()
    shown = client.get(f"{LIST}{group.pk}/")
    changed = client.post(f"{LIST}{group.pk}/", rows(second, name="Cụm hai"))

    assert (nameless.status_code, list(nameless.context["form"].errors)) == (422, ["name"])
    assert [row.label for row in nameless.context["rows"]] == [first.name]
    assert (empty.status_code, empty.context["form"]["name"].value()) == (422, "Cụm một")
    assert empty.context["units_fault"] in empty.content.decode()
    assert (picking.status_code, picking.context["form"]["name"].value()) == (200, "Cụm một")
    assert [row.label for row in picking.context["rows"]] == [first.name, second.name]
    assert (made.url, changed.url) == (LIST, LIST)
    assert {row.label for row in shown.context["rows"]} == {first.name, second.name}
    group.refresh_from_db()
    assert (group.name, group.owner, list(group.members.all())) == ("Cụm hai", drafter.unit, [second])


def test_the_list_offers_to_change_only_what_one_keeps(client, drafter, keeper):
    save(keeper, is_provincial=True, name="Các xã", level=Level.COMMUNE)
    own = save(drafter, name="Cụm một", unit_ids=[UnitFactory().pk])

    shown = client.get(LIST).context["groups"]
    client.post(f"{LIST}{own.pk}/delete/")

    assert [(group.name, may_keep) for group, _amount, may_keep in shown] == [
        ("Các xã", False),
        ("Cụm một", True),
    ]
    assert [group.name for group, _amount, _may in client.get(LIST).context["groups"]] == ["Các xã"]


def test_the_chosen_recipients_are_saved_as_a_group(client, drafter):
    first, second = UnitFactory(), UnitFactory()
    url = reverse("documents:draft_recipients")

    nameless = client.post(url, rows(first, second, save_group="1", group_name=" "))
    saved = client.post(url, rows(first, second, save_group="1", group_name="Cụm một"))
    outside = rows(first, save_group="1", group_name="Cụm hai")
    outside = {**outside, "to": [*outside["to"], "paper"], "purpose": ["act", "act"]}
    outside |= {"to_name": ["", "Công ty A"], "to_address": ["", ""]}
    told = client.post(url, outside).context

    assert nameless.context["group_fault"]
    assert len(nameless.context["rows"]) == 2
    assert "Cụm một" in saved.context["group_saved"]
    assert (told["group_name"], bool(told["group_fault"])) == ("Cụm hai", True)
    group = UnitGroup.objects.get()
    assert (group.owner, set(group.members.all())) == (drafter.unit, {first, second})


def test_the_form_of_a_draft_saves_a_group_without_scripts_and_keeps_what_was_typed(client, drafter):
    unit = UnitFactory()
    sent = rows(unit, save_group="1", group_name="Cụm một", subject="Báo cáo")

    page = client.post(reverse("documents:outgoing_new"), sent)

    assert (page.status_code, page.context["values"]["subject"]) == (200, "Báo cáo")
    assert [each.name for each in page.context["groups"]] == ["Cụm một"]


def test_programs_keep_groups_as_pages_do(client, drafter):
    unit, url = UnitFactory(), "/api/v1/recipient-groups"

    def send(method, address, **body):
        return getattr(client, method)(address, json.dumps(body), content_type="application/json")

    made = send("post", url, name="Cụm một", unit_ids=[unit.pk])
    again = send("post", url, name="Cụm một", unit_ids=[unit.pk])
    provincial = send("post", url, name="Các xã", level="commune", is_provincial=True)
    changed = send("put", f"{url}/{made.json()['id']}", name="Các xã", level="commune")
    listed = client.get(url).json()
    gone = client.delete(f"{url}/{made.json()['id']}")

    assert (made.status_code, made.json()["unit_ids"]) == (201, [unit.pk])
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "name")
    assert provincial.status_code == 403
    assert (changed.json()["level"], changed.json()["is_provincial"]) == ("commune", False)
    assert [each["name"] for each in listed] == ["Các xã"]
    assert (gone.status_code, client.get(url).json()) == (204, [])
    assert actions() == ["directory.group.made", "directory.group.changed", "directory.group.deleted"]
