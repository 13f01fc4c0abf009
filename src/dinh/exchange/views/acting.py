"""Acts of one button: done or refused, told on the page that follows."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from dinh.kernel.errors import DomainError, NotFound, NotPermitted


def told_on(request: HttpRequest, act: Callable[[], object]) -> None:
    """:raises Http404: if the thing is not there, or not this person's"""
    try:
        act()
    except (NotFound, NotPermitted) as missing:
        raise Http404 from missing
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Done. The gateways know within two seconds."))
