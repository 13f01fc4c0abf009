"""The lists of documents as files, with the filters and the order of the page that they are taken from."""

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.documents.forms.incoming import InboxForm
from dinh.documents.queries.inbox import first_tab, inbox
from dinh.documents.queries.outgoing import outgoing_box
from dinh.documents.registers.lists import incoming_file, outgoing_file
from dinh.documents.views.outgoing import wanted_letters
from dinh.kernel.refusals import page_after, refusals_told


@require_GET
@signed_in
def incoming_export(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the inbox shows under these filters, all its pages."""
    reader = request.appointment
    with refusals_told(request):
        wanted = InboxForm(request.GET).wanted(tab=first_tab(reader))
        return incoming_file(inbox(reader, wanted, now=timezone.now()), unit=reader.unit, ending=ending)
    return page_after(request, f"{reverse('documents:incoming_list')}?{request.GET.urlencode()}")


@require_GET
@signed_in
def outgoing_export(request: StaffRequest, ending: str) -> HttpResponseBase:
    """What the list of outgoing documents shows under these filters, all its pages."""
    reader = request.appointment
    with refusals_told(request):
        return outgoing_file(outgoing_box(reader, wanted_letters(request)), unit=reader.unit, ending=ending)
    return page_after(request, f"{reverse('documents:outgoing_list')}?{request.GET.urlencode()}")
