"""The demo's exchange: two systems, shared catalogues, a service with a grant, keys in a file."""

import json
import os
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Appointment, Unit
from dinh.exchange.enums import PeerScope, VersionState
from dinh.exchange.gateway.identity import make_identity
from dinh.exchange.models import Dictionary, Member, Peer, Service, ServiceVersion, System
from dinh.exchange.openapi import Description, read_description
from dinh.exchange.operations.credentials import add_certificate, issue_secret, revoke_secret
from dinh.exchange.operations.demo_outside import ACCOUNTS, register_outside_services
from dinh.exchange.operations.dictionaries import Column, Item, store_dictionary
from dinh.exchange.operations.grants import NewGrant, approve_grant, ask_for_access
from dinh.exchange.operations.members import NewMember, NewSystem, register_member, register_system
from dinh.exchange.operations.peers import NewPeer, end_peer, register_peer
from dinh.exchange.operations.services import (
    NewService,
    NewVersion,
    deprecate_version,
    move_provider,
    offer_service,
    publish_version,
)
from dinh.exchange.operations.token_keys import rotate_token_keys
from dinh.pki.certificates import fingerprint

_NATIONAL = ("000.00.00.G22", "CONG")
_NATIONAL_PORT = 3
"""Above the sandbox's (`dinh.sandbox.national`)."""
KEYS = "demo-exchange-keys.json"
_DATA = Path(__file__).parents[1] / "data"
_GENDERS = (("0", "Chưa có thông tin"), ("1", "Nam"), ("2", "Nữ"), ("9", "Giới tính chưa xác định"))


def make_demo_exchange() -> None:
    """
    Registry, catalogues and one grant, made as its people would; keys go to `demo-exchange-keys.json`.

    Safe to repeat.
    """
    now = timezone.now()
    rotate_token_keys(at=now)
    _catalogues()
    if not Service.objects.filter(code="dmdc").exists():
        _services()
    _catalogue_version()
    _follow_the_port()
    _national_gateway()
    one_stop = System.objects.select_related("member").get(code="MOTCUA", member__code="H03.01")
    keeper = _somebody("VPUBND", Role.ADMINISTRATOR)
    register_outside_services(keeper=keeper, caller=one_stop, sandbox=settings.SANDBOX_URL, at=now)
    _keys(one_stop, keeper)


def _follow_the_port() -> None:
    """The demo's pages may stand on another port than at its last start."""
    owner = _somebody("STTTT", Role.UNIT_HEAD)
    for version in ServiceVersion.objects.filter(service__code="dmdc").exclude(state=VersionState.RETIRED):
        # Its catalogues are public, so they may be tried as they are.
        move_provider(version, _catalogue_address(version.version), actor=owner, at=timezone.now())


def _catalogue_address(version: str) -> str:
    folder = "" if version == "1.0" else f"/{version}"
    return f"{settings.BASE_URL}/exchange/dmdc{folder}"


def _national_gateway() -> None:
    """The sandbox's, which serves the Government Office's services; its key lies where the sandbox finds it."""
    now, keeper = timezone.now(), _somebody("VPUBND", Role.ADMINISTRATOR)
    certificate = _national_certificate()
    system = System.objects.filter(code=_NATIONAL[1], member__code=_NATIONAL[0]).first()
    if system is None:
        member = register_member(
            new=NewMember("VN", "GOV", _NATIONAL[0], "Văn phòng Chính phủ", None, date(2020, 1, 1)),
            actor=keeper,
            at=now,
        )
        new = NewSystem(member.pk, _NATIONAL[1], "Cổng của nền tảng quốc gia (giả lập)")
        system = register_system(new=new, actor=keeper, at=now)
    if not system.certificates.filter(fingerprint=fingerprint(certificate), revoked_at=None).exists():
        add_certificate(
            system_id=system.pk, data=certificate.public_bytes(Encoding.PEM), actor=keeper, at=now
        )
    url = urlsplit(settings.SANDBOX_URL)
    address = f"https://{url.hostname}:{(url.port or 80) + _NATIONAL_PORT}"
    in_use = Peer.objects.filter(system=system, ended_at=None)
    for moved in in_use.exclude(address=address):
        end_peer(peer_id=moved.pk, actor=keeper, at=now)
    if not in_use.exists():
        register_peer(system_id=system.pk, new=NewPeer(address, PeerScope.MEMBER), actor=keeper, at=now)


def _national_certificate() -> x509.Certificate:
    """Made once; beside it an expired one, for the sandbox to misbehave with."""
    folder, name = Path(settings.DATA_DIR) / "pki", "Cổng quốc gia (giả lập)"
    folder.mkdir(parents=True, exist_ok=True)
    long_ago = timezone.now() - timedelta(days=400)
    if not (folder / "national-expired.pem").exists():
        files = folder / "national-expired-key.pem", folder / "national-expired.pem"
        make_identity(*files, name=name, since=long_ago, life=timedelta(days=365))
    if not (folder / "national.pem").exists():
        make_identity(folder / "national-key.pem", folder / "national.pem", name=name)
    return x509.load_pem_x509_certificate((folder / "national.pem").read_bytes())


def _catalogues() -> None:
    if Dictionary.objects.exists():
        return
    now = timezone.now()
    units = Unit.objects.filter(bloc="government").order_by("pk")
    codes = [Item(row.code, row.name) for row in units[:500]]
    genders = [Column("MaGioiTinh", "Mã giới tính"), Column("TenGioiTinh", "Tên giới tính")]
    agencies = [Column("MaDinhDanhCap2", "Mã định danh cấp 2"), Column("TenDonVi", "Tên đơn vị")]
    for code, name, columns, items, basis in (
        ("magioitinh", "Giới tính", genders, [Item(*row) for row in _GENDERS], "Quyết định 124/2004/QĐ-TTg"),
        ("qlvanbandieuhanhcap2", "Cơ quan, đơn vị của tỉnh", agencies, codes, "Quyết định 20/2020/QĐ-TTg"),
    ):
        store_dictionary(
            code=code,
            name=name,
            items=items,
            columns=columns,
            legal_basis=basis,
            valid_from=date(2021, 1, 1),
            actor=None,
            at=now,
        )


@transaction.atomic
def _services() -> None:
    keeper = _somebody("VPUBND", Role.ADMINISTRATOR)
    owner = _somebody("STTTT", Role.UNIT_HEAD)
    lgsp, _one_stop = (_system(keeper, *wanted) for wanted in (
        ("STTTT", "H03.12", "LGSP", "Nền tảng tích hợp, chia sẻ dữ liệu của tỉnh"),
        ("VPUBND", "H03.01", "MOTCUA", "Hệ thống một cửa điện tử"),
    ))  # fmt: skip
    new = NewService(lgsp.pk, "dmdc", "Danh mục dùng chung", "Các danh mục mã dùng chung, có phiên bản.")
    offer_service(new=new, actor=owner, at=timezone.now())


@transaction.atomic
def _catalogue_version() -> None:
    """Its version 2.0, which the one-stop system may call; an older demo has 1.0 besides, in another shape."""
    service = Service.objects.get(code="dmdc")
    if service.versions.filter(version="2.0").exists():
        return
    keeper, owner = _somebody("VPUBND", Role.ADMINISTRATOR), _somebody("STTTT", Role.UNIT_HEAD)
    one_stop, now = System.objects.get(code="MOTCUA", member__code="H03.01"), timezone.now()
    own = publish_version(
        service_id=service.pk,
        new=NewVersion("2.0", _description("dmdc.json"), _catalogue_address("2.0")),
        actor=owner,
        at=now,
    )
    for old in service.versions.filter(version="1.0", state=VersionState.ACTIVE):
        deprecate_version(version_id=old.pk, sunset_date=None, actor=owner, at=now)
    asked = ask_for_access(
        new=NewGrant(
            system_id=one_stop.pk,
            version_id=own.pk,
            operation_ids=list(own.operations.filter(method="GET").values_list("pk", flat=True)),
            purpose="Điền sẵn danh mục trên biểu mẫu điện tử của hồ sơ một cửa.",
            legal_basis="Nghị định 47/2020/NĐ-CP",
            valid_from=timezone.localdate(),
            valid_to=timezone.localdate().replace(year=timezone.localdate().year + 1, day=1),
        ),
        actor=keeper,
        at=now,
    )
    approve_grant(grant_id=asked.pk, reason="Đúng mục đích.", actor=owner, at=now)


def _system(keeper: Appointment, unit: str, code: str, system: str, name: str) -> System:
    found = Unit.objects.get(code=unit)
    member = Member.objects.filter(code=code).first() or register_member(
        new=NewMember("VN", "GOV", code, found.name, found.pk, date(2021, 1, 1)),
        actor=keeper,
        at=timezone.now(),
    )
    return register_system(new=NewSystem(member.pk, system, name), actor=keeper, at=timezone.now())


def _somebody(unit: str, role: str) -> Appointment:
    return Appointment.objects.filter(unit__code=unit, roles__contains=[role]).order_by("pk")[0]


def _description(name: str) -> Description:
    return read_description((_DATA / name).read_bytes())


def _keys(one_stop: System, keeper: Appointment) -> None:
    """
    The one-stop system's key; a new one if the file was lost, since nobody can read the old one any more. Beside it
    what the stand-ins of outside systems know the province by.
    """
    path = Path(settings.DATA_DIR) / KEYS
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if kept.get("accounts") == ACCOUNTS:
        return
    if not kept:
        kept = _new_key(one_stop, keeper)
    _write(path, {**kept, "accounts": ACCOUNTS})


def _new_key(one_stop: System, keeper: Appointment) -> dict[str, str]:
    now = timezone.now()
    for lost in one_stop.secrets.filter(revoked_at=None):
        revoke_secret(system_id=one_stop.pk, secret_id=lost.pk, actor=keeper, at=now)
    row, plain = issue_secret(system_id=one_stop.pk, label="Máy chủ một cửa", actor=keeper, at=now)
    return {"system": one_stop.identifier, "consumer_key": row.consumer_key, "secret": plain}


def _write(path: Path, keys: dict[str, object]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(keys, handle, ensure_ascii=False, indent=1)
