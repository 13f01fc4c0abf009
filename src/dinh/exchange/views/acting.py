"""Acts of one button: done or refused, told on the page that follows."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from dinh.kernel.errors import NotFound, NotPermitted
from dinh.kernel.refusals import refusals_told


def told_on(request: HttpRequest, act: Callable[[], object]) -> None:
    """Ends with `page_after`. :raises Http404: if the thing is not there, or not this person's"""
    with refusals_told(request):
        try:
            act()
        except (NotFound, NotPermitted) as missing:
            raise Http404 from missing
        messages.success(request, _("Done. The gateways know within two seconds."))
