"""Input of an absence: the days, and for each position who acts meanwhile."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dinh.directory.models import Appointment
from dinh.worklist.kinds import kinds
from dinh.worklist.operations.absences import NewDelegation


class AbsenceForm(forms.Form):
    start_date = forms.DateField(label=_("First day away"), widget=forms.DateInput({"type": "date"}))
    end_date = forms.DateField(label=_("Last day away"), widget=forms.DateInput({"type": "date"}))
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    kinds = forms.MultipleChoiceField(
        label=_("For these kinds of work"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "None chosen: for all. Only heads and deputies take over what has to be signed, only clerks what is theirs."
        ),
    )

    def __init__(
        self, *args: Any, own: Sequence[Appointment], candidates: Sequence[Appointment], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        self.fields["kinds"].choices = [(name, kind.label) for name, kind in kinds.items()]  # type: ignore[attr-defined]
        for one in own:
            self.fields[f"delegate_{one.pk}"] = _who_acts(one, candidates)
        for field in self.fields.values():
            _dress(field)

    def delegations(self) -> list[NewDelegation]:
        """Who acts for each position; positions without anybody are left out."""
        chosen = tuple(self.cleaned_data["kinds"])
        named = ((one.pk, self.cleaned_data[f"delegate_{one.pk}"]) for one in self.own)
        return [NewDelegation(pk, int(delegate), chosen) for pk, delegate in named if delegate]


def _who_acts(absent: Appointment, candidates: Sequence[Appointment]) -> forms.ChoiceField:
    people = [
        (c.pk, f"{c.person.full_name}, {c.position.name}") for c in candidates if c.unit_id == absent.unit_id
    ]
    label = _("Who acts as %(position)s, %(unit)s") % {
        "position": absent.position.name,
        "unit": absent.unit.name,
    }
    return forms.ChoiceField(label=label, required=False, choices=[("", _("Nobody")), *people])


def _dress(field: forms.Field) -> None:
    if isinstance(field.widget, forms.Select):
        field.widget.attrs["class"] = "form-select"
    elif not isinstance(field.widget, forms.CheckboxSelectMultiple):
        field.widget.attrs["class"] = "form-control"
