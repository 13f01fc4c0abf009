"""The lists of documents as files, with the filters and the order of the page that they are taken from."""

from collections.abc import Callable

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.incoming import InboxForm
from dinh.documents.letters.registers import RegisterColumn
from dinh.documents.queries.inbox import first_tab, inbox
from dinh.documents.queries.outgoing import outgoing_box
from dinh.documents.registers.lists import ENDINGS, PrintedList, incoming_cells, list_file, outgoing_cells
from dinh.documents.views.outgoing import wanted_letters
from dinh.kernel.refusals import refusals_told


@require_GET
@signed_in
def incoming_export(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the inbox shows under these filters, all its pages."""
    wanted = InboxForm(request.GET).wanted(tab=first_tab(request.appointment))
    rows = inbox(request.appointment, wanted, now=timezone.now())
    columns = _columns(
        (_t("Incoming number"), 5), (_t("Day of arrival"), 8), (_t("Number and notation"), 9),
        (_t("Date of the document"), 7), (_t("Issuing agency"), 13), (_t("Subject"), 26),
        (_t("Deadline"), 7), (_t("State"), 9),
    )  # fmt: skip
    return _answer(
        request,
        ending,
        lambda: PrintedList(
            name=_t("incoming-documents"),
            title=_t("Incoming documents"),
            line=_line(request),
            columns=columns,
            rows=incoming_cells(rows, ending),
        ),
        back="documents:incoming_list",
    )


@require_GET
@signed_in
def outgoing_export(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the list of outgoing documents shows under these filters, all its pages."""
    rows = outgoing_box(request.appointment, wanted_letters(request))
    columns = _columns(
        (_t("Number and notation"), 9), (_t("Date"), 7), (_t("Subject"), 32), (_t("Signer"), 12),
        (_t("State"), 11), (_t("Last changed"), 9),
    )  # fmt: skip
    return _answer(
        request,
        ending,
        lambda: PrintedList(
            name=_t("outgoing-documents"),
            title=_t("Outgoing documents"),
            line=_line(request),
            columns=columns,
            rows=outgoing_cells(rows, ending),
        ),
        back="documents:outgoing_list",
    )


def _answer(
    request: StaffRequest, ending: str, make: Callable[[], PrintedList], *, back: str
) -> HttpResponseBase:
    if ending not in ENDINGS:
        raise Http404
    with refusals_told(request):
        return list_file(make(), ending, made_at=timezone.now())
    return redirect(f"{reverse(back)}?{request.GET.urlencode()}")


def _columns(*columns: tuple[str, float]) -> tuple[RegisterColumn, ...]:
    return tuple(RegisterColumn(title=title, share=share) for title, share in columns)


def _line(request: StaffRequest) -> str:
    names = {"unit": request.appointment.unit.name, "time": f"{timezone.localtime():%d/%m/%Y %H:%M}"}
    return _t("%(unit)s, as of %(time)s") % names
