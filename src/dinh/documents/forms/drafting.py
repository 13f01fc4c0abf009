"""What the page of a draft sends, read into a plan; and a draft, written back into the page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from dinh.directory.models import Appointment, Unit
from dinh.documents.enums import Channel, Purpose, Secrecy, StepKind, Urgency
from dinh.documents.forms.letter_form import form_given, shown_given, shown_of
from dinh.documents.letters import DocumentType
from dinh.documents.models import Outgoing
from dinh.documents.operations.draft_plan import DraftPlan, WantedParty, WantedRecipient
from dinh.documents.operations.letter_form import PLAIN_FORM
from dinh.documents.queries.drafting import Group, folded_recipients
from dinh.documents.queries.parties import is_name_of, party_named, party_of
from dinh.kernel.errors import FieldFault, InvalidInput
from dinh.kernel.text import fold

Given = ParamSpec("Given")
Read = TypeVar("Read")
OUTSIDE = (Channel.PAPER, Channel.EMAIL)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the recipients: `to` is `unit:<id>`, `group:<id>`, `paper` or `email`."""

    to: str
    label: str
    purpose: str = Purpose.ACT
    name: str = ""
    address: str = ""
    amount: int = 1


def rows_given(given: QueryDict, groups: Sequence[Group]) -> list[Row]:
    """The recipients as the page sent them, with what its buttons `add` and `remove` ask for."""
    columns = [given.getlist(each) for each in ("to", "purpose", "to_name", "to_address")]
    if len({len(each) for each in columns}) > 1:
        raise InvalidInput(_("Choose the recipients from the list."), field="recipients")
    asked = list(zip(*columns, strict=True))
    gone = given.get("remove", "")
    asked = [each for index, each in enumerate(asked) if str(index) != gone]
    if added := given.get("add", ""):
        asked.append(_added(given, added))
    labels = _unit_names(to for to, *_rest in asked)
    rows = [_row(labels, groups, *each) for each in asked]
    unique = {(row.to, row.name, row.address): row for row in reversed([each for each in rows if each])}
    return list(reversed(unique.values()))


def rows_still_there(given: QueryDict, groups: Sequence[Group]) -> list[Row]:
    """The recipients as the page sent them, without those that are not there, and with nothing added."""
    columns = [given.getlist(each) for each in ("to", "purpose", "to_name", "to_address")]
    labels = _unit_names(columns[0])
    known = {*labels, *OUTSIDE, *(f"group:{each.pk}" for each in groups)}
    asked = [each for each in zip(*columns, strict=False) if each[0] in known]
    return [row for each in asked if (row := _row(labels, groups, *each))]


def rows_of(outgoing: Outgoing, groups: Sequence[Group]) -> list[Row]:
    """The recipients of a draft, groups folded together."""
    rows = []
    for recipient, group in folded_recipients(outgoing.recipients.all(), groups):
        if group is not None:
            rows.append(Row(f"group:{group.pk}", group.name, recipient.purpose, amount=len(group.unit_ids)))
        elif recipient.unit_id:
            rows.append(Row(f"unit:{recipient.unit_id}", recipient.name, recipient.purpose))
        else:
            way, name = recipient.channel, recipient.name
            rows.append(Row(way, name, recipient.purpose, name, recipient.address))
    return rows


def plan_given(
    given: QueryDict, *, sender: Unit, people: Iterable[Appointment], types: Iterable[DocumentType],
    groups: Sequence[Group],
) -> DraftPlan:  # fmt: skip
    """:raises InvalidInput: naming each field that cannot be read"""
    known = {str(each.pk): each for each in people}
    leader, initials, secretary = _names_given(given)
    faults = _faults_of_names(leader, initials, secretary, known)
    plan = partial(
        DraftPlan,
        type_code=type_named(given.get("type_code", ""), types),
        subject=given.get("subject", ""),
        paragraphs=[each for each in given.get("text", "").splitlines() if each.strip()],
        recipients=wanted_of(_read(faults, [], rows_given, given, groups), groups),
        urgency=_read(faults, 0, _chosen, given, "urgency", Urgency.values),
        secrecy=_read(faults, 0, _chosen, given, "secrecy", Secrecy.values),
        reply_due_date=_read(faults, None, _day, given.get("reply_due_date", "")),
        authority=given.get("authority") or None,
        party=_read(faults, None, party_given, given, sender),
        form=_read(faults, PLAIN_FORM, form_given, given),
    )
    if faults:
        raise InvalidInput(" ".join(dict.fromkeys(each.message for each in faults)), faults=faults)
    return plan(
        leader=known[leader], initials=[known[each] for each in initials], secretary=known.get(secretary)
    )


def party_given(given: QueryDict, sender: Unit) -> WantedParty | None:
    """
    The other party of an agreement: the unit of whom was chosen to sign for it, or an outsider by name.

    :raises InvalidInput: if nobody is chosen or named who signs, or both; or if an outsider bears the name of a unit
    """
    name, representative = (given.get(each, "").strip() for each in ("party", "party_representative"))
    if signer := given.get("party_signer", ""):
        return _unit_of_signer(
            signer, authority=given.get("party_authority") or None, alone=not representative
        )
    if not name:
        return None
    found = party_named(name, sender=sender)
    if representative and not is_name_of(name, found):
        position = given.get("party_position", "")
        return WantedParty(name=name, representative=representative, position=position)
    if found:
        raise InvalidInput(
            _("Choose who signs for the other party's unit from the list."), field="party_signer"
        )
    raise InvalidInput(
        _("No unit of the province has this name. Of others, name who signs for them."), field="party"
    )


def _unit_of_signer(signer: str, *, authority: str | None, alone: bool) -> WantedParty:
    """:param alone: whether nobody is named beside, who would sign for an outsider"""
    chosen = Appointment.objects.filter(pk=int(signer)).first() if is_key(signer) else None
    if chosen is None:
        raise InvalidInput(
            _("Choose who signs for the other party's unit from the list."), field="party_signer"
        )
    if not alone:
        raise InvalidInput(
            _("Who signs for a unit is chosen from the list. Leave this empty, or choose nobody there."),
            field="party_representative",
        )
    return WantedParty(unit_id=chosen.unit_id, signer_id=chosen.pk, authority=authority)


def is_key(text: str) -> bool:
    """Whether a page names a row by this."""
    return text.isdecimal() and text.isascii() and len(text) < 10


def _names_given(given: QueryDict) -> tuple[str, list[str], str]:
    """Who signs, who initials, and the secretary of minutes, as the page names them."""
    initials = [each for each in given.getlist("initials") if each]
    return given.get("leader", ""), initials, given.get("secretary", "")


def _faults_of_names(
    leader: str, initials: list[str], secretary: str, known: Mapping[str, Appointment]
) -> list[FieldFault]:
    faults = [] if leader in known else [FieldFault("leader", _("Choose who signs."))]
    named = {"initials": initials, "secretary": [secretary] if secretary else []}
    strangers = [field for field, chosen in named.items() if not known.keys() >= set(chosen)]
    return faults + [FieldFault(field, _("Choose people of your own unit.")) for field in strangers]


def _read(
    faults: list[FieldFault], otherwise: Read, reader: Callable[Given, Read], *args: Given.args,
    **kwargs: Given.kwargs,
) -> Read:  # fmt: skip
    """What a reader gives; where it refuses, its faults join the others."""
    try:
        return reader(*args, **kwargs)
    except InvalidInput as wrong:
        faults.extend(wrong.faults)
        return otherwise


def values_of(outgoing: Outgoing) -> dict[str, object]:
    """What the page's fields hold for a draft: its last version."""
    document, last = outgoing.document, outgoing.versions.last()
    steps = list(outgoing.steps.all())
    signer = next((each for each in steps if each.kind == StepKind.SIGN), None)
    secretary = next((each for each in steps if each.kind == StepKind.COSIGN), None)
    party = party_of(outgoing)
    return {
        "type_code": document.type_code,
        "subject": document.subject,
        "text": "\n".join(last.body.get("paragraphs", [])) if last else "",
        "urgency": str(document.urgency),
        "secrecy": str(document.secrecy),
        "reply_due_date": document.reply_due_date.isoformat() if document.reply_due_date else "",
        "authority": document.signer_authority,
        "leader": str(signer.appointment_id) if signer else "",
        "secretary": str(secretary.appointment_id) if secretary else "",
        "party": party.name if party else "",
        "party_representative": party.representative if party else "",
        "party_position": party.position if party else "",
        "party_authority": party.authority if party else "",
        "party_signer": next((str(each.appointment_id) for each in steps if each.kind == StepKind.PARTY), ""),
        "initials": [str(each.appointment_id) for each in steps if each.kind == StepKind.INITIAL],
        "form": shown_of(outgoing),
    }


def last_text(outgoing: Outgoing) -> str:
    """The last text that was written in the page, though a file may have followed it."""
    bodies = outgoing.versions.order_by("-number").values_list("body", flat=True)
    return "\n".join(next((each["paragraphs"] for each in bodies if each.get("paragraphs")), []))


def values_given(given: QueryDict) -> dict[str, object]:
    """What the page's fields held when it was sent, to be shown again."""
    names = (
        "type_code",
        "subject",
        "text",
        "urgency",
        "secrecy",
        "reply_due_date",
        "authority",
        "leader",
        "secretary",
        "party",
        "party_representative",
        "party_position",
        "party_authority",
        "party_signer",
    )
    return {name: given.get(name, "") for name in names} | {
        "initials": [each for each in given.getlist("initials") if each],
        "form": shown_given(given),
    }


def request_key(given: QueryDict) -> UUID | None:
    """The key that the page carries, None where it is none."""
    try:
        return UUID(given.get("request_key", ""))
    except ValueError:
        return None


def _added(given: QueryDict, added: str) -> tuple[str, str, str, str]:
    purpose = given.get("new_purpose", Purpose.ACT)
    if added in OUTSIDE:
        return added, purpose, given.get("new_name", "").strip(), given.get("new_address", "").strip()
    return added, purpose, "", ""


def _unit_names(wanted: Iterable[str]) -> dict[str, str]:
    keys = [int(to[5:]) for to in wanted if to.startswith("unit:") and to[5:].isdecimal() and len(to) < 15]
    return {f"unit:{pk}": name for pk, name in Unit.objects.filter(pk__in=keys).values_list("pk", "name")}


def _row(
    labels: dict[str, str], groups: Sequence[Group], to: str, purpose: str, name: str, address: str
) -> Row | None:
    """A line; None for an outsider without a name. :raises InvalidInput: if there is no such recipient"""
    if to in OUTSIDE:
        return Row(to, name, purpose, name[:200], address[:200]) if name else None
    if to in labels:
        return Row(to, labels[to], purpose)
    group = next((each for each in groups if to == f"group:{each.pk}"), None)
    if group is None:
        raise InvalidInput(_("Choose the recipients from the list."), field="recipients")
    return Row(to, group.name, purpose, amount=len(group.unit_ids))


def wanted_of(rows: Iterable[Row], groups: Sequence[Group]) -> list[WantedRecipient]:
    """Units named singly come before the members of groups, so that their own purpose holds."""
    members = {f"group:{each.pk}": sorted(each.unit_ids) for each in groups}
    singly, together = [], []
    for row in rows:
        if row.to in members:
            together += [WantedRecipient(unit_id=pk, purpose=row.purpose) for pk in members[row.to]]
        elif row.to in OUTSIDE:
            singly.append(
                WantedRecipient(name=row.name, address=row.address, purpose=row.purpose, channel=row.to)
            )
        else:
            singly.append(WantedRecipient(unit_id=int(row.to[5:]), purpose=row.purpose))
    return singly + together


def type_named(given: str, types: Iterable[DocumentType]) -> str:
    """Code of a type given by code or by name, with or without diacritics."""
    wanted = given.strip()
    found = (each.code for each in types if wanted == each.code or fold(wanted) == fold(each.name))
    return next(found, wanted)


def _chosen(given: QueryDict, name: str, values: Sequence[int]) -> int:
    text = given.get(name) or "0"
    if text not in map(str, values):
        raise InvalidInput(_("Choose from the lists."), field=name)
    return int(text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as wrong:
        raise InvalidInput(_("Give the day to reply by as a date."), field="reply_due_date") from wrong
