"""The user guide, own work first; whoever has signed in may read all of it."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.errors import NotFound
from dinh.kernel.guide import guide_text, guides


@dataclass(frozen=True)
class GuideLine:
    """A page of the guide as it is listed; `is_own` if it is about the reader's own work."""

    name: str
    title: str | Promise
    icon: str
    is_own: bool


@require_GET
@signed_in
def guide_list(request: StaffRequest) -> HttpResponse:
    """Hướng dẫn sử dụng: what there is to read."""
    return render(request, "kernel/guides.html", {"lines": _lines(request)})


@require_GET
@signed_in
def guide(request: StaffRequest, name: str) -> HttpResponse:
    """One page of it, in the language of the reader."""
    found = guides.get(name)
    if found is None:
        raise NotFound(_("There is no such page in the user guide."))
    text = guide_text(name, get_language() or "vi")
    context = {"title": found.title, "text": text, "name": name, "lines": _lines(request)}
    return render(request, "kernel/guide.html", context)


def _lines(request: StaffRequest) -> list[GuideLine]:
    pages = sorted(guides.items(), key=lambda item: item[1].order)
    lines = [GuideLine(name, page.title, page.icon, page.is_for(request.appointment)) for name, page in pages]
    return sorted(lines, key=lambda line: not line.is_own)
