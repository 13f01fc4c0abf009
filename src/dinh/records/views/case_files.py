"""Screens of case files."""

from collections.abc import Callable

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dinh.audit.api import accesses_of, note_access, trace_of
from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.components import chips_for
from dinh.kernel.refusals import refusals_beside, refusals_kept, shown_again
from dinh.kernel.tables import ENDINGS
from dinh.records.forms.case_files import CaseFileForm
from dinh.records.models import CaseFile
from dinh.records.operations.case_files import (
    close_case_file,
    correct_case_file,
    open_case_file,
    reopen_case_file,
    take_out,
)
from dinh.records.operations.handing_over import hand_over
from dinh.records.queries.case_files import (
    case_files_visible_to,
    described,
    get_case_file,
    matching,
    with_amounts,
)
from dinh.records.queries.file_lists import entries_of
from dinh.records.rules import may_keep, oversees_files

PAGE_SIZE = 50
TRACE = {
    "records.case_file.opened": _("Case file opened"),
    "records.case_file.filled": _("Record put in"),
    "records.case_file.record_taken_out": _("Record taken out"),
    "records.case_file.closed": _("Case file closed"),
    "records.case_file.reopened": _("Case file opened again"),
    "records.case_file.corrected": _("Case file corrected"),
    "records.case_file.handed_over": _("Handed over to the archive"),
    "records.case_file.exported": _("Case file exported"),
}


@require_GET
@signed_in
def case_file_list(request: StaffRequest) -> HttpResponse:
    """Case files that the appointment may see: open ones, or with `closed=1` those closed."""
    words, closed = request.GET.get("q", "").strip()[:200], request.GET.get("closed") == "1"
    files = matching(case_files_visible_to(request.appointment), words).filter(closed_date__isnull=not closed)
    page = Paginator(with_amounts(files), PAGE_SIZE).get_page(request.GET.get("page"))
    states = [("", _("Open ones")), ("1", _("Closed ones"))]
    chips = chips_for(name="closed", chosen="1" if closed else "", choices=states, others={"q": words})
    context = {"page": page, "words": words, "closed": closed, "chips": chips}
    return render(request, "records/list.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def case_file_new(request: StaffRequest) -> HttpResponse:
    """Open a case file in one's own charge."""
    form = CaseFileForm(request.POST or None, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        with refusals_beside(form):
            opened = open_case_file(
                responsible=request.appointment, case_file=form.new_case_file(), at=timezone.now()
            )
            return redirect("records:case_file", opened.pk)
    return render(request, "records/new.html", {"form": form}, status=422 if form.errors else 200)


def _initial(request: StaffRequest) -> dict[str, object]:
    """Today, and what the chosen line of the list of files says."""
    today, chosen = timezone.localdate(), request.GET.get("entry", "")
    known: dict[str, object] = {"opened_date": today, "language": "Tiếng Việt"}
    if not chosen.isdecimal() or len(chosen) > 12:
        return known
    entry = entries_of(request.appointment, today.year).filter(pk=int(chosen)).first()
    if entry is None:
        return known
    told = {"code": entry.code, "title": entry.title, "retention_years": entry.retention_years}
    return known | told | {"note": entry.note, "entry_id": entry.pk}


@require_GET
@signed_in
def case_file_detail(request: StaffRequest, case_file_id: int) -> HttpResponse:
    """What lies in a case file, in the order of filing."""
    return _page(request, case_file_id)


def _page(request: StaffRequest, case_file_id: int) -> HttpResponse:
    case_file = _visible(request, case_file_id)
    page = Paginator(case_file.filings.all(), PAGE_SIZE).get_page(request.GET.get("page"))
    note_access(target=case_file, actor=request.appointment, what="page", at=timezone.now())
    context = {
        "case_file": case_file,
        "page": page,
        "items": described(page, request.appointment),
        "may_change": may_keep(request.appointment, case_file) and case_file.closed_date is None,
        "may_hand_over": may_keep(request.appointment, case_file)
        and case_file.closed_date is not None
        and case_file.handed_over_at is None,
        "endings": ENDINGS,
        "looks": accesses_of(case_file, unit_id=case_file.unit_id)
        if oversees_files(request.appointment)
        else [],
        "trace": [(entry, TRACE.get(entry.action, entry.action)) for entry in trace_of(case_file)[-30:]],
    }
    return render(request, "records/detail.html", context)


@require_POST
@signed_in
def case_file_close(request: StaffRequest, case_file_id: int) -> HttpResponse:
    """Close the case file."""

    def act() -> None:
        close_case_file(case_file_id=case_file_id, actor=request.appointment, at=timezone.now())

    return _acted(request, case_file_id, "close", act)


@require_POST
@signed_in
def case_file_reopen(request: StaffRequest, case_file_id: int) -> HttpResponse:
    """Open a closed case file again."""
    reason = request.POST.get("reason", "").replace("\0", "")

    def act() -> None:
        reopen_case_file(
            case_file_id=case_file_id, actor=request.appointment, reason=reason, at=timezone.now()
        )

    return _acted(request, case_file_id, "reopen", act)


@require_POST
@signed_in
def case_file_correct(request: StaffRequest, case_file_id: int) -> HttpResponse:
    """Correct title, conditions of use, language or note."""
    given = {
        name: request.POST.get(name, "").replace("\0", "") for name in ("title", "rights", "language", "note")
    }

    def act() -> None:
        correct_case_file(case_file_id=case_file_id, actor=request.appointment, at=timezone.now(), **given)

    return _acted(request, case_file_id, "correct", act)


@require_POST
@signed_in
def case_file_take_out(request: StaffRequest, case_file_id: int, filing_id: int) -> HttpResponse:
    """Take a record out that was filed by mistake."""

    def act() -> None:
        take_out(case_file_id=case_file_id, filing_id=filing_id, actor=request.appointment, at=timezone.now())

    return _acted(request, case_file_id, "take_out", act)


@require_POST
@signed_in
def case_file_hand_over(request: StaffRequest, case_file_id: int) -> HttpResponse:
    """Give the closed case file to the unit's archive."""

    def act() -> None:
        hand_over(case_file_id=case_file_id, actor=request.appointment, at=timezone.now())

    return _acted(request, case_file_id, "hand_over", act)


def _acted(request: StaffRequest, case_file_id: int, name: str, act: Callable[[], None]) -> HttpResponse:
    _visible(request, case_file_id)
    with refusals_kept(request, name):
        act()
        return redirect("records:case_file", case_file_id)
    return shown_again(_page(request, case_file_id))


def _visible(request: StaffRequest, case_file_id: int) -> CaseFile:
    return get_case_file(case_file_id, request.appointment)
