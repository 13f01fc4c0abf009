"""Trying an operation, and getting the keys for it (bàn thử, khóa dùng thử)."""

import json
import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.enums import IdentifierForm
from dinh.directory.models import Appointment, UnitIdentifier
from dinh.exchange.described import OperationForm, operation_form
from dinh.exchange.models import ClientSecret, Member, Operation, System
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.credentials import issue_trial_secret
from dinh.exchange.operations.members import NewSystem, NotInThatState, register_system, saved
from dinh.exchange.queries.registry import systems_visible_to, versions_visible_to
from dinh.exchange.rules import looks_after, speaks_for_unit
from dinh.exchange.sealing import unseal
from dinh.kernel.errors import FieldFault, InvalidInput, NotFound, NotPermitted, Unavailable

MAX_SHOWN: Final = 64 * 1024
MAX_SENT: Final = 64 * 1024
# A gateway knows a new key within 2 s of its commit.
_KNOWN_SECONDS: Final = 4.0
_PAUSE_SECONDS: Final = 0.25
_HEADER: Final = re.compile(r"[\x20-\x7e]*")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Trial:
    """
    What is to be sent.

    :param given: values by `place.name`, as `described.Parameter.field` has it
    :param body: JSON as text, empty for none
    """

    operation_id: int
    system_id: int
    given: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class TrialAnswer:
    """
    :param text: body of the answer, JSON set out, at most 64 kB
    :param exchange_id: in the log, a few seconds later
    :param curl: the same call by hand; TOKEN stands for a token
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    text: str
    is_cut: bool
    milliseconds: float
    exchange_id: str
    curl: str


def try_operation(*, trial: Trial, actor: Appointment, at: datetime) -> TrialAnswer:
    """
    Call an operation through the gateway with the system's trial key, which reaches what is there to be tried only.

    Makes a trial key if the system has none. The gateway logs the call like any other, its user being the appointment.
    Never inside a transaction.

    :raises NotFound, NotPermitted: if the operation is not there, or the system not the actor's
    :raises NotInThatState: if the version cannot be tried
    :raises InvalidInput: naming the parameters at fault
    :raises Unavailable: if the gateway does not answer
    """
    operation, form = operation_to_try(operation_id=trial.operation_id, actor=actor)
    if not operation.version.trial_url:
        raise NotInThatState(_("This version cannot be tried: its owner gives no address for trials."))
    system = _system(trial.system_id, actor)
    url, headers = _address(operation, form, trial.given), _headers(form, trial.given)
    body = _body(form, trial.body)
    key, secret = _key(system, actor, at)
    token = _token(key, secret)
    ours = {"Authorization": f"Bearer {token}", "X-Road-UserId": f"appointment-{actor.pk}"}
    return _sent(operation.method, url, headers, body, ours, operation.version.timeout_seconds)


def operation_to_try(*, operation_id: int, actor: Appointment) -> tuple[Operation, OperationForm]:
    """An operation of the catalogue and what is filled in to call it. :raises NotFound:"""
    rows = Operation.objects.filter(version__in=versions_visible_to(actor)).select_related(
        "version__service__system__member"
    )
    found = rows.filter(pk=operation_id).first()
    if found is None:
        raise NotFound(_("There is no such operation."))
    return found, operation_form(found.version.document, method=found.method, path=found.path)


@transaction.atomic
def make_trial_system(*, name: str, code: str, actor: Appointment, at: datetime) -> tuple[ClientSecret, str]:
    """
    A system of the actor's own unit with a trial key, at once.

    The unit becomes a member under its identifier code, if it is none yet. Writes audit entries, tells the gateways.

    :returns: the key, and its secret in clear
    :raises NotPermitted: unless the actor speaks for the unit
    :raises InvalidInput, AlreadyThere, NotInThatState:
    """
    member = _own_member(actor, at)
    system = register_system(new=NewSystem(member.pk, code, name), actor=actor, at=at)
    return issue_trial_secret(system_id=system.pk, label=_("Trial"), actor=actor, at=at)


def _own_member(actor: Appointment, at: datetime) -> Member:
    found = Member.objects.filter(unit_id=actor.unit_id, valid_to=None).order_by("pk").first()
    if found is not None:
        return found
    if not speaks_for_unit(actor):
        raise NotPermitted(_("Head, deputies and administrators of a unit register its systems."))
    today = timezone.localdate(at)
    holding = UnitIdentifier.objects.filter(unit_id=actor.unit_id, valid_from__lte=today)
    code = holding.filter(Q(valid_to=None) | Q(valid_to__gte=today), form=IdentifierForm.NEW).first()
    if code is None:
        raise NotInThatState(
            _("Your unit has no identifier code. Ask the keeper of the platform to register it.")
        )
    member = Member(code=code.value, name=actor.unit.name, unit_id=actor.unit_id, valid_from=code.valid_from)
    saved(member, field="code", refusal=_("There is a member with this identifier."))
    details = {"code": member.identifier}
    record("exchange.member.registered", target=member, actor=actor, at=at, details=details)
    tell_gateways()
    return member


def _system(system_id: int, actor: Appointment) -> System:
    system = systems_visible_to(actor).filter(pk=system_id).first()
    if system is None:
        raise NotFound(_("There is no such system."))
    if not looks_after(actor, system):
        raise NotPermitted(_("You do not look after this system."))
    return system


def _key(system: System, actor: Appointment, at: datetime) -> tuple[str, str]:
    """The newest trial key of the system and its secret; a new one if there is none."""
    row = system.secrets.filter(is_trial=True, revoked_at=None, expires_at__gt=at).first()
    if row is not None and row.sealed:
        return row.consumer_key, unseal(bytes(row.sealed), secret=settings.SECRET_KEY).decode()
    made, plain = issue_trial_secret(system_id=system.pk, label=_("Trial page"), actor=actor, at=at)
    return made.consumer_key, plain


def _token(key: str, secret: str) -> str:
    """:raises Unavailable:"""
    last = time.monotonic() + _KNOWN_SECONDS
    while True:
        try:
            answer = httpx.post(
                f"{settings.GATEWAY_URL}/token", data={"grant_type": "client_credentials"}, auth=(key, secret),
                timeout=5, trust_env=False,
            )  # fmt: skip
        except httpx.HTTPError as error:
            raise Unavailable(_("The gateway does not answer: %(why)s") % {"why": error}) from error
        if answer.status_code == 200:
            return str(answer.json()["access_token"])
        if time.monotonic() > last:
            raise Unavailable(_("The gateway does not know the key yet. Try again in a moment."))
        time.sleep(_PAUSE_SECONDS)


def _address(operation: Operation, form: OperationForm, given: Mapping[str, str]) -> str:
    """:raises InvalidInput: naming what is missing"""
    missing = [each for each in form.parameters if each.is_required and not given.get(each.field, "").strip()]
    if missing:
        faults = [FieldFault(each.field, _("This value is needed.")) for each in missing]
        raise InvalidInput(_("Correct the fields named below."), faults=faults)
    path = operation.path
    for each in form.parameters:
        if each.place == "path":
            path = path.replace(f"{{{each.name}}}", quote(given[each.field].strip(), safe=""))
    query = [
        (each.name, given[each.field])
        for each in form.parameters
        if each.place == "query" and given.get(each.field, "") != ""
    ]
    version = operation.version
    address = f"{settings.GATEWAY_URL}/{version.service.code}/{version.version}{path}"
    return f"{address}?{urlencode(query)}" if query else address


def _headers(form: OperationForm, given: Mapping[str, str]) -> dict[str, str]:
    """:raises InvalidInput: naming a header that cannot be sent"""
    found: dict[str, str] = {}
    for each in form.parameters:
        value = given.get(each.field, "").strip()
        if each.place != "header" or not value:
            continue
        if not _HEADER.fullmatch(value) or not _HEADER_NAME.fullmatch(each.name):
            raise InvalidInput(
                _("Only plain Latin letters, digits and signs go into a header."), field=each.field
            )
        found[each.name] = value
    return found


def _body(form: OperationForm, text: str) -> bytes | None:
    """:raises InvalidInput: unless it is JSON"""
    if form.body is None or not text.strip():
        return None
    if len(text) > MAX_SENT:
        raise InvalidInput(_("Send at most 64 kB here."), field="body")
    try:
        json.loads(text)
        return text.encode()
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_("This is no JSON: %(why)s") % {"why": error}, field="body") from error


def _sent(
    method: str, url: str, headers: dict[str, str], body: bytes | None, ours: dict[str, str], seconds: int
) -> TrialAnswer:
    told = {**headers, "Accept": "application/json, */*"}
    if body is not None:
        told["Content-Type"] = "application/json"
    began, shown = time.perf_counter(), bytearray()
    try:
        with httpx.stream(
            method, url, headers={**told, **ours}, content=body,
            timeout=httpx.Timeout(seconds + 5.0, connect=3.0), trust_env=False, follow_redirects=False,
        ) as answer:  # fmt: skip
            for part in answer.iter_bytes():
                shown += part
                if len(shown) > MAX_SHOWN:
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(
            _("No whole answer came: %(why)s") % {"why": error or type(error).__name__}
        ) from error
    return TrialAnswer(
        status=answer.status_code,
        reason=answer.reason_phrase,
        headers=tuple(answer.headers.multi_items()),
        text=_set_out(bytes(shown[:MAX_SHOWN])),
        is_cut=len(shown) > MAX_SHOWN,
        milliseconds=(time.perf_counter() - began) * 1000,
        exchange_id=answer.headers.get("x-exchange-id", ""),
        curl=_curl(method, url, told, body),
    )


def _set_out(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


def _curl(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> str:
    named = {"Authorization": "Bearer TOKEN", **headers}
    parts = ["curl", *(["-X", method] if method != "GET" else [])]
    parts += [part for name, value in named.items() for part in ("-H", shlex.quote(f"{name}: {value}"))]
    if body is not None:
        parts += ["--data-raw", shlex.quote(json.dumps(json.loads(body), ensure_ascii=False))]
    return " ".join([*parts, shlex.quote(url)])
