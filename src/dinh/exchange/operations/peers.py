"""Other gateways that ours speaks with (cổng kết nối)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.exchange.models import Peer
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.members import NotInThatState, checked, locked_system, saved
from dinh.exchange.rules import keeps_exchange
from dinh.kernel.errors import InvalidInput, NotFound, NotPermitted


@dataclass(frozen=True, slots=True)
class NewPeer:
    """
    :param serves: a PeerScope
    :param daily_quota: calls a day of each of our systems that calls it; `rate`: a second
    """

    address: str
    serves: str
    daily_quota: int = 1_000_000
    rate: int = 100


@transaction.atomic
def register_peer(*, system_id: int, new: NewPeer, actor: Appointment, at: datetime) -> Peer:
    """
    Let our gateways speak with another one, known by the certificates of its system.

    Writes an audit entry and tells the gateways.

    :raises NotPermitted: unless the actor keeps the platform
    :raises NotFound, InvalidInput, AlreadyThere:
    """
    _keeper(actor)
    system = locked_system(system_id, actor)
    peer = Peer(
        system=system,
        address=_address(new.address),
        serves=new.serves,
        daily_quota=new.daily_quota,
        rate=new.rate,
        created_at=at,
    )
    checked(peer)
    saved(peer, field="address", refusal=_("This system is a gateway already. End that one first."))
    details = {
        "address": peer.address,
        "serves": str(peer.serves),
        "daily_quota": peer.daily_quota,
        "rate": peer.rate,
    }
    record("exchange.peer.registered", target=system, actor=actor, at=at, details=details)
    tell_gateways()
    return peer


@transaction.atomic
def end_peer(*, peer_id: int, actor: Appointment, at: datetime) -> Peer:
    """
    Speak with a gateway no longer. Writes an audit entry and tells the gateways.

    :raises NotPermitted, NotFound, NotInThatState:
    """
    _keeper(actor)
    peer = Peer.objects.select_related("system").filter(pk=peer_id).first()
    if peer is None:
        raise NotFound(_("There is no such gateway."))
    if not Peer.objects.filter(pk=peer_id, ended_at=None).update(ended_at=at):
        raise NotInThatState(_("This gateway was ended already."))
    peer.ended_at = at
    details = {"address": peer.address}
    record("exchange.peer.ended", target=peer.system, actor=actor, at=at, details=details)
    tell_gateways()
    return peer


def _keeper(actor: Appointment) -> None:
    if not keeps_exchange(actor):
        raise NotPermitted(_("Only the keeper of the platform connects gateways."))


def _address(given: str) -> str:
    """:raises InvalidInput: unless it is `https://host:port` and nothing more"""
    refusal = InvalidInput(_("Write the address as https://host:port."), field="address")
    try:
        url = urlsplit(given.strip())
        port = url.port
    except ValueError as error:
        raise refusal from error
    if url.scheme != "https" or not url.hostname or not port or "@" in url.netloc or "\\" in given:
        raise refusal
    if url.path not in ("", "/") or url.query or url.fragment:
        raise refusal
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"https://{host}:{port}"
