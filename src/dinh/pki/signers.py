"""Keys that sign: PKCS#12 files and PKCS#11 tokens, both behind one Protocol."""

import hashlib
import threading
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from dinh.kernel.wording import translated as _

from .cms import to_der
from .errors import UnusableKey

MAX_KEPT_KEYS = 512
_signers: dict[bytes, "Pkcs12Signer"] = {}


class DigestSigner(Protocol):
    """
    Whoever can sign attributes: certificates in DER, the signer's own first, then its issuers.

    `sign` takes the DER of the signed attributes and gives the raw signature: RSA PKCS#1 v1.5 or ECDSA (DER)
    over SHA-256. It blocks until the key has answered.
    """

    @property
    def certificates(self) -> tuple[bytes, ...]: ...

    def sign(self, attributes: bytes) -> bytes: ...


class Pkcs12Signer:
    """A software key. Parsing a key takes longer than signing with it, so make it by `load_pkcs12`."""

    def __init__(
        self, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, certificates: tuple[bytes, ...]
    ) -> None:
        self._key = key
        self.certificates = certificates

    def sign(self, attributes: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(attributes, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))


def load_pkcs12(*, data: bytes, password: str) -> Pkcs12Signer:
    """
    The signer in a PKCS#12 file; the parsed key is kept by the file's and password's fingerprint.

    :raises UnusableKey: if the password is wrong or the file holds no key and certificate
    """
    fingerprint = hashlib.sha256(hashlib.sha256(password.encode()).digest() + data).digest()
    signer = _signers.get(fingerprint)
    if signer is None:
        signer = _parse_pkcs12(data, password)
        if len(_signers) >= MAX_KEPT_KEYS:
            _signers.pop(next(iter(_signers)), None)
        _signers[fingerprint] = signer
    return signer


def _parse_pkcs12(data: bytes, password: str) -> Pkcs12Signer:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password.encode())
    except ValueError as error:
        message = _("The key file cannot be opened. Check the file and its password.")
        raise UnusableKey(message, field="password") from error
    if certificate is None or not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise UnusableKey(_("The key file holds no key and certificate that can sign."), field="file")
    return Pkcs12Signer(key, to_der([certificate, *others]))


class Pkcs11Signer:
    """
    A key in a token or security module. One session is kept; after a failure it is opened again once.

    :param module: path of the PKCS#11 library
    :param key_label: label of key and certificate on the token
    :param issuers: certificates of the authorities, DER, that the token does not hold
    """

    def __init__(
        self, *, module: str, token_label: str, pin: str, key_label: str, issuers: tuple[bytes, ...] = ()
    ) -> None:
        self._module, self._token_label, self._pin, self._key_label = module, token_label, pin, key_label
        self._lock = threading.Lock()
        self._session: Any = None
        self._key: Any = None
        own = self._call(lambda: self._open_certificate())
        self.certificates: tuple[bytes, ...] = (own, *issuers)

    def sign(self, attributes: bytes) -> bytes:
        """
        :raises UnusableKey: if the token is gone or refuses
        """
        return bytes(self._call(lambda: self._sign(attributes)))

    def close(self) -> None:
        with self._lock:
            if self._session is not None:
                self._session.close()
            self._session = self._key = None

    def _call(self, action: Any) -> Any:
        from pkcs11.exceptions import PKCS11Error

        message = _("The token does not answer. Check that it is plugged in and that the PIN is right.")
        with self._lock:
            for last in (False, True):
                try:
                    if self._session is None:
                        self._open()
                    return action()
                except PKCS11Error as error:
                    self._session = self._key = None
                    if last or _is_about_pin(error):
                        raise UnusableKey(message, field="pin") from error
        raise AssertionError("unreachable")

    def _open(self) -> None:
        import pkcs11

        token = pkcs11.lib(self._module).get_token(token_label=self._token_label)
        self._session = token.open(user_pin=self._pin)
        self._key = self._session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self._key_label)

    def _open_certificate(self) -> bytes:
        import pkcs11

        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            pkcs11.Attribute.LABEL: self._key_label,
        }
        for found in self._session.get_objects(wanted):
            return bytes(found[pkcs11.Attribute.VALUE])
        raise UnusableKey(_("The token holds no certificate of this name."), field="key_label")

    def _sign(self, attributes: bytes) -> bytes:
        import pkcs11
        from pkcs11.util.ec import encode_ecdsa_signature

        if self._key.key_type == pkcs11.KeyType.EC:
            digest = hashlib.sha256(attributes).digest()
            return bytes(encode_ecdsa_signature(self._key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)))
        return bytes(self._key.sign(attributes, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))


def _is_about_pin(error: Exception) -> bool:
    # A second try with a wrong PIN would bring the token one step nearer to its lock.
    return type(error).__name__.startswith(("Pin", "UserPin"))
