"""Where keys are: software files, security modules, tokens in people's USB ports; all behind one Protocol."""

import base64
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from dinh.kernel.errors import DomainError, Unavailable
from dinh.kernel.registry import Registry
from dinh.pki.api import DigestSigner, Pkcs11Signer, PreparedSignature, UnusableKey
from dinh.signing.keys import PROVIDER as PKCS12
from dinh.signing.keys import signer_of

PKCS11, PLUGIN = "pkcs11", "plugin"


class SignOnDevice(DomainError):
    """Only the holder's own device reaches the key; the page has to ask it."""


class WrongKey(Unavailable):
    """The token holds another certificate than the registry says."""


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """A registered key: fingerprint of its certificate (SHA-256, hex), and where its provider finds it."""

    fingerprint: str
    ref: str


class SigningProvider(Protocol):
    """
    One kind of place for keys.

    `challenge` is what the page hands to the holder's device, empty where the server reaches the key itself.
    `sign` gives the raw signature of the signed attributes: RSA PKCS#1 v1.5 or ECDSA (DER) over SHA-256. It may
    block, so it never runs inside a transaction.
    """

    is_on_device: bool

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]: ...

    def sign(self, key: KeyPlace, attributes: bytes) -> bytes:
        """
        :raises SignOnDevice: if only the holder's device reaches the key
        :raises Unavailable, UnusableKey: if the key does not answer
        """
        ...


class Pkcs12Provider:
    """Software keys of this installation: the demo."""

    is_on_device = False

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {}

    def sign(self, key: KeyPlace, attributes: bytes) -> bytes:
        return signer_of(key.fingerprint).sign(attributes)


class Pkcs11Provider:
    """
    A security module or token at the server (DINH_PKCS11_MODULE); `ref` is "token label/key label". One session
    for each key is kept open in the process.
    """

    is_on_device = False

    def __init__(self) -> None:
        self._signers: dict[KeyPlace, Pkcs11Signer] = {}
        self._lock = threading.Lock()

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {}

    def sign(self, key: KeyPlace, attributes: bytes) -> bytes:
        return self._signer(key).sign(attributes)

    def _signer(self, key: KeyPlace) -> Pkcs11Signer:
        with self._lock:
            if key not in self._signers:
                self._signers[key] = self._open(key)
            return self._signers[key]

    def _open(self, key: KeyPlace) -> Pkcs11Signer:
        token, _slash, label = key.ref.partition("/")
        if not settings.PKCS11_MODULE:
            raise UnusableKey(_("No security module is configured. Set DINH_PKCS11_MODULE."))
        signer = Pkcs11Signer(
            module=settings.PKCS11_MODULE, token_label=token, key_label=label, pin=settings.PKCS11_PIN
        )
        check_certificate(signer, key)
        return signer


class PluginProvider:
    """The signing plugin on the holder's computer, which the page reaches over a local WebSocket."""

    is_on_device = True

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {
            "address": settings.SIGNING_PLUGIN_URL,
            "fingerprint": key.fingerprint,
            "attributes": base64.b64encode(prepared.attributes).decode(),
            "digest": prepared.attributes_digest.hex(),
        }

    def sign(self, key: KeyPlace, attributes: bytes) -> bytes:
        raise SignOnDevice(_("Your key is in your own token. Plug it in and sign with the signing plugin."))


def check_certificate(signer: DigestSigner, key: KeyPlace) -> None:
    """:raises WrongKey: if the signer's certificate is not the registered one"""
    if hashlib.sha256(signer.certificates[0]).hexdigest() != key.fingerprint:
        raise WrongKey(
            _("The token holds another certificate than the registered one. Tell the administrator.")
        )


providers: Registry[SigningProvider] = Registry("signing providers")
providers.register(PKCS12, Pkcs12Provider())
providers.register(PKCS11, Pkcs11Provider())
providers.register(PLUGIN, PluginProvider())
