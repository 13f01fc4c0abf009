"""Software keys on disk: one PKCS#12 file per certificate, all under one generated password."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from dinh.kernel.errors import Unavailable
from dinh.pki.api import Pkcs12Signer, load_pkcs12

PROVIDER = "pkcs12"


class KeyMissing(Unavailable):
    """The certificate is registered, its key is not on this machine."""


def key_path(fingerprint: str) -> Path:
    return Path(settings.DATA_DIR) / "keys" / f"{fingerprint}.p12"


def password() -> str:
    """Password of the key files, made at first use."""
    path = Path(settings.DATA_DIR) / "keys" / "password"
    if not path.exists():
        write_secret(path, secrets.token_urlsafe(32).encode())
    return path.read_text()


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only this account may read; in one step, so that it is never seen half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(data)
    draft.replace(path)


def signer_of(fingerprint: str) -> Pkcs12Signer:
    """
    The key of a certificate.

    :raises KeyMissing: if it is not on this machine
    """
    try:
        data = key_path(fingerprint).read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(_("The signing key is not available. Ask the administrator.")) from error
    return load_pkcs12(data=data, password=password())
