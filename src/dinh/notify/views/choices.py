"""How one is told outside the page."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dinh.directory.access import signed_in
from dinh.directory.middleware import StaffRequest
from dinh.kernel.refusals import page_after, refusals_told
from dinh.notify.channels import Channel, channels
from dinh.notify.forms.choices import PaceForm
from dinh.notify.models import Pace
from dinh.notify.operations.choosing import choose_pace
from dinh.notify.queries.notifications import paces_of


@dataclass(frozen=True)
class Way:
    name: str
    channel: Channel
    is_ready: bool
    address: str
    form: PaceForm


@require_GET
@signed_in
def choices(request: StaffRequest) -> HttpResponseBase:
    chosen = paces_of(request.appointment)
    ways = [
        Way(
            name=name,
            channel=channel,
            is_ready=channel.is_ready(),
            address=channel.address_of(request.appointment.person),
            form=PaceForm(initial={"pace": chosen.get(name, Pace.OFF)}, auto_id=f"{name}_%s"),
        )
        for name, channel in channels.items()
    ]
    return render(request, "notify/choices.html", {"ways": ways})


@require_POST
@signed_in
def choose(request: StaffRequest, channel: str) -> HttpResponseBase:
    form = PaceForm(request.POST)
    if channels.get(channel) is None or not form.is_valid():
        raise Http404
    pace = Pace(form.cleaned_data["pace"])
    with refusals_told(request):
        choose_pace(channel=channel, pace=pace, actor=request.appointment, at=timezone.now())
        messages.success(request, _("Your choice is saved."))
    return page_after(request, "notify:choices")
