"""
Reading CMS signatures that others made (RFC 5652) and checking their mathematics.

Nothing here asks whether the signer can be trusted: that is `verify.chain`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import algos, cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
MAX_CERTIFICATES = 50


class BadSignedData(Exception):
    """The CMS is not a signature that can be read. The message is for the log."""


@dataclass(frozen=True, slots=True)
class SignedData:
    """
    One signature with what it carries.

    :param certificate: the signer's
    :param certificates: all that came along, the signer's included
    :param hash_name: of the message digest, as hashlib names it
    :param signature_ok: the key made the signature over the attributes
    :param certificate_bound: the ESS attribute names this certificate; None if there is no such attribute
    :param timestamp: RFC 3161 token over the signature, if any
    """

    certificate: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    hash_name: str
    message_digest: bytes
    signature: bytes
    signature_ok: bool
    certificate_bound: bool | None
    claimed_at: datetime | None
    timestamp: bytes | None
    content_type: str
    content: bytes | None
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class TimestampToken:
    """An RFC 3161 token: the time it states, what it stamps and who signed it."""

    signed: SignedData
    stamped_at: datetime
    hash_name: str
    imprint: bytes
    intact: bool


def read_signed_data(content: bytes) -> SignedData:
    """
    Read a CMS and check its signature against the signer's certificate in it.

    :param content: DER of a ContentInfo; zeros behind it are the caller's business
    :raises BadSignedData: if it has not exactly one signer, or breaks the rules
    """
    try:
        info = cms.ContentInfo.load(content)
        if info["content_type"].native != "signed_data":
            raise BadSignedData("no signed data")
        return _read(info["content"])
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise BadSignedData(str(error)) from error
    except UnsupportedAlgorithm as error:
        raise BadSignedData(f"unsupported algorithm: {error}") from error


def _read(data: cms.SignedData) -> SignedData:
    infos = data["signer_infos"]
    if len(infos) != 1:
        raise BadSignedData("not exactly one signer")
    info = infos[0]
    certificates = _certificates(data)
    certificate = _find_signer(info, certificates)
    hash_name = info["digest_algorithm"]["algorithm"].native
    if hash_name not in HASHES:
        raise BadSignedData(f"digest algorithm {hash_name} is not supported")
    encapsulated = data["encap_content_info"]
    content_type = encapsulated["content_type"].native
    inner = encapsulated["content"]
    content = None if isinstance(inner, core.Void) or inner.native is None else bytes(inner.contents)
    attributes = _attributes(info["signed_attrs"])
    if attributes:
        message_digest = _single(attributes, "message_digest").native
        if _single(attributes, "content_type").native != content_type:
            raise BadSignedData("content type attribute differs")
    elif content is not None:
        message_digest = hashlib.new(hash_name, content).digest()
    else:
        raise BadSignedData("no signed attributes")
    to_sign = _to_sign(info, content)
    unsigned = _attributes(info["unsigned_attrs"])
    token = _optional(unsigned, "signature_time_stamp_token")
    claimed = _optional(attributes, "signing_time")
    archival = _optional(attributes, "adobe_revocation_info_archival")
    return SignedData(
        certificate=certificate,
        certificates=certificates,
        hash_name=hash_name,
        message_digest=message_digest,
        signature=info["signature"].native,
        signature_ok=any(_is_signed(certificate, info, data_) for data_ in to_sign),
        certificate_bound=_bound(attributes, certificate),
        claimed_at=claimed.native if claimed is not None else None,
        timestamp=token.dump() if token is not None else None,
        content_type=content_type,
        content=content,
        crls=_archived(archival, "crl"),
        ocsps=_archived(archival, "ocsp"),
    )


def _certificates(data: cms.SignedData) -> tuple[x509.Certificate, ...]:
    choices = data["certificates"] or []
    if len(choices) > MAX_CERTIFICATES:
        raise BadSignedData("too many certificates")
    return tuple(
        x509.load_der_x509_certificate(choice.chosen.dump())
        for choice in choices
        if choice.name == "certificate"
    )


def _find_signer(info: cms.SignerInfo, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    sid = info["sid"]
    if sid.name == "issuer_and_serial_number":
        serial = sid.chosen["serial_number"].native
        issuer = sid.chosen["issuer"]
        for item in certificates:
            if item.serial_number == serial and _same_name(item.issuer.public_bytes(), issuer):
                return item
    else:
        wanted = sid.chosen.native
        for item in certificates:
            if _key_identifier(item) == wanted:
                return item
    raise BadSignedData("the signer's certificate is missing")


def _same_name(encoded: bytes, name: object) -> bool:
    from asn1crypto import x509 as asn1_x509

    return encoded == name.dump() or bool(asn1_x509.Name.load(encoded) == name)  # type: ignore[attr-defined]


def _key_identifier(certificate: x509.Certificate) -> bytes | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def _attributes(values: object) -> dict[str, core.SetOf]:
    result: dict[str, core.SetOf] = {}
    if isinstance(values, core.Void) or values is None:
        return result
    for attribute in values:  # type: ignore[attr-defined]
        kind = attribute["type"].native
        if kind in result:
            raise BadSignedData(f"attribute {kind} appears twice")
        result[kind] = attribute["values"]
    return result


def _single(attributes: dict[str, core.SetOf], kind: str) -> core.Asn1Value:
    value = _optional(attributes, kind)
    if value is None:
        raise BadSignedData(f"attribute {kind} is missing")
    return value


def _optional(attributes: dict[str, core.SetOf], kind: str) -> core.Asn1Value | None:
    values = attributes.get(kind)
    if values is None:
        return None
    if len(values) != 1:
        raise BadSignedData(f"attribute {kind} has not one value")
    return values[0]


def _to_sign(info: cms.SignerInfo, content: bytes | None) -> list[bytes]:
    if isinstance(info["signed_attrs"], core.Void):
        return [content or b""]
    raw = info["signed_attrs"].dump()
    as_written = b"\x31" + raw[1:]
    in_order = cms.CMSAttributes(list(info["signed_attrs"])).dump()
    # Signers that do not sort their attributes as DER asks exist; what was signed is one of the two.
    return [as_written] if in_order == as_written else [as_written, in_order]


def _is_signed(certificate: x509.Certificate, info: cms.SignerInfo, data: bytes) -> bool:
    return verify_signature(
        certificate,
        algorithm=info["signature_algorithm"],
        hash_name=info["digest_algorithm"]["algorithm"].native,
        signature=info["signature"].native,
        data=data,
    )


def verify_signature(
    certificate: x509.Certificate,
    *,
    algorithm: algos.SignedDigestAlgorithm,
    hash_name: str,
    signature: bytes,
    data: bytes,
) -> bool:
    """Whether the certificate's key made this signature. Unknown algorithms are no signature."""
    key = certificate.public_key()
    name = algorithm.signature_algo
    if name != "ed25519" and _stated_hash(algorithm, hash_name) != hash_name:
        return False
    digest = HASHES[hash_name]()
    try:
        if isinstance(key, rsa.RSAPublicKey) and name == "rsassa_pss":
            key.verify(signature, data, _pss(algorithm, digest), digest)
        elif isinstance(key, rsa.RSAPublicKey) and name == "rsassa_pkcs1v15":
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and name == "ecdsa":
            key.verify(signature, data, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey) and name == "ed25519":
            key.verify(signature, data)
        else:
            return False
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        return False
    return True


def _stated_hash(algorithm: algos.SignedDigestAlgorithm, default: str) -> str:
    try:
        return str(algorithm.hash_algo)
    except ValueError:
        return default


def _pss(algorithm: algos.SignedDigestAlgorithm, digest: hashes.HashAlgorithm) -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=algorithm["parameters"]["salt_length"].native)


def _bound(attributes: dict[str, core.SetOf], certificate: x509.Certificate) -> bool | None:
    encoded = certificate.public_bytes(Encoding.DER)
    v2 = _optional(attributes, "signing_certificate_v2")
    if v2 is not None:
        entry = v2["certs"][0]
        name = entry["hash_algorithm"]["algorithm"].native
        return name in HASHES and hashlib.new(name, encoded).digest() == entry["cert_hash"].native
    v1 = _optional(attributes, "signing_certificate")
    if v1 is not None:
        return hashlib.sha1(encoded, usedforsecurity=False).digest() == v1["certs"][0]["cert_hash"].native  # type: ignore[no-any-return]
    return None


def _archived(archival: core.Asn1Value | None, kind: str) -> tuple[bytes, ...]:
    if archival is None or isinstance(archival[kind], core.Void) or archival[kind].native is None:
        return ()
    return tuple(item.dump() for item in archival[kind])


def read_timestamp(
    token: bytes, *, digest: bytes | None = None, stamped: bytes | None = None
) -> TimestampToken:
    """
    Read a token and check its signature, its own digest and its imprint.

    :param stamped: the bytes that it should stamp; or `digest`, where they were hashed already
    :raises BadSignedData: if it cannot be read
    """
    signed = read_signed_data(token)
    if signed.content_type != "tst_info" or signed.content is None:
        raise BadSignedData("no timestamp token")
    try:
        info = tsp.TSTInfo.load(signed.content)
        hash_name = info["message_imprint"]["hash_algorithm"]["algorithm"].native
        imprint = info["message_imprint"]["hashed_message"].native
        stamped_at = info["gen_time"].native
    except (ValueError, TypeError, KeyError) as error:
        raise BadSignedData(str(error)) from error
    if hash_name not in HASHES:
        raise BadSignedData(f"imprint algorithm {hash_name} is not supported")
    expected = digest if stamped is None else hashlib.new(hash_name, stamped).digest()
    own = hashlib.new(signed.hash_name, signed.content).digest()
    intact = signed.signature_ok and own == signed.message_digest and imprint == expected
    return TimestampToken(
        signed, stamped_at, hash_name, imprint, intact and signed.certificate_bound is not False
    )


def prehashed(name: str) -> utils.Prehashed:
    return utils.Prehashed(HASHES[name]())
