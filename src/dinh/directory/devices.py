"""What a request tells about the browser it comes from."""

from ipaddress import ip_address

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

    X-Forwarded-For is believed of a proxy in `DINH_TRUSTED_PROXIES` alone, and only as far as such a proxy wrote it,
    from its end: what stands before may have been made up by the caller.
    """
    address = request.META.get("REMOTE_ADDR") or None
    for told in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        if not _is_trusted(address) or not _is_address(told.strip()):
            break
        address = told.strip()
    return address


def _is_trusted(address: str | None) -> bool:
    if address is None or not _is_address(address):
        return False
    return any(ip_address(address) in network for network in settings.TRUSTED_PROXIES)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
