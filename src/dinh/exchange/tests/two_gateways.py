"""
Two gateways with a registry each, in one database: ours in a schema of its own, theirs in the usual one.

Ours knows the client and the other gateway; theirs knows the service, the grant, and ours.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from django.db import connection
from django.utils import timezone

from dinh.exchange.gateway.identity import Identity, load_identity, make_identity
from dinh.exchange.gateway.segments import ENDING, OPEN_ENDING
from dinh.exchange.models import Beginning, Exchange, Member, Peer, System, SystemCertificate
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.tests.running import RunningGateway, database_url, eventually
from dinh.exchange.tests.world import World
from dinh.kernel.tests.ports import free_port

SCHEMA = "ours"
SEGMENTS = (ENDING, OPEN_ENDING)


def identity(folder: Path, **more: object) -> Identity:
    folder.mkdir(parents=True, exist_ok=True)
    make_identity(folder / "key.pem", folder / "certificate.pem", name="Cổng", **more)
    return load_identity(folder / "key.pem", folder / "certificate.pem")


def register_peer_of(
    member: str, keys: Identity, address: str = "https://127.0.0.1:1", serves: str = "member"
) -> Peer:
    """A gateway of the member with this code, known by this certificate."""
    owner, _made = Member.objects.get_or_create(
        code=member, defaults={"name": member, "valid_from": date(2020, 1, 1)}
    )
    system = System.objects.create(member=owner, code="CONG", name="Cổng", created_at=timezone.now())
    certify(system, keys)
    peer = Peer.objects.create(system=system, address=address, serves=serves, created_at=timezone.now())
    tell_gateways()
    return peer


def certify(system: System, keys: Identity) -> SystemCertificate:
    certificate = keys.certificates[0]
    return SystemCertificate.objects.create(
        system=system,
        certificate=certificate.public_bytes(Encoding.DER),
        fingerprint=keys.fingerprint,
        subject_name="Cổng",
        issuer_name="Cổng",
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        created_at=timezone.now(),
    )


@contextlib.contextmanager
def our_registry() -> Iterator[None]:
    """What is read and written here is ours."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {SCHEMA}, public")
        try:
            yield
        finally:
            cursor.execute("SET search_path = public")


@contextlib.contextmanager
def our_tables() -> Iterator[None]:
    tables = [name for name in connection.introspection.table_names() if name.startswith("exchange_")]
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        for name in tables:
            cursor.execute(f"CREATE TABLE {SCHEMA}.{name} (LIKE public.{name} INCLUDING ALL)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


@dataclass
class Ends:
    """
    :param client: our system, which theirs let call its service
    :param provider: code of the member that theirs serves
    """

    folder: Path
    client: System
    provider: str
    ours_id: Identity
    theirs_id: Identity
    wire_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        url = database_url()
        mark = "&" if "?" in url else "?"
        self.ours = RunningGateway(
            self.folder, f"{url}{mark}options=-csearch_path%3D{SCHEMA}", name="ours",
            environment={"DINH_XROAD_NETWORKS": "127.0.0.0/8", **_keys(self.ours_id)},
        )  # fmt: skip
        self.theirs = RunningGateway(
            self.folder, url, name="theirs",
            environment={"DINH_WIRE_PORT": str(self.wire_port), **_keys(self.theirs_id)},
        )  # fmt: skip

    def register(self) -> None:
        """Each end with the other; and the client with us."""
        register_peer_of(self.client.member.code, self.ours_id)
        with our_registry():
            member = Member.objects.create(
                code=self.client.member.code, name="Ta", valid_from=date(2020, 1, 1)
            )
            System.objects.create(member=member, code=self.client.code, name="Ta", created_at=timezone.now())
            address = f"https://127.0.0.1:{self.wire_port}"
            self.peer = register_peer_of(self.provider, self.theirs_id, address)

    def start(self) -> None:
        self.theirs.start()
        self.ours.start()

    def stop(self) -> None:
        self.ours.kill()
        self.theirs.kill()

    def settle(self) -> None:
        """Until all that was logged is in the database; then both logs begin anew."""
        folders = [self.ours.segments, self.theirs.segments]
        eventually(
            lambda: [path for folder in folders for path in folder.iterdir() if path.suffix in SEGMENTS], []
        )
        for model in (Exchange, Beginning):
            model.objects.all().delete()
            with our_registry():
                model.objects.all().delete()

    def our_log_size(self) -> int:
        with our_registry():
            return Exchange.objects.count()

    def our_log(self) -> list[Exchange]:
        with our_registry():
            return list(Exchange.objects.order_by("started_at"))


@contextlib.contextmanager
def both_ends(world: World, folder: Path) -> Iterator[Ends]:
    """Running, registered with each other."""
    with our_tables():
        both = Ends(
            folder, world.client, world.provider.member.code, identity(folder / "a"), identity(folder / "b")
        )
        both.register()
        both.start()
        try:
            yield both
        finally:
            both.stop()


def _keys(keys: Identity) -> dict[str, str]:
    return {"DINH_GATEWAY_KEY": str(keys.key_file), "DINH_GATEWAY_CERTIFICATE": str(keys.certificate_file)}
