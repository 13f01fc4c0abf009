from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import page_after, refusals_told
from dinh.worklist.operations.saved_filters import remove_filter, save_filter


@require_POST
@signed_in
def save(request: StaffRequest) -> HttpResponseBase:
    """Keep the view of the list that the form stands on, and show it again."""
    path, query = request.POST.get("path", "/"), request.POST.get("query", "")
    with refusals_told(request):
        saved = save_filter(
            actor=request.appointment,
            path=path,
            query=query,
            name=request.POST.get("name", ""),
            at=timezone.now(),
        )
        messages.success(request, _("The filter is saved."))
        return redirect(saved.url)
    # What is no address could be taken for the name of a route.
    own = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return page_after(request, f"{path}?{query}" if own else "/")


@require_POST
@signed_in
def remove(request: StaffRequest, filter_id: int) -> HttpResponseBase:
    removed = remove_filter(filter_id=filter_id, actor=request.appointment)
    messages.success(request, _("The saved filter is removed."))
    return redirect(removed.path)
