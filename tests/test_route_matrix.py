"""Each route by each role: who may gets an answer, who may not gets what a missing page would give."""

import re
from copy import copy
from dataclasses import dataclass
from datetime import date, timedelta
from http.cookies import SimpleCookie
from typing import Any

import factory
import pytest
from django.db import transaction
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from route_matrix import CALLS, COMPLETE_UNDER, EVERYBODY, FORMS, PAGES, ROLES, SIGNING_IN
from test_routes import ALL, address

from dinh.directory.enums import ChangeKind, IdentifierForm, Role
from dinh.directory.models import ApiToken, SignedInSession, StructureChange, UnitGroup, UnitIdentifier
from dinh.directory.tests.factories import (
    AccountFactory,
    AppointmentFactory,
    DivisionFactory,
    PositionFactory,
    UnitFactory,
)
from dinh.documents.enums import IncomingState
from dinh.documents.models import Document, Incoming
from dinh.exchange.tests.world import make_system, make_version
from dinh.signing.models import Custody
from dinh.storage.api import store_bytes

pytestmark = pytest.mark.usefixtures("own_changes")
PROCESSES_NEEDED = {"healthz"}
"""Answers 503 where no worker runs beside the tests."""
ASKED_AS_PAGES = {path for path in PAGES if path in ALL}
"""Addresses without ids, of which `test_page_is_shown_to_exactly_those_who_may` asks more for the same roles."""


@dataclass(frozen=True)
class World:
    """
    One unit with its people, a keeper of the directory, the head of another unit.

    :param cookies: by role, of somebody who has signed in
    :param ids: objects of the unit, by the name that addresses give them
    """

    cookies: dict[str, SimpleCookie]
    ids: dict[str, int]


@pytest.fixture(scope="module")
def world(module_database):
    unit = UnitFactory()
    division = DivisionFactory(unit=unit)
    places = {role: (unit, [role]) for role in ("clerk", "specialist", "division_head", "unit_head")}
    places["administrator"] = (unit, [Role.ADMINISTRATOR])
    places["keeper"] = (UnitFactory(keeps_directory=True), [Role.ADMINISTRATOR])
    places["other"] = (UnitFactory(), [Role.UNIT_HEAD])
    accounts = {
        name: AccountFactory(
            password=factory.Transformer.Force("!"),
            current_appointment=AppointmentFactory(unit=place, roles=roles),
        )
        for name, (place, roles) in places.items()
    }
    colleague = AccountFactory(
        password=factory.Transformer.Force("!"), current_appointment=AppointmentFactory(unit=unit)
    )
    ids = {
        "unit_id": unit.pk,
        "division_id": division.pk,
        "person_id": colleague.person_id,
        "appointment_id": colleague.current_appointment_id,
        "position_id": PositionFactory().pk,
        "identifier_id": UnitIdentifier.objects.create(
            unit=unit, form=IdentifierForm.NEW, value="H03.12", valid_from=date(2020, 1, 1)
        ).pk,
        "session_id": SignedInSession.objects.create(
            account=colleague, session_key="k", started_at=timezone.now(), last_seen_at=timezone.now()
        ).pk,
        "token_id": ApiToken.objects.create(
            appointment=colleague.current_appointment, label="máy", digest="d", expires_at=timezone.now()
        ).pk,
        "group_id": UnitGroup.objects.create(name="Các phòng", owner=unit).pk,
        "incoming_id": arrival(unit).pk,
        "custody_id": held_seal(unit, colleague.current_appointment).pk,
        "change_id": planned_change(accounts["keeper"]).pk,
    }
    return World({"stranger": SimpleCookie()} | signed_in(accounts), ids | offered(unit))


def signed_in(accounts):
    cookies = {}
    for role, account in accounts.items():
        client = Client()
        client.force_login(account)
        cookies[role] = client.cookies
    return cookies


@pytest.fixture(scope="module")
def client():
    """One for all: each new one would set up all middleware anew."""
    return Client()


def offered(unit):
    """A service that the unit offers, whose provider is not there."""
    system = make_system("A", unit=unit)
    version = make_version(system, base_url="http://127.0.0.1:1", service="kho", version="1", paths=["/nho"])
    certificate = system.certificates.create(
        certificate=b"", fingerprint="f" * 64, subject_name="CN=a", issuer_name="CN=a", created_at=timezone.now(),
        valid_from=timezone.now(), valid_to=timezone.now() + timedelta(days=9),
    )  # fmt: skip
    return {
        "certificate_id": certificate.pk,
        "member_id": system.member_id, "system_id": system.pk, "version_id": version.pk,
        "operation_id": version.operations.get().pk, "service_id": version.service_id,
    }  # fmt: skip


def planned_change(keeper):
    nothing = {"units": [], "made": {}, "changed": {}}
    return StructureChange.objects.create(
        kind=ChangeKind.CHANGED,
        title="Đổi tên",
        effective_date=date(2050, 1, 1),
        journal=nothing,
        entered_by=keeper.current_appointment,
        entered_at=timezone.now(),
    )


def held_seal(unit, holder):
    return Custody.objects.create(
        unit=unit, kind="seal", name="Con dấu tròn", holder=holder, from_date=date(2026, 1, 2), minutes_number="1/BB",
        recorded_at=timezone.now(),
    )  # fmt: skip


def arrival(unit):
    letter = Document.objects.create(
        issuer_name="Sở Nội vụ",
        bloc="government",
        type_code="CV",
        code="12/SNV-VP",
        subject="Về việc trực Tết",
        content_id=store_bytes(b"%PDF-1.7\n%%EOF\n").sha256,
        created_at=timezone.now(),
    )
    return Incoming.objects.create(
        document=letter, unit=unit, state=IncomingState.ARRIVED, arrived_at=timezone.now()
    )


def filled(value: Any, ids: dict[str, int]) -> Any:
    """A line of the table with the ids of this world in place of their names."""
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


def is_let_in(response) -> bool:
    """An answer, or a refusal for a reason other than who asks (409, 422)."""
    led_to_sign_in = response.status_code == 302 and "/sign-in/" in response["Location"]
    return not led_to_sign_in and (response.status_code < 400 or response.status_code in (409, 422))


def let_in(client, world: World, method: str, path: str, body: dict[str, object] | None = None) -> set[str]:
    """The roles that get an answer; each asks in a world of its own."""
    return {role for role in ROLES if is_let_in(call(client, world, role, method, path, body))}


def call(client, world, role, method, path, body=None):
    client.cookies = copy(world.cookies[role])
    with transaction.atomic():
        url = "/" + path.format(**world.ids)
        kind = {"content_type": "application/json"} if path.startswith("api/") and body is not None else {}
        response = getattr(client, method.lower())(url, filled(body, world.ids), **kind)
        assert response.status_code in (404, 401, 302) or is_let_in(response), (role, response.status_code)
        transaction.set_rollback(True)
    return response


@pytest.mark.parametrize("path", PAGES)
def test_page_is_shown_to_exactly_those_who_may(client, world, path):
    assert let_in(client, world, "GET", path) == PAGES[path]


@pytest.mark.parametrize("path", FORMS)
def test_form_is_taken_from_exactly_those_who_may(client, world, path):
    allowed, body = FORMS[path]

    assert let_in(client, world, "POST", path, body) == allowed


@pytest.mark.parametrize("line", CALLS)
def test_call_is_taken_from_exactly_those_who_may(client, world, line):
    method, path = line.split()
    allowed, body = CALLS[line]

    assert let_in(client, world, method, path, body) == allowed


@pytest.mark.parametrize("route", [route for route in ALL if route not in PROCESSES_NEEDED | ASKED_AS_PAGES])
def test_no_route_breaks_for_any_role(client, world, route):
    """Also those without a line yet: whatever they answer about things that do not exist, it is no failure."""
    for role in sorted(EVERYBODY):
        client.cookies = copy(world.cookies[role])
        assert client.get(address(route)).status_code < 500


def test_every_route_of_the_complete_parts_has_a_line():
    ids = dict.fromkeys(re.findall(r"{(\w+)}", " ".join([*PAGES, *FORMS, *CALLS])), 1)
    paths = [*PAGES, *FORMS, *(line.split()[1] for line in CALLS)]
    listed = {resolve("/" + path.format(**ids).partition("?")[0]).route for path in paths}

    missing = [route for route in ALL if route.startswith(COMPLETE_UNDER) and route not in listed]
    assert sorted(set(missing) - SIGNING_IN) == []
