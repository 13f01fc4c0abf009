from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinh.directory.models import Appointment, Person, Unit
from dinh.kernel.errors import FieldFault, InvalidInput
from dinh.signing.keys import PROVIDER as PKCS12
from dinh.signing.models import Credential, ObjectKind
from dinh.signing.operations.credentials import MAX_CERTIFICATE_BYTES, MAX_IMAGE_BYTES, NewCredential
from dinh.signing.operations.custody import HandOver
from dinh.signing.providers import PKCS11, PLUGIN, REMOTE, VGCA
from dinh.signing.queries.custody import device_certificates

PLACES = {
    PLUGIN: gettext_lazy("The holder's own token, by the signing plugin"),
    VGCA: gettext_lazy("The holder's own token, by VGCA Sign Service"),
    REMOTE: gettext_lazy("Remote signing service, released on the holder's phone"),
    PKCS11: gettext_lazy("Security module of the province (PKCS#11)"),
    PKCS12: gettext_lazy("Software key of this installation (demo)"),
}


def uploaded_pdf(upload: object) -> bytes:
    """
    The bytes of an uploaded file, bounded by DINH_MAX_VERIFIED_MB.

    :raises InvalidInput: if none was chosen or it is too large
    """
    if not isinstance(upload, UploadedFile) or upload.size is None:
        raise InvalidInput(_("Please choose a PDF file."), field="file")
    if upload.size > settings.MAX_VERIFIED_BYTES:
        limit = settings.MAX_VERIFIED_BYTES // (1024 * 1024)
        raise InvalidInput(_("The file is larger than %(limit)d MB.") % {"limit": limit}, field="file")
    return bytes(upload.read())


class RegisterForm(forms.Form):
    """A certificate for a person or a unit, named by their code."""

    holder = forms.CharField(
        label=gettext_lazy("Code of the official or the unit"),
        max_length=40,
        help_text=gettext_lazy("A person's own certificate, or the seal of a unit."),
    )
    certificate = forms.FileField(
        label=gettext_lazy("Certificate (PEM or DER)"),
        help_text=gettext_lazy("At most 64 kB. In PEM its issuers may follow in the same file."),
    )
    provider = forms.ChoiceField(label=gettext_lazy("Where the key is"), choices=list(PLACES.items()))
    provider_ref = forms.CharField(
        label=gettext_lazy("Token and key label"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Only for a security module: token label/key label."),
    )
    appearance = forms.FileField(
        label=gettext_lazy("Image of the signature or seal"),
        required=False,
        help_text=gettext_lazy("PNG with a transparent background; blue for a signature, red for a seal."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"

    def new_credential(self) -> NewCredential:
        """
        What the clean form tells.

        :raises InvalidInput: if nobody has this code or a file is too large
        """
        data = self.cleaned_data
        person_id, unit_id = holder_of_code(data["holder"])
        return NewCredential(
            certificate=_bounded(data["certificate"], MAX_CERTIFICATE_BYTES, "certificate"),
            provider=data["provider"],
            person_id=person_id,
            unit_id=unit_id,
            provider_ref=data["provider_ref"],
            appearance=_bounded(data["appearance"], MAX_IMAGE_BYTES, "appearance"),
        )


class ImageForm(forms.Form):
    """Another image for a registered certificate."""

    appearance = forms.FileField(
        label=gettext_lazy("Image of the signature or seal"),
        help_text=gettext_lazy("PNG with a transparent background; blue for a signature, red for a seal."),
        widget=forms.ClearableFileInput(attrs={"class": "form-control", "accept": "image/png"}),
    )

    def image(self) -> bytes:
        """The bytes of the upload. :raises InvalidInput: if it is too large"""
        return _bounded(self.cleaned_data["appearance"], MAX_IMAGE_BYTES, "appearance")


def holder_of_code(code: str) -> tuple[int | None, int | None]:
    """
    Id of the person, or id of the unit, that has this code.

    :raises InvalidInput: if nobody has it
    """
    person = Person.objects.filter(code=code.strip()).values_list("pk", flat=True).first()
    unit = Unit.objects.filter(code=code.strip()).values_list("pk", flat=True).first()
    if (person is None) == (unit is None):
        raise InvalidInput(_("No official and no unit has this code."), field="holder")
    return person, unit


def _bounded(upload: "UploadedFile[bytes] | None", limit: int, field: str) -> bytes:
    if upload is None:
        return b""
    if (upload.size or 0) > limit:
        message = _("The file is larger than %(limit)d kB.") % {"limit": limit // 1024}
        raise InvalidInput(message, field=field)
    return bytes(upload.read())


class HandOverForm(forms.Form):
    """A seal or device of the unit that changes hands."""

    kind = forms.ChoiceField(label=gettext_lazy("What"), choices=ObjectKind.choices)
    credential = forms.ModelChoiceField(
        label=gettext_lazy("Certificate of the device"),
        queryset=Credential.objects.none(),
        required=False,
        help_text=gettext_lazy("Of a device: the unit's certificate whose key is in it."),
    )
    name = forms.CharField(
        label=gettext_lazy("Which one"),
        max_length=200,
        required=False,
        help_text=gettext_lazy(
            "E.g. round seal of the agency. For a device with a certificate it may stay empty."
        ),
    )
    holder = forms.ModelChoiceField(
        label=gettext_lazy("Who receives it"), queryset=Appointment.objects.none()
    )
    from_date = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    minutes_number = forms.CharField(label=gettext_lazy("Number of the minutes"), max_length=60)

    def __init__(self, *args: Any, keeper: Appointment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit, today = keeper.unit_id, timezone.localdate()
        holds = Q(end_date=None) | Q(end_date__gte=today)
        people = Appointment.objects.filter(holds, unit=unit, start_date__lte=today)
        holder, credential = self.fields["holder"], self.fields["credential"]
        holder.queryset = people.select_related("person", "position").order_by("position__rank", "pk")  # type: ignore[attr-defined]
        holder.label_from_instance = lambda one: f"{one.person.full_name}, {one.position.name}"  # type: ignore[attr-defined]
        credential.queryset = device_certificates(unit)  # type: ignore[attr-defined]
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"

    def wanted(self) -> HandOver:
        """What the clean form tells."""
        data = self.cleaned_data
        return HandOver(
            kind=data["kind"],
            name=data["name"],
            credential_id=data["credential"].pk if data["credential"] else None,
            holder_id=data["holder"].pk,
            from_date=data["from_date"],
            minutes_number=data["minutes_number"],
        )


class EndOfCustodyForm(forms.Form):
    """A seal or device was given back."""

    until_date = forms.DateField()
    minutes_number = forms.CharField(max_length=60)

    def given(self) -> dict[str, Any]:
        """What was typed. :raises InvalidInput: naming each field at fault"""
        if not self.is_valid():
            faults = [FieldFault(name, str(words)) for name, many in self.errors.items() for words in many]
            raise InvalidInput(faults[0].message, faults=faults)
        return dict(self.cleaned_data)
