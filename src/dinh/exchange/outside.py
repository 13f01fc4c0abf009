"""Outside services that the province calls, as dated data: whose each is on a day, and where it is called."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinh.kernel.errors import NotFound
from dinh.kernel.law import Lawbook, Rule, law_rows


class UnknownOutsideService(NotFound):
    """No rule knows this service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideService(Rule):
    """
    An outside service under one owner, version and host.

    :param code: what modules ask for: civil_status, criminal_records, social_insurance, enterprises, catalogues,
        portal, post
    :param service: its name at the gateway, `/{service}/{version}/{operation}`
    :param owner_code, owner_class, system: the provider's X-Road identifier
    :param host: where the owner serves it, for people
    :param destination: of an adapter behind it that sends on (X-Road, with colons)
    """

    code: str
    title: str
    service: str
    version: str
    owner: str
    owner_code: str
    system: str
    host: str
    owner_class: str = "GOV"
    destination: str = ""


def outside_service(code: str, *, on: date) -> OutsideService:
    """The rule that governs a day. :raises UnknownOutsideService:"""
    found = next((each for each in OUTSIDE_SERVICES.on(on) if each.code == code), None)
    if found is None:
        raise UnknownOutsideService(_("No outside service is called %(code)s.") % {"code": code})
    return found


@lru_cache(maxsize=1)
def _rules() -> tuple[OutsideService, ...]:
    rows = law_rows(Path(__file__).resolve().parent / "data" / "outside_services.toml")["outside_service"]
    return tuple(OutsideService(**row) for row in rows)


OUTSIDE_SERVICES = Lawbook(
    label=gettext_lazy("Outside services"),
    rules=_rules,
    matter=lambda rule: rule.code,
    title=lambda rule: f"{rule.title}: {rule.owner}",
)
