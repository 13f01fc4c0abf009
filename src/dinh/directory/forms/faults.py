from django.forms import BaseForm

from dinh.kernel.errors import DomainError


def show_refusal(form: BaseForm, refusal: DomainError) -> None:
    """Put a refusal's words beside the fields that it names, or above the form."""
    placed = [fault for fault in refusal.faults if fault.field in form.fields]
    for fault in placed:
        form.add_error(fault.field, fault.message)
    if not placed:
        form.add_error(None, str(refusal))
