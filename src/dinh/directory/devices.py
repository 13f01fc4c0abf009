"""What a request tells about the browser it comes from."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

# Order matters: most browsers also name the ones that they descend from.
_BROWSERS = (
    ("coc_coc_browser", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_of(request: HttpRequest) -> str:
    """Browser and system in words, e.g. "Cốc Cốc, Windows"; said plainly if neither is known."""
    agent = request.headers.get("User-Agent", "")
    named = (next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, named)) or _("Unknown device")


def address_of(request: HttpRequest) -> str | None:
    """
    Network address of the caller.

    Behind the TLS proxy (`DINH_HTTPS`) it is the last one in X-Forwarded-For: the proxy itself wrote that;
    what stands before it may have been made up by the caller.
    """
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.HTTPS else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR") or None
