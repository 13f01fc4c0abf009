"""Where keys are: software files, security modules, tokens in people's USB ports; all behind one Protocol."""

import base64
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dinh.kernel.errors import DomainError, Unavailable
from dinh.kernel.registry import Registry
from dinh.pki.api import SEAL_FIELD, DigestSigner, Pkcs11Signer, PreparedSignature, UnusableKey
from dinh.signing.keys import PROVIDER as PKCS12
from dinh.signing.keys import signer_of
from dinh.signing.remote import RemoteService

PKCS11, PLUGIN, VGCA, REMOTE = "pkcs11", "plugin", "vgca", "remote"

_WRONG_KEY = gettext_lazy(
    "The token holds another certificate than the registered one. Tell the administrator."
)
_FUNCTIONS: Final = {
    "Signature.initials": "vgca_comment",
    SEAL_FIELD: "vgca_sign_issued",
    "Signature.copy": "vgca_sign_copy",
    "Signature.annex": "vgca_sign_appendix",
    "Signature.income": "vgca_sign_income",
}


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

    `ask` comes first, at the beginning of a session: where the key is released elsewhere (a phone, a SIM), it sends the
    request there and gives a reference, empty otherwise. `challenge` is what the page hands to the holder's device,
    empty where the server reaches the key itself. `sign` gives the raw signature of the signed attributes: RSA
    PKCS#1 v1.5 or ECDSA (DER) over SHA-256. `ask` and `sign` may block, so they never run inside a transaction.
    """

    is_on_device: bool
    """Whether only the holder can release the key, so that both phases and a page between them are needed."""

    def ask(self, key: KeyPlace, prepared: PreparedSignature, about: str) -> str:
        """
        :param about: what the holder reads there
        :raises Unavailable: if it cannot be asked
        """
        ...

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]: ...

    def sign(self, key: KeyPlace, attributes: bytes, asked: str = "") -> bytes:
        """
        :param asked: what `ask` gave
        :raises StillWaiting: if the holder has not released the key yet
        :raises SignOnDevice: if only the holder's device reaches the key
        :raises Unavailable, UnusableKey: if the key does not answer
        """
        ...


class _AsksNobody:
    """What most providers share: there is nobody to ask before."""

    def ask(self, key: KeyPlace, prepared: PreparedSignature, about: str) -> str:
        return ""


class Pkcs12Provider(_AsksNobody):
    """Software keys of this installation: the demo."""

    is_on_device = False

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {}

    def sign(self, key: KeyPlace, attributes: bytes, asked: str = "") -> bytes:
        return signer_of(key.fingerprint).sign(attributes)


class Pkcs11Provider(_AsksNobody):
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

    def sign(self, key: KeyPlace, attributes: bytes, asked: str = "") -> bytes:
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


class PluginProvider(_AsksNobody):
    """The signing plugin on the holder's computer, which the page reaches over a local WebSocket."""

    is_on_device = True

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {
            "address": settings.SIGNING_PLUGIN_URL,
            "fingerprint": key.fingerprint,
            "attributes": base64.b64encode(prepared.attributes).decode(),
            "digest": prepared.attributes_digest.hex(),
        }

    def sign(self, key: KeyPlace, attributes: bytes, asked: str = "") -> bytes:
        raise SignOnDevice(_("Your key is in your own token. Plug it in and sign with the signing plugin."))


class VgcaProvider(PluginProvider):
    """
    The same with the program of the government's cipher agency (VGCA Sign Service), which takes whole letters: it
    fetches the letter from a one-time address and returns it signed (`operations/errands.py`).
    """

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {"address": settings.SIGNING_PLUGIN_URL, "function": plugin_function(prepared.field)}


class RemoteProvider:
    """
    A remote signing service with approval on the holder's phone (DINH_REMOTE_SIGNING_URL); `ref` is the credential's
    name there, the certificate's fingerprint if empty.
    """

    is_on_device = True

    def ask(self, key: KeyPlace, prepared: PreparedSignature, about: str) -> str:
        service, name = self._service(), key.ref or key.fingerprint
        if hashlib.sha256(service.certificate(name)).hexdigest() != key.fingerprint:
            raise WrongKey(_WRONG_KEY)
        return service.authorise(name, prepared.attributes, about)

    def challenge(self, key: KeyPlace, prepared: PreparedSignature) -> Mapping[str, str]:
        return {}

    def sign(self, key: KeyPlace, attributes: bytes, asked: str = "") -> bytes:
        if not asked:
            raise SignOnDevice(_("Your key is released on your phone. Begin to sign, then approve there."))
        return self._service().collect(key.ref or key.fingerprint, asked, attributes)

    def _service(self) -> RemoteService:
        if not settings.REMOTE_SIGNING_URL:
            raise UnusableKey(_("No remote signing service is configured. Set DINH_REMOTE_SIGNING_URL."))
        return RemoteService(settings.REMOTE_SIGNING_URL, settings.REMOTE_SIGNING_TOKEN)


def plugin_function(field: str) -> str:
    """Which function of VGCA Sign Service signs in a field; the leader's where the field's name says nothing."""
    found = (name for start, name in _FUNCTIONS.items() if field.startswith(start))
    return next(found, "vgca_sign_approved")


def check_certificate(signer: DigestSigner, key: KeyPlace) -> None:
    """:raises WrongKey: if the signer's certificate is not the registered one"""
    if hashlib.sha256(signer.certificates[0]).hexdigest() != key.fingerprint:
        raise WrongKey(_WRONG_KEY)


providers: Registry[SigningProvider] = Registry("signing providers")
providers.register(PKCS12, Pkcs12Provider())
providers.register(PKCS11, Pkcs11Provider())
providers.register(PLUGIN, PluginProvider())
providers.register(VGCA, VgcaProvider())
providers.register(REMOTE, RemoteProvider())
