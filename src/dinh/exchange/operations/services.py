"""Services, their versions, and how versions end (dịch vụ, phiên bản)."""

import re
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.addresses import names_closed
from dinh.exchange.enums import ProviderProtocol, VersionState
from dinh.exchange.gateway.validation import BadDescription
from dinh.exchange.gateway.validation import Description as Rulebook
from dinh.exchange.models import Operation, Service, ServiceVersion
from dinh.exchange.openapi import MAX_BYTES, Description, read_description
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.members import NotInThatState, checked, locked_system, saved
from dinh.exchange.operations.outward import ClosedAddress, asked, told
from dinh.exchange.operations.subject_keys import ensure_subject_key
from dinh.exchange.operations.telling import tell_of_end
from dinh.exchange.queries.registry import services_visible_to, versions_visible_to
from dinh.exchange.rules import looks_after
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted, Unavailable

RESERVED: Final = frozenset({
    "token", "healthz", "openapi.json", "metrics", "r1", "authorize", "revoke",
    "listclients", "listmethods", "allowedmethods", "getopenapi", "getwsdl",
})  # fmt: skip
"""Names that are the gateway's own, and X-Road's metadata services, in small letters."""
_FETCH_SECONDS: Final = 10
_BEHIND_SECURITY_SERVER: Final = re.compile(r"://[^/]+/r1(/[^/]+){5,}/?\Z")
_XROAD_CLIENT: Final = re.compile(r"(?=.{1,160}\Z)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){2,3}")


@dataclass(frozen=True, slots=True)
class NewService:
    system_id: int
    code: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """
    :param base_url: what the provider's operations are reached below
    :param trial_url: the same for calls with trial keys; without it the version cannot be tried
    :param timeout_seconds: longest wait for an answer, 1 to 300
    :param max_body_mb: largest body of a request
    :param validates: whether the gateway refuses requests that the description does not fit
    :param protocol: plain, or xroad through a security server, whose address (`/r1/...`) is the provider's then
    :param xroad_client: who asks at the security server; empty: each caller by its own identifier
    """

    version: str
    description: Description
    base_url: str
    timeout_seconds: int = 30
    max_body_mb: int = 100
    validates: bool = False
    trial_url: str = ""
    protocol: str = ProviderProtocol.PLAIN
    xroad_client: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a version's provider is reached, and how long and for what; as in `NewVersion`."""

    base_url: str
    timeout_seconds: int
    max_body_mb: int
    protocol: str = ProviderProtocol.PLAIN
    xroad_client: str = ""

    @classmethod
    def of(cls, told: "NewVersion | ServiceVersion") -> "Provider":
        return cls(**{each.name: getattr(told, each.name) for each in fields(cls)})

    def check(self) -> None:
        """:raises InvalidInput:"""
        self._check_protocol()
        _check_address(self.base_url, "base_url")
        if not 1 <= self.timeout_seconds <= 300 or not 1 <= self.max_body_mb <= 10_000:
            text = _("Wait 1 to 300 seconds; take bodies of 1 to 10000 MB.")
            raise InvalidInput(text, field="timeout_seconds")

    def _check_protocol(self) -> None:
        if self.protocol not in ProviderProtocol.values:
            raise InvalidInput(_("Choose a protocol."), field="protocol")
        is_xroad = self.protocol == ProviderProtocol.XROAD
        if is_xroad and not _BEHIND_SECURITY_SERVER.search(self.base_url):
            text = _(
                "Through a security server the address ends in /r1/INSTANCE/CLASS/MEMBER/SUBSYSTEM/SERVICE."
            )
            raise InvalidInput(text, field="base_url")
        if self.xroad_client and not (is_xroad and _XROAD_CLIENT.fullmatch(self.xroad_client)):
            text = _("With X-Road only, and like INSTANCE/CLASS/MEMBER/SUBSYSTEM.")
            raise InvalidInput(text, field="xroad_client")


@transaction.atomic
def offer_service(*, new: NewService, actor: Appointment, at: datetime) -> Service:
    """
    Offer a service of a system; it can be called once it has a version. Writes an audit entry.

    :raises NotFound, NotPermitted, InvalidInput, AlreadyThere:
    """
    system = locked_system(new.system_id, actor)
    if new.code.lower() in RESERVED:
        raise InvalidInput(_("This name is the gateway's own. Choose another."), field="code")
    service = Service(
        system=system, code=new.code, title=new.title, description=new.description, created_at=at
    )
    checked(service)
    saved(service, field="code", refusal=_("There is a service with this name."))
    record("exchange.service.offered", target=service, actor=actor, at=at, details={"code": service.code})
    tell_gateways()
    return service


@transaction.atomic
def publish_version(*, service_id: int, new: NewVersion, actor: Appointment, at: datetime) -> ServiceVersion:
    """
    Publish a version of a service; it can be called at once by those who are granted it.

    Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, InvalidInput, AlreadyThere:
    """
    service = _locked_service(service_id, actor)
    Provider.of(new).check()
    if new.trial_url:
        _check_address(new.trial_url, "trial_url")
    if new.validates:
        _check_rules(new.description)
    version = ServiceVersion(
        service=service,
        version=new.version,
        document=new.description.document,
        sha256=new.description.sha256,
        base_url=new.base_url,
        trial_url=new.trial_url,
        timeout_seconds=new.timeout_seconds,
        max_body_mb=new.max_body_mb,
        validates=new.validates,
        protocol=new.protocol,
        xroad_client=new.xroad_client,
        created_at=at,
    )
    checked(version)
    saved(
        version, field="version", refusal=_("The service has this version already. Choose the next number.")
    )
    Operation.objects.bulk_create(
        Operation(
            version=version,
            name=each.name,
            method=each.method,
            path=each.path,
            summary=each.summary,
            subject=each.subject,
        )
        for each in new.description.operations
    )
    if any(each.subject for each in new.description.operations):
        ensure_subject_key(at=at)
    details = {"version": version.version, "openapi": version.sha256, "address": version.base_url}
    record("exchange.version.published", target=service, actor=actor, at=at, details=details)
    tell_gateways()
    return version


def _check_rules(description: Description) -> None:
    """:raises InvalidInput: if the gateway could not judge requests by it"""
    try:
        Rulebook(description.document).check()
    except BadDescription as error:
        text = _("Requests cannot be checked by this description: %(why)s") % {"why": str(error)[:200]}
        raise InvalidInput(text, field="document") from error


@transaction.atomic
def deprecate_version(
    *, version_id: int, sunset_date: date | None, actor: Appointment, at: datetime
) -> ServiceVersion:
    """
    Tell callers that a version will end; it still answers, with `X-Exchange-Sunset`.

    Writes an audit entry, tells those whose systems may call it, and the gateways.

    :raises NotFound, NotPermitted, NotInThatState:
    """
    version = _locked_version(version_id, actor)
    if version.state != VersionState.ACTIVE:
        raise NotInThatState(_("This version is not in a state for this. Reload the page."))
    version.state, version.deprecated_at, version.sunset_date = VersionState.DEPRECATED, at, sunset_date
    version.save(update_fields=["state", "deprecated_at", "sunset_date"])
    details = {"version": version.version, "sunset": sunset_date.isoformat() if sunset_date else ""}
    record("exchange.version.deprecated", target=version.service, actor=actor, at=at, details=details)
    tell_of_end(version, actor=actor, at=at)
    tell_gateways()
    return version


@transaction.atomic
def set_provider(*, version_id: int, provider: Provider, actor: Appointment, at: datetime) -> ServiceVersion:
    """
    Say where a version's provider is from now on, how long it is waited for and what it takes, since servers move.

    Grants and addresses of callers stay. Writes an audit entry with what was before and tells the gateways. Again with
    the same changes nothing.

    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    version = _locked_version(version_id, actor)
    provider.check()
    if version.state == VersionState.RETIRED:
        raise NotInThatState(_("This version is not in a state for this. Reload the page."))
    names = [each.name for each in fields(provider)]
    version.refresh_from_db(fields=names)
    changes = {
        name: [getattr(version, name), getattr(provider, name)]
        for name in names
        if getattr(version, name) != getattr(provider, name)
    }
    if changes:
        for name, (_before, after) in changes.items():
            setattr(version, name, after)
        version.save(update_fields=list(changes))
        details = {"version": version.version, "address": provider.base_url, "changes": changes}
        record(
            "exchange.version.provider_changed", target=version.service, actor=actor, at=at, details=details
        )
        tell_gateways()
    return version


@transaction.atomic
def set_trial_address(*, version_id: int, trial_url: str, actor: Appointment, at: datetime) -> ServiceVersion:
    """
    Say where a version can be tried; empty: nowhere any more. Again with the same changes nothing.

    Writes an audit entry and tells the gateways.

    :raises NotFound, NotPermitted, InvalidInput, NotInThatState:
    """
    version = _locked_version(version_id, actor)
    if trial_url:
        _check_address(trial_url, "trial_url")
    if version.state == VersionState.RETIRED:
        raise NotInThatState(_("This version is not in a state for this. Reload the page."))
    if version.trial_url != trial_url:
        version.trial_url = trial_url
        version.save(update_fields=["trial_url"])
        details = {"version": version.version, "address": trial_url}
        record("exchange.version.trial_set", target=version.service, actor=actor, at=at, details=details)
        tell_gateways()
    return version


def move_provider(version: ServiceVersion, address: str, *, actor: Appointment, at: datetime) -> None:
    """
    Let a provider stand elsewhere, for calls and for trials, on the terms of before.

    :raises DomainError: as `set_provider`
    """
    provider = replace(Provider.of(version), base_url=address)
    set_provider(version_id=version.pk, provider=provider, actor=actor, at=at)
    set_trial_address(version_id=version.pk, trial_url=address, actor=actor, at=at)


@transaction.atomic
def retire_version(*, version_id: int, actor: Appointment, at: datetime) -> ServiceVersion:
    """
    Withdraw a version: it answers 404 from then on. Writes an audit entry, tells those whose systems may call it, and
    the gateways.

    :raises NotFound, NotPermitted, NotInThatState:
    """
    version = _locked_version(version_id, actor)
    if version.state == VersionState.RETIRED:
        raise NotInThatState(_("This version is not in a state for this. Reload the page."))
    version.state = VersionState.RETIRED
    version.save(update_fields=["state"])
    details = {"version": version.version}
    record("exchange.version.retired", target=version.service, actor=actor, at=at, details=details)
    tell_of_end(version, actor=actor, at=at)
    tell_gateways()
    return version


def description_given(*, upload: bytes | None, url: str) -> Description:
    """
    A description that is uploaded or, if it is not, fetched from its provider; never inside a transaction.

    :raises InvalidInput, Unavailable:
    """
    if upload is None and not url:
        raise InvalidInput(_("Upload the description, or say where it is."), field="document")
    return read_description(fetch_description(url) if upload is None else upload)


def fetch_description(url: str) -> bytes:
    """
    Fetch an OpenAPI file from its provider; never inside a transaction.

    :raises InvalidInput: if the address or the file is of no use
    :raises Unavailable: if nobody answers
    """
    _check_address(url, "document_url")
    data = bytearray()
    try:
        with asked(url, seconds=_FETCH_SECONDS) as answer:
            answer.raise_for_status()
            for part in answer.iter_bytes():
                data += part
                if len(data) > MAX_BYTES:
                    raise InvalidInput(_("Choose an OpenAPI file of at most 2 MB."), field="document_url")
    except ClosedAddress as error:
        raise _own_address("document_url") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(_("Nothing could be fetched from there: %(why)s") % {"why": told(error)}) from error
    return bytes(data)


def _check_address(url: str, field: str) -> None:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_usable = False
        parts = urlsplit("")
    if (
        not is_usable
        or parts.username
        or parts.query
        or parts.fragment
        or not url.isascii()
        or len(url) > 300
    ):
        raise InvalidInput(_("Give an address like https://host:port/path, without query."), field=field)
    if names_closed(parts.hostname or "") and not settings.EXCHANGE_LOCAL_PROVIDERS:
        raise _own_address(field)


def _own_address(field: str) -> InvalidInput:
    return InvalidInput(
        _("This address belongs to the machine itself. Give one in the network."), field=field
    )


def _locked_service(service_id: int, actor: Appointment) -> Service:
    visible = services_visible_to(actor).filter(pk=service_id).values("pk")
    rows = Service.objects.filter(pk__in=visible).select_related("system__member")
    service = rows.select_for_update(of=("self",), no_key=True).first()
    if service is None:
        raise NotFound(_("There is no such service."))
    if not looks_after(actor, service.system):
        raise NotPermitted(_("You do not look after this service."))
    return service


def _locked_version(version_id: int, actor: Appointment) -> ServiceVersion:
    found = versions_visible_to(actor).filter(pk=version_id).first()
    if found is None:
        raise NotFound(_("There is no such version."))
    _locked_service(found.service_id, actor)
    found.refresh_from_db(fields=["state"])
    return found
