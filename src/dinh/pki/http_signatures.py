"""
HTTP message signatures (RFC 9421) and digests of contents (RFC 9530), as far as two gateways need them.

Components: derived ones, header fields, and those of the request that an answer belongs to (`;req`, section 2.4).
Algorithms: ecdsa-p256-sha256, rsa-v1_5-sha256, rsa-pss-sha512. All input is strict: the form that section 4 describes,
with a single signature under a known label, else the message is refused.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
Components = Mapping[str, bytes]
"""Value of each component by its identifier as it stands in a signature's input, e.g. `"@method"` with its quotes."""

_ECDSA: Final = "ecdsa-p256-sha256"
_RSA: Final = "rsa-v1_5-sha256"
_PSS: Final = "rsa-pss-sha512"
_P256_BYTES: Final = 32
_SHA256: Final = hashes.SHA256()
_OVER_SHA256: Final = ec.ECDSA(_SHA256)
_PKCS1: Final = padding.PKCS1v15()
_PSS_PADDING: Final = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
_COMPONENT: Final = r'"[a-z0-9@!#$%&\'*+.^_`|~-]+"(?:;req)?'
_INPUT: Final = re.compile(
    rf"(?P<label>[a-z0-9_-]+)=(?P<params>\((?P<covered>(?:{_COMPONENT})?(?: {_COMPONENT})*)\)"
    r'(?P<rest>(?:;[a-z]+=(?:[0-9]{1,15}|"[\x20-\x21\x23-\x5b\x5d-\x7e]*"))*))'
)
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:([0-9]{1,15})|"([\x20-\x21\x23-\x5b\x5d-\x7e]*)")')
_VALUE: Final = re.compile(r"(?P<label>[a-z0-9_-]+)=:(?P<value>[A-Za-z0-9+/]+={0,2}):")
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


class BadMessageSignature(Exception):
    """The message is not signed as it should be; the message tells why, in English, for the other end's keeper."""


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """
    What the fields `Signature-Input` and `Signature` say.

    :param params: of the input, as it was written: what the last line of the signature base repeats
    """

    label: str
    params: str
    covered: tuple[str, ...]
    value: bytes
    created: int | None = None
    nonce: str = ""
    keyid: str = ""
    alg: str = ""
    tag: str = ""


def content_digest(digest: bytes) -> bytes:
    """The field `Content-Digest` for a SHA-256 digest (RFC 9530, 2)."""
    return b"sha-256=:%b:" % base64.b64encode(digest)


def read_content_digest(field: bytes) -> bytes:
    """
    The SHA-256 digest that a field states; other algorithms may stand beside it.

    :raises BadMessageSignature:
    """
    for item in field.decode("latin-1").split(","):
        if found := _DIGEST.fullmatch(item.strip()):
            return base64.b64decode(found[1])
    raise BadMessageSignature("Content-Digest states no sha-256.")


def signature_base(components: Components, covered: Sequence[str], params: str) -> bytes:
    """
    What is signed (section 2.5).

    :raises BadMessageSignature: if a component is not there
    """
    try:
        lines = [b"%b: %b\n" % (name.encode(), components[name]) for name in covered]
    except KeyError as missing:
        raise BadMessageSignature(f"The signature covers {missing.args[0]}, which is not there.") from missing
    return b'%b"@signature-params": %b' % (b"".join(lines), params.encode())


def sign_message(
    components: Components,
    *,
    label: str,
    covered: Sequence[str],
    key: PrivateKey,
    keyid: str,
    created: int,
    nonce: str = "",
    tag: str = "",
) -> tuple[bytes, bytes]:
    """:returns: the fields `Signature-Input` and `Signature`"""
    alg = algorithm_of(key)
    told = f';created={created};keyid="{keyid}";alg="{alg}"'
    told += f';nonce="{nonce}"' if nonce else ""
    told += f';tag="{tag}"' if tag else ""
    params = f"({' '.join(covered)}){told}"
    value = _sign(key, signature_base(components, covered, params))
    return f"{label}={params}".encode(), b"%b=:%b:" % (label.encode(), base64.b64encode(value))


def read_signature(input_field: bytes, signature_field: bytes) -> MessageSignature:
    """
    The one signature of a message.

    :raises BadMessageSignature: if there are several, or they are not in the form asked for
    """
    found = _INPUT.fullmatch(input_field.decode("latin-1"))
    value = _VALUE.fullmatch(signature_field.decode("latin-1"))
    if found is None or value is None or found["label"] != value["label"]:
        raise BadMessageSignature("Signature-Input and Signature must hold one signature, under one label.")
    covered = _covered(found["covered"] or "")
    told: dict[str, str] = {}
    for name, number, text in _PARAMETER.findall(found["rest"]):
        if name in told:
            raise BadMessageSignature(f"The parameter {name} stands twice.")
        told[name] = number or text
    if not told.get("created", "0").isdecimal():
        raise BadMessageSignature("created must be a number of seconds.")
    return MessageSignature(
        found["label"], found["params"], covered, _decoded(value["value"]),
        int(told["created"]) if "created" in told else None,
        *(told.get(name, "") for name in ("nonce", "keyid", "alg", "tag")),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _covered(text: str) -> tuple[str, ...]:
    """The same few lists come again and again. :raises BadMessageSignature:"""
    covered = tuple(text.split(" ")) if text else ()
    if len(set(covered)) != len(covered):
        raise BadMessageSignature("A component is covered twice.")
    return covered


def verify_message(components: Components, signature: MessageSignature, *, key: PublicKey) -> bytes:
    """
    Check a signature against the message's components.

    :returns: the signature base, which the log may keep as proof
    :raises BadMessageSignature: if it is not the key's over exactly this
    """
    base = signature_base(components, signature.covered, signature.params)
    alg = signature.alg or algorithm_of(key)
    try:
        _verify(key, alg, signature.value, base)
    except (InvalidSignature, ValueError) as error:
        raise BadMessageSignature("The signature is not that of the named key over this message.") from error
    return base


@dataclass(frozen=True, slots=True)
class KeptSignature:
    """What a signature base says that was kept with its signature: components by identifier, and parameters."""

    components: dict[str, str]
    created: int
    keyid: str


def read_kept(base: bytes, value: bytes, *, key: PublicKey) -> KeptSignature:
    """
    Check a signature by the base that was kept with it, without the message itself.

    :raises BadMessageSignature: if it is not the key's over this base, or the base is none
    """
    *lines, last = base.decode("latin-1").split("\n")
    name, mark, params = last.partition(": ")
    if not mark or name != '"@signature-params"':
        raise BadMessageSignature("This is no signature base.")
    told = read_signature(f"kept={params}".encode("latin-1"), b"kept=:%b:" % base64.b64encode(value))
    components = {line.partition(": ")[0]: line.partition(": ")[2] for line in lines}
    if tuple(components) != told.covered:
        raise BadMessageSignature("The base holds other components than it names.")
    try:
        _verify(key, told.alg or algorithm_of(key), value, base)
    except (InvalidSignature, ValueError) as error:
        raise BadMessageSignature("The signature is not that of the named key over this message.") from error
    return KeptSignature(components, told.created or 0, told.keyid)


def algorithm_of(key: PrivateKey | PublicKey) -> str:
    """The algorithm that a key signs with unless told otherwise."""
    return _algorithm(type(key))


@cache
def _algorithm(kind: type) -> str:
    """By type, since asking an abstract class takes a microsecond each time."""
    return _RSA if issubclass(kind, rsa.RSAPrivateKey | rsa.RSAPublicKey) else _ECDSA


def _sign(key: PrivateKey, base: bytes) -> bytes:
    if algorithm_of(key) == _RSA:
        return cast("rsa.RSAPrivateKey", key).sign(base, _PKCS1, _SHA256)
    r, s = decode_dss_signature(cast("ec.EllipticCurvePrivateKey", key).sign(base, _OVER_SHA256))
    return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")


def _verify(key: PublicKey, alg: str, value: bytes, base: bytes) -> None:
    """:raises InvalidSignature:"""
    if algorithm_of(key) == _ECDSA:
        if alg != _ECDSA or len(value) != 2 * _P256_BYTES:
            raise InvalidSignature
        r, s = (int.from_bytes(half, "big") for half in (value[:_P256_BYTES], value[_P256_BYTES:]))
        cast("ec.EllipticCurvePublicKey", key).verify(encode_dss_signature(r, s), base, _OVER_SHA256)
    elif alg == _RSA:
        cast("rsa.RSAPublicKey", key).verify(value, base, _PKCS1, _SHA256)
    elif alg == _PSS:
        cast("rsa.RSAPublicKey", key).verify(value, base, _PSS_PADDING, hashes.SHA512())
    else:
        raise InvalidSignature


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadMessageSignature("The signature is not base64.") from error
