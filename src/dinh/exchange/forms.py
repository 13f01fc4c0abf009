"""Forms of the exchange's pages."""

import csv
import io
from dataclasses import fields
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from dinh.directory.models import Appointment, Unit
from dinh.exchange.described import OperationForm, Parameter
from dinh.exchange.enums import MemberClass, Outcome, ProviderProtocol
from dinh.exchange.models import Operation, ServiceVersion
from dinh.exchange.openapi import MAX_BYTES
from dinh.exchange.operations.dictionaries import Column, Item
from dinh.exchange.operations.grants import NewGrant
from dinh.exchange.operations.members import NewMember, NewSystem
from dinh.exchange.operations.services import NewService, NewVersion, Provider, description_given
from dinh.exchange.operations.trials import Trial
from dinh.exchange.queries.registry import members_visible_to, systems_visible_to
from dinh.exchange.queries.volumes import Wanted
from dinh.kernel.errors import InvalidInput

ITEMS_MAX_BYTES = 10 * 1024 * 1024


def day_field(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"), **more)


class _Form(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dress()

    def _dress(self) -> None:
        for field in self.fields.values():
            if isinstance(field.widget, forms.CheckboxSelectMultiple | forms.CheckboxInput):
                field.widget.attrs["class"] = "form-check-input"
            elif isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "form-select"
            else:
                field.widget.attrs["class"] = "form-control"


def _offer(form: forms.Form, name: str, choices: list[tuple[int, str]]) -> None:
    field = cast("forms.ChoiceField", form.fields[name])
    field.choices = choices


class AccessesForm(_Form):
    number = forms.CharField(
        label=gettext_lazy("Personal number"),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=gettext_lazy(
            "As the services are asked by it: personal identification number, insurance number."
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the inquiry"),
        max_length=300,
        help_text=gettext_lazy("Recorded in the audit log; the number itself is not."),
    )


class _PeriodForm(_Form):
    since = day_field(gettext_lazy("From"), required=False)
    until = day_field(gettext_lazy("To"), required=False)

    def clean(self) -> dict[str, Any] | None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day is before the first one."))
        return self.cleaned_data


class LogForm(_PeriodForm):
    q = forms.CharField(
        label=gettext_lazy(
            "Id of the exchange or its message, user, issue, or the identifier of a system or of whom it called for"
        ),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "data-global-search": ""}),
    )
    service = forms.CharField(label=gettext_lazy("Service"), max_length=60, required=False)
    outcome = forms.CharField(widget=forms.HiddenInput, required=False)

    field_order = ("q", "since", "until", "service", "outcome")


class ArchiveForm(_PeriodForm):
    client = forms.CharField(label=gettext_lazy("Client system"), max_length=160, required=False)
    service = forms.CharField(label=gettext_lazy("Service"), max_length=60, required=False)
    outcome = forms.ChoiceField(
        label=gettext_lazy("Result"), required=False, choices=[("", gettext_lazy("All")), *Outcome.choices]
    )

    def wanted(self) -> Wanted:
        """Of a clean form."""
        return Wanted(**self.cleaned_data)


class DisposalForm(_Form):
    reason = forms.CharField(
        label=gettext_lazy("Decision that this rests on"),
        max_length=300,
        help_text=gettext_lazy("Number and day of the decision, and who made it. Stands in the audit log."),
    )
    upto = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)


class MemberForm(_Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    instance = forms.CharField(label=gettext_lazy("X-Road instance"), max_length=20, initial="VN")
    member_class = forms.ChoiceField(label=gettext_lazy("Class"), choices=MemberClass.choices)
    code = forms.CharField(
        label=gettext_lazy("Identifier code"), max_length=40, help_text=gettext_lazy("E.g. H03.12.")
    )
    unit = forms.CharField(
        label=gettext_lazy("Code of the unit in the directory"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("Its head then looks after its systems. Empty for an outside organisation."),
    )
    valid_from = day_field(gettext_lazy("From"))

    def new_member(self) -> NewMember:
        """:raises InvalidInput: if no unit has the code"""
        data = self.cleaned_data
        unit = Unit.objects.filter(code=data["unit"].strip()).first() if data["unit"] else None
        if data["unit"] and unit is None:
            raise InvalidInput(_("No unit has this code."), field="unit")
        names = ("instance", "member_class", "code", "name", "valid_from")
        return NewMember(unit_id=unit.pk if unit else None, **{name: data[name] for name in names})


class SystemForm(_Form):
    member_id = forms.TypedChoiceField(label=gettext_lazy("Member"), coerce=int)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    code = forms.CharField(
        label=gettext_lazy("System code"), max_length=40, help_text=gettext_lazy("E.g. MOTCUA, QLVB.")
    )
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea({"rows": 3})
    )
    contact = forms.CharField(label=gettext_lazy("Contact"), max_length=200, required=False)

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = members_visible_to(appointment)
        _offer(self, "member_id", [(row.pk, f"{row.name} ({row.identifier})") for row in members])

    def new_system(self) -> NewSystem:
        return NewSystem(**self.cleaned_data)


class ServiceForm(_Form):
    system_id = forms.TypedChoiceField(label=gettext_lazy("System"), coerce=int)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    code = forms.CharField(
        label=gettext_lazy("Name in addresses"),
        max_length=60,
        help_text=gettext_lazy("Callers write /name/version/operation."),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        systems = systems_visible_to(appointment)
        _offer(self, "system_id", [(row.pk, f"{row.name} ({row.identifier})") for row in systems])

    def new_service(self) -> NewService:
        return NewService(**self.cleaned_data)


class ProviderForm(_Form):
    base_url = forms.URLField(
        label=gettext_lazy("Address of the provider"),
        assume_scheme="https",
        max_length=300,
        help_text=gettext_lazy("What comes before the paths of the description."),
    )
    timeout_seconds = forms.IntegerField(
        label=gettext_lazy("Longest wait (seconds)"), min_value=1, max_value=300, initial=30
    )
    max_body_mb = forms.IntegerField(
        label=gettext_lazy("Largest body (MB)"), min_value=1, max_value=10_000, initial=100
    )

    protocol = forms.ChoiceField(
        label=gettext_lazy("Protocol"), choices=ProviderProtocol.choices, required=False
    )
    xroad_client = forms.CharField(
        label=gettext_lazy("Client at the security server"),
        max_length=160,
        required=False,
        help_text=gettext_lazy("INSTANCE/CLASS/MEMBER/SUBSYSTEM; empty: each caller by its own name."),
    )

    def clean_protocol(self) -> str:
        return self.cleaned_data["protocol"] or ProviderProtocol.PLAIN

    def provider(self) -> Provider:
        return Provider(**{each.name: self.cleaned_data[each.name] for each in fields(Provider)})


class VersionForm(ProviderForm):
    version = forms.CharField(
        label=gettext_lazy("Version"), max_length=20, help_text=gettext_lazy("E.g. 1.0 or v1.")
    )
    document = forms.FileField(
        label=gettext_lazy("OpenAPI description"),
        required=False,
        help_text=gettext_lazy("OpenAPI 3, JSON or YAML, at most 2 MB."),
    )
    document_url = forms.URLField(
        label=gettext_lazy("Or fetch it from"), required=False, assume_scheme="https", max_length=300
    )
    trial_url = forms.URLField(
        label=gettext_lazy("Address for trials"),
        assume_scheme="https",
        max_length=300,
        required=False,
        help_text=gettext_lazy(
            "Of a copy with invented data, never of the real system. Without it the version cannot be tried."
        ),
    )
    validates = forms.BooleanField(
        label=gettext_lazy("Refuse requests that the description does not fit"),
        required=False,
        help_text=gettext_lazy("Parameters, and JSON bodies up to 1 MB; the answer names the fields."),
    )

    field_order = (
        "version", "document", "document_url", "base_url", "protocol", "xroad_client", "trial_url", "timeout_seconds",
        "max_body_mb", "validates",
    )  # fmt: skip

    def new_version(self) -> NewVersion:
        """Fetches the description if it is not uploaded. :raises InvalidInput, Unavailable:"""
        given = {
            name: self.cleaned_data[name] for name in self.field_order if not name.startswith("document")
        }
        upload, url = self.cleaned_data["document"], self.cleaned_data["document_url"]
        data = upload.read(MAX_BYTES + 1) if upload else None
        return NewVersion(description=description_given(upload=data, url=url), **given)


class AskForm(_Form):
    system_id = forms.TypedChoiceField(label=gettext_lazy("Your system"), coerce=int)
    operation_ids = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Operations"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose of use"), max_length=500, widget=forms.Textarea({"rows": 2})
    )
    legal_basis = forms.CharField(
        label=gettext_lazy("Legal basis"),
        max_length=300,
        help_text=gettext_lazy("The article that lets you use this data."),
    )
    valid_from = day_field(gettext_lazy("From"))
    valid_to = day_field(gettext_lazy("To"))
    daily_quota = forms.IntegerField(
        label=gettext_lazy("Calls a day"), min_value=1, max_value=2_000_000_000, initial=10_000
    )
    rate = forms.IntegerField(
        label=gettext_lazy("Calls a second"), min_value=1, max_value=1_000_000, initial=20
    )

    def __init__(self, *args: Any, appointment: Appointment, version: ServiceVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version
        systems = systems_visible_to(appointment).exclude(pk=version.service.system_id)
        operations = Operation.objects.filter(version=version)
        _offer(self, "system_id", [(row.pk, f"{row.name} ({row.identifier})") for row in systems])
        _offer(
            self,
            "operation_ids",
            [
                (row.pk, f"{row.method} {row.path}" + (f": {row.summary}" if row.summary else ""))
                for row in operations
            ],
        )

    def new_grant(self) -> NewGrant:
        return NewGrant(version_id=self.version.pk, **self.cleaned_data)


class TrialForm(_Form):
    """What an operation takes, as its description tells it; fields are called `place.name`."""

    system_id = forms.TypedChoiceField(label=gettext_lazy("On behalf of"), coerce=int)

    def __init__(
        self, *args: Any, appointment: Appointment, described: OperationForm, system: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, initial={"system_id": system}, **kwargs)
        systems = [(row.pk, f"{row.name} ({row.identifier})") for row in systems_visible_to(appointment)]
        self.has_systems = bool(systems)
        _offer(self, "system_id", systems)
        self.fields.update({each.field: _parameter_field(each) for each in described.parameters})
        if described.body is not None:
            self.fields["body"] = _body_field(described.body)
        self._dress()
        if "body" in self.fields:
            self.fields["body"].widget.attrs["class"] += " font-monospace"

    def new_trial(self, operation_id: int) -> Trial:
        given = {name: value for name, value in self.cleaned_data.items() if "." in name}
        body = self.cleaned_data.get("body", "")
        return Trial(operation_id, self.cleaned_data["system_id"], given, body)


def _body_field(example: str) -> forms.Field:
    lines = min(example.count("\n") + 2, 20)
    widget = forms.Textarea({"rows": lines, "spellcheck": "false"})
    return forms.CharField(label=gettext_lazy("Body (JSON)"), required=False, initial=example, widget=widget)


def _parameter_field(told: Parameter) -> forms.Field:
    """Whether it is needed is judged where it is sent, so that programs are told the same."""
    words = " · ".join(part for part in (told.description, _(PLACES[told.place])) if part)
    label = f"{told.name} *" if told.is_required else told.name
    if told.options:
        choices = [(each, each) for each in (*(() if told.is_required else ("",)), *told.options)]
        return forms.ChoiceField(
            label=label, help_text=words, required=False, choices=choices, initial=told.example
        )
    return forms.CharField(
        label=label, help_text=words, required=False, max_length=4000, initial=told.example
    )


PLACES = {
    "path": gettext_noop("in the path"),
    "query": gettext_noop("in the query"),
    "header": gettext_noop("as a header"),
}


class TrialKeyForm(_Form):
    system_id = forms.TypedChoiceField(
        label=gettext_lazy("For which system"), coerce=int, required=False, empty_value=None
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the new system"), max_length=200, required=False,
        help_text=gettext_lazy("Only for a new one."),
    )  # fmt: skip
    code = forms.CharField(
        label=gettext_lazy("Code of the new system"), max_length=40, required=False,
        help_text=gettext_lazy("E.g. MOTCUA, QLVB."),
    )  # fmt: skip

    def __init__(self, *args: Any, appointment: Appointment, **kwargs: Any) -> None:
        initial = {"name": _("Software of %(unit)s") % {"unit": appointment.unit.name}, "code": "PHANMEM"}
        super().__init__(*args, initial=initial, **kwargs)
        systems = list(systems_visible_to(appointment))
        named = [(str(row.pk), f"{row.name} ({row.identifier})") for row in systems]
        cast("forms.ChoiceField", self.fields["system_id"]).choices = [
            *named,
            ("", _("A new system of my unit")),
        ]
        self.fields["system_id"].initial = named[0][0] if named else ""

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name in ("name", "code"):
            if not data.get("system_id") and not data.get(name):
                self.add_error(name, _("This value is needed."))
        return data


class DictionaryForm(_Form):
    code = forms.CharField(
        label=gettext_lazy("Code of the catalogue"),
        max_length=60,
        help_text=gettext_lazy("E.g. madantoc. A known code: its next version."),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    legal_basis = forms.CharField(
        label=gettext_lazy("Issued by which document"), max_length=200, required=False
    )
    valid_from = day_field(gettext_lazy("From"))
    items = forms.FileField(
        label=gettext_lazy("Items"),
        help_text=gettext_lazy(
            "CSV in UTF-8: code, name, then any columns. The first line names them as the service gives them, each "
            "with its title if wanted: MaDanToc: Mã dân tộc. At most 10 MB."
        ),
    )

    def sheet(self) -> tuple[list[Column], list[Item]]:
        """:raises InvalidInput: if the file cannot be read"""
        upload = self.cleaned_data["items"]
        if (upload.size or 0) > ITEMS_MAX_BYTES:
            raise InvalidInput(_("The file is larger than 10 MB."), field="items")
        return read_items(upload.read())


def read_items(data: bytes) -> tuple[list[Column], list[Item]]:
    """
    Columns and items of a catalogue from CSV: code, name, then others. The first line has `name`, `name: title` or
    `name: title: DateTime` of each.

    :raises InvalidInput: naming the field `items`
    """
    try:
        text = data.decode("utf-8-sig")
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        raise InvalidInput(_("This is no CSV file in UTF-8."), field="items") from error
    if len(header) < 2:
        raise InvalidInput(_("The first line names the columns: code, name, and so on."), field="items")
    columns = [_column(each) for each in header]
    others = [each.name for each in columns[2:]]
    return columns, [
        Item(
            line[0].strip(),
            line[1].strip() if len(line) > 1 else "",
            dict(zip(others, line[2:], strict=False)),
        )
        for line in lines
        if line
    ]


def _column(cell: str) -> Column:
    """:raises InvalidInput:"""
    parts = [part.strip() for part in cell.split(":")]
    if len(parts) > 3:
        raise InvalidInput(_("A column is of the kind String or DateTime."), field="items")
    return Column(*parts)
