"""Certificates for the demo: an authority of its own, keys for its leaders and seals for their units."""

import io
import math
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

import dinh.kernel
from dinh.directory.enums import Role
from dinh.directory.models import Account, Appointment, Person, Unit
from dinh.pki.certificates import crl_urls
from dinh.signing.keys import PROVIDER, key_path, password, write_secret
from dinh.signing.models import Credential
from dinh.signing.models.credential import CredentialState
from dinh.signing.providers import PLUGIN
from dinh.signing.queries.verification import demo_root
from dinh.storage.api import PNG, store_bytes

_FONTS = Path(dinh.kernel.__file__).parent / "fonts"
_SIGNERS = [Role.UNIT_HEAD, Role.UNIT_DEPUTY, Role.DIVISION_HEAD]
DEVICE_HOLDER: Final = "phogiamdoc.stttt"
_BLUE, _RED = (20, 40, 180, 255), (210, 20, 20, 255)


@dataclass(frozen=True, slots=True)
class _Issuer:
    """An authority; the sandbox serves its list and its certificate under its stem."""

    stem: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def list_url(self) -> str:
        return f"{settings.SANDBOX_URL}/ca/{self.stem}.crl"


def issue_demo_certificates() -> None:
    """
    Give the demo's signers and their units certificates that name the sandbox as the place to ask for
    revocation, unless they have such. Safe to repeat; earlier certificates stay registered, so that what was
    signed by them keeps its standing.
    """
    root = _authority("root", "Demo Root CA", None)
    issuer = _authority("ca", "Demo CA", root)
    for person in _signers():
        if not _has_key(issuer, Credential.objects.filter(person=person)):
            image = signature_image(person.full_name)
            _issue(issuer, root, person.full_name, image, Credential(person=person))
    _put_into_device()
    for unit in _sealing_units():
        if not _has_key(issuer, Credential.objects.filter(unit=unit)):
            _issue(issuer, root, unit.name, seal_image(unit.name), Credential(unit=unit))


def _put_into_device() -> None:
    """One key of the demo is in a token, so that this road can be tried; the stand-in for the plugin reaches it."""
    holder = Account.objects.filter(username=DEVICE_HOLDER).values("person_id")
    Credential.objects.filter(person_id__in=holder, provider=PROVIDER).update(provider=PLUGIN)


def _appointments() -> list[Appointment]:
    accounts = Account.objects.exclude(password__startswith="!")  # noqa: S106 the mark of none
    accounts = accounts.exclude(password="")
    people = accounts.values("person_id")
    found = Appointment.objects.filter(person_id__in=people, roles__overlap=_SIGNERS)
    today = timezone.localdate()
    return [item for item in found.select_related("person", "unit") if item.is_current(today)]


def _signers() -> list[Person]:
    return list({item.person_id: item.person for item in _appointments()}.values())


def _sealing_units() -> list[Unit]:
    return list({item.unit_id: item.unit for item in _appointments()}.values())


def _has_key(issuer: _Issuer, credentials: QuerySet[Credential]) -> bool:
    # The newest is the one that signs.
    known = credentials.filter(state=CredentialState.ACTIVE).order_by("-valid_from", "-pk").first()
    if known is None:
        return False
    return known.provider not in (PROVIDER, PLUGIN) or _is_usable(issuer, known)


def _is_usable(issuer: _Issuer, credential: Credential) -> bool:
    certificate = x509.load_der_x509_certificate(bytes(credential.certificate))
    return key_path(credential.fingerprint).exists() and _names_its_list(certificate, issuer)


def _names_its_list(certificate: x509.Certificate, issuer: _Issuer | None) -> bool:
    return issuer is None or crl_urls(certificate) == (issuer.list_url,)


def _authority(stem: str, name: str, issuer: _Issuer | None) -> _Issuer:
    path = demo_root().with_name(f"{stem}.pem")
    key = _authority_key(path.with_name(f"{stem}-key.pem"))
    known = x509.load_pem_x509_certificate(path.read_bytes()) if path.exists() else None
    if known and known.public_key() == key.public_key() and _names_its_list(known, issuer):
        return _Issuer(stem, key, known)
    certificate = _certificate(name, key, issuer, is_ca=True)
    write_secret(path, certificate.public_bytes(Encoding.PEM))
    return _Issuer(stem, key, certificate)


def _authority_key(path: Path) -> rsa.RSAPrivateKey:
    if path.exists():
        return _key(path.read_bytes())
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_secret(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


@lru_cache(maxsize=4)
def _key(pem: bytes) -> rsa.RSAPrivateKey:
    """Reading one tests its primes: 40 ms."""
    loaded = load_pem_private_key(pem, None)
    assert isinstance(loaded, rsa.RSAPrivateKey)  # noqa: S101 written above
    return loaded


def _certificate(
    name: str, key: rsa.RSAPrivateKey, issuer: _Issuer | None, *, is_ca: bool = False
) -> x509.Certificate:
    now, subject = timezone.now(), _name(name)
    usage = x509.KeyUsage(not is_ca, not is_ca, False, False, False, is_ca, is_ca, False, False)
    own, above = key.public_key(), (issuer.key if issuer else key).public_key()
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer.certificate.subject if issuer else subject,
        public_key=own,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=3650 if is_ca else 1825),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(above)
    builder = builder.add_extension(authority, critical=False)
    if issuer:
        builder = builder.add_extension(_list_place(issuer), critical=False)
        builder = builder.add_extension(_access(issuer), critical=False)
    return builder.sign(issuer.key if issuer else key, hashes.SHA256())


def _list_place(issuer: _Issuer) -> x509.CRLDistributionPoints:
    place = x509.UniformResourceIdentifier(issuer.list_url)
    return x509.CRLDistributionPoints([x509.DistributionPoint([place], None, None, None)])


def _access(issuer: _Issuer) -> x509.AuthorityInformationAccess:
    places = {
        AuthorityInformationAccessOID.OCSP: f"{settings.SANDBOX_URL}/ocsp",
        AuthorityInformationAccessOID.CA_ISSUERS: f"{settings.SANDBOX_URL}/ca/{issuer.stem}.cer",
    }
    return x509.AuthorityInformationAccess(
        [
            x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
            for method, url in places.items()
        ]
    )


def _name(common_name: str) -> x509.Name:
    # X.520 allows 64 characters for a common name.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
        ]
    )


def _issue(issuer: _Issuer, root: _Issuer, name: str, image: bytes, credential: Credential) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate(name, key, issuer)
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    chain = [issuer.certificate, root.certificate]
    encryption = BestAvailableEncryption(password().encode())
    data = pkcs12.serialize_key_and_certificates(b"signer", key, certificate, chain, encryption)
    write_secret(key_path(fingerprint), data)
    credential.provider, credential.provider_ref = PROVIDER, fingerprint
    credential.fingerprint = fingerprint
    credential.certificate = certificate.public_bytes(Encoding.DER)
    credential.chain = b"".join(item.public_bytes(Encoding.DER) for item in chain)
    credential.subject_name, credential.issuer_name = name[:200], "Demo CA"
    credential.serial_number = f"{certificate.serial_number:x}"
    credential.valid_from = certificate.not_valid_before_utc
    credential.valid_to = certificate.not_valid_after_utc
    credential.appearance_id = store_bytes(image, accept=frozenset({PNG})).sha256
    credential.save()


def signature_image(name: str) -> bytes:
    """A blue signature on nothing, as PNG: the given name with a flourish."""
    image = Image.new("RGBA", (360, 180), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(_FONTS / "LiberationSerif-BoldItalic.ttf", 72)
    draw.text((180, 80), name.split()[-1], fill=_BLUE, font=font, anchor="mm")
    curve = [(x, 135 + 18 * math.sin(x / 24) * (1 - x / 400)) for x in range(30, 340, 2)]
    draw.line(curve, fill=_BLUE, width=4, joint="curve")
    return _png(image)


def seal_image(name: str) -> bytes:
    """A round red seal on nothing, as PNG, with the unit's name around a star."""
    image = Image.new("RGBA", (480, 480), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((6, 6, 474, 474), outline=_RED, width=8)
    draw.ellipse((92, 92, 388, 388), outline=_RED, width=4)
    _draw_around(image, name.upper())
    draw.polygon([_star(i) for i in range(10)], fill=_RED)
    return _png(image)


def _draw_around(image: Image.Image, text: str) -> None:
    step = min(12.0, 330 / max(1, len(text)))
    font = ImageFont.truetype(_FONTS / "LiberationSerif-Bold.ttf", int(min(44, max(14, step * 4.2))))
    for index, letter in enumerate(text):
        angle = (index - (len(text) - 1) / 2) * step
        tile = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((40, 40), letter, fill=_RED, font=font, anchor="mm")
        turned = math.radians(angle)
        place = (round(200 + 190 * math.sin(turned)), round(200 - 190 * math.cos(turned)))
        image.alpha_composite(tile.rotate(-angle), place)


def _star(index: int) -> tuple[float, float]:
    radius, angle = (90 if index % 2 == 0 else 36), math.pi * index / 5
    return 240 + radius * math.sin(angle), 240 - radius * math.cos(angle)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
