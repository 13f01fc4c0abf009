"""A board of signed letters that still lack a timestamp or revocation answers, for clerks and administrators."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dinh.directory.access import allowed
from dinh.directory.middleware import StaffRequest
from dinh.directory.rules import administers_anything
from dinh.documents.operations.proving import try_proofs_again
from dinh.documents.queries.proofs import letters_awaiting_proofs, units_awaiting_proofs, with_proofs
from dinh.documents.rules import may_keep_books, sees_awaited_proofs

PAGE_SIZE = 50


@require_GET
@allowed(sees_awaited_proofs)
def awaited(request: StaffRequest) -> HttpResponse:
    """What waits since when: a clerk's letters, an administrator's counts."""
    own = request.appointment
    page = Paginator(letters_awaiting_proofs(own).order_by("sealed_at", "pk"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    units = units_awaiting_proofs(own) if administers_anything(own) else []
    context = {
        "page": page,
        "letters": with_proofs(list(page)),
        "is_clerk": may_keep_books(own, own.unit_id),
        "units": units,
        "is_administrator": administers_anything(own),
        "amount": sum(each.letters for each in units) if units else page.paginator.count,
    }
    return render(request, "documents/proofs/board.html", context)


@require_POST
@allowed(sees_awaited_proofs)
def retry(request: StaffRequest) -> HttpResponse:
    """Ask the servers again now, for all that one sees."""
    amount = try_proofs_again(actor=request.appointment, at=timezone.now())
    told = ngettext("%(count)d file is tried again now.", "%(count)d files are tried again now.", amount)
    messages.success(request, told % {"count": amount})
    return redirect("documents:awaited_proofs")
