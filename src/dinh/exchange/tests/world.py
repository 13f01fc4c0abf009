"""A small registry for tests and figures: one system that may call one service of another."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dinh.directory.models import Appointment
from dinh.directory.tests.factories import AppointmentFactory
from dinh.exchange.enums import GrantState
from dinh.exchange.models import (
    AccessGrant,
    ClientSecret,
    Member,
    Operation,
    Service,
    ServiceVersion,
    System,
    TokenKey,
)
from dinh.exchange.operations.configuration import tell_gateways
from dinh.exchange.operations.subject_keys import ensure_subject_key
from dinh.exchange.operations.token_keys import rotate_token_keys
from dinh.exchange.sealing import unseal


@dataclass
class World:
    client: System
    provider: System
    version: ServiceVersion
    grant: AccessGrant
    secret: ClientSecret
    plain_secret: str
    asker: Appointment

    @property
    def key_and_secret(self) -> tuple[str, str]:
        return self.secret.consumer_key, self.plain_secret

    @transaction.atomic
    def save(self) -> None:
        for row in (self.client.member, self.client, self.provider, self.version, self.grant, self.secret):
            row.save()


def make_system(code: str, *, unit=None) -> System:
    member, _made = Member.objects.get_or_create(
        code=f"H03.{code}", defaults={"name": f"Cơ quan {code}", "valid_from": date(2020, 1, 1), "unit": unit}
    )
    return System.objects.create(member=member, code=code, name=f"Hệ thống {code}", created_at=timezone.now())


def make_secret(system: System) -> tuple[ClientSecret, str]:
    plain = secrets.token_urlsafe(32)
    row = ClientSecret.objects.create(
        system=system,
        consumer_key=secrets.token_hex(8),
        digest=hashlib.sha256(plain.encode()).hexdigest(),
        label="thử",
        created_at=timezone.now(),
        expires_at=timezone.now() + timedelta(days=30),
    )
    return row, plain


def make_version(
    provider: System, *, base_url: str, service: str, version: str, paths: list[str], **more
) -> ServiceVersion:
    offered, _made = Service.objects.get_or_create(
        code=service, defaults={"system": provider, "title": service, "created_at": timezone.now()}
    )
    made = ServiceVersion.objects.create(
        service=offered,
        version=version,
        document={},
        sha256="",
        base_url=base_url,
        created_at=timezone.now(),
        **more,
    )
    for path in paths:
        method, _space, path = path.rpartition(" ")
        method = method or "GET"
        Operation.objects.create(version=made, name=f"{method} {path}", method=method, path=path)
    return made


def make_grant(client: System, version: ServiceVersion, asker: Appointment, **more) -> AccessGrant:
    today = timezone.localdate()
    given = {
        "state": GrantState.APPROVED,
        "purpose": "Thử",
        "legal_basis": "Nghị định 47/2020/NĐ-CP",
        "valid_from": today - timedelta(days=1),
        "valid_to": today + timedelta(days=30),
        "asked_at": timezone.now(),
        "asked_by": asker,
    }
    grant = AccessGrant.objects.create(system=client, version=version, **(given | more))
    grant.operations.set(version.operations.all())
    return grant


@transaction.atomic
def small_world(*, base_url: str, service: str, version: str, paths: list[str], **grant) -> World:
    client, provider = make_system("MOTCUA"), make_system("DMDC")
    asker = AppointmentFactory()
    offered = make_version(provider, base_url=base_url, service=service, version=version, paths=paths)
    secret, plain = make_secret(client)
    rotate_token_keys(at=timezone.now())
    ensure_subject_key(at=timezone.now())
    made = make_grant(client, offered, asker, **grant)
    tell_gateways()
    return World(client, provider, offered, made, secret, plain, asker)


def signing_key() -> tuple[str, Ed25519PrivateKey]:
    """Id and private key of those with which tokens are signed now."""
    row = TokenKey.objects.get(retired_at=None)
    raw = unseal(bytes(row.sealed_private_key), secret=settings.SECRET_KEY)
    return row.kid, Ed25519PrivateKey.from_private_bytes(raw)
