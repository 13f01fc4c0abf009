"""
The next certificate from who issued the present one, by enrolment over secure transport (EST, RFC 7030, 4.2.2).

The gateway shows its present certificate (mutual TLS) and sends a request for a new key (PKCS #10) with the same names.
"""

import base64
import binascii
import http.client
import ssl
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from dinh.exchange.gateway.identity import Identity, SigningKey

_SECONDS: Final = 30.0
_MOST: Final = 256 * 1024


class NotEnrolled(Exception):
    """The authority gave no certificate; the message says why. It may be asked again with the same key."""


def new_key(present: SigningKey) -> SigningKey:
    """Of the same kind as the present one."""
    if isinstance(present, rsa.RSAPrivateKey):
        return rsa.generate_private_key(65537, present.key_size)
    return ec.generate_private_key(ec.SECP256R1())


def enrolled(*, url: str, present: Identity, key: SigningKey, since: datetime) -> list[x509.Certificate]:
    """
    A certificate for the key, issuers after it.

    :param url: of the authority's EST service, e.g. `https://ca.example/.well-known/est`
    :param since: when it is to be used first
    :raises NotEnrolled:
    """
    certificates = _read(_asked(url, present, _request(present, key)))
    own = next((each for each in certificates if each.public_key() == key.public_key()), None)
    if own is None:
        raise NotEnrolled("the authority's answer holds no certificate for the new key")
    if own.not_valid_after_utc <= since:
        raise NotEnrolled(
            f"the new certificate ends on {own.not_valid_after_utc:%Y-%m-%d}, before it would be used"
        )
    return [own, *(each for each in certificates if each != own)]


def _request(present: Identity, key: SigningKey) -> bytes:
    """PKCS #10, DER: subject and other names as they are now (RFC 7030, 4.2.2)."""
    certificate = present.certificates[0]
    builder = x509.CertificateSigningRequestBuilder(certificate.subject)
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _asked(url: str, present: Identity, request: bytes) -> bytes:
    place = urlsplit(url)
    wire: http.client.HTTPConnection
    if place.scheme == "https":
        context = ssl.create_default_context()
        context.load_cert_chain(present.certificate_file, present.key_file)
        wire = http.client.HTTPSConnection(place.netloc, timeout=_SECONDS, context=context)
    else:
        wire = http.client.HTTPConnection(place.netloc, timeout=_SECONDS)
    headers = {"Content-Type": "application/pkcs10", "Content-Transfer-Encoding": "base64"}
    try:
        wire.request("POST", f"{place.path.rstrip('/')}/simplereenroll", base64.encodebytes(request), headers)
        answer = wire.getresponse()
        content = answer.read(_MOST)
    except (OSError, http.client.HTTPException) as error:
        raise NotEnrolled(f"{url} does not answer: {error!r}") from error
    finally:
        wire.close()
    if answer.status == 202:
        raise NotEnrolled("the authority has taken the request and decides on it later")
    if answer.status != 200:
        raise NotEnrolled(f"{url} refuses: status {answer.status}")
    return content


def _read(content: bytes) -> list[x509.Certificate]:
    """PKCS #7, certificates only, in base64."""
    try:
        return pkcs7.load_der_pkcs7_certificates(base64.b64decode(b"".join(content.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        raise NotEnrolled("the authority's answer is no list of certificates (PKCS #7)") from error
