"""A public key infrastructure for the tests: root, issuing authority, leaves, timestamps, revocation lists."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from dinh.pki.signers import Pkcs12Signer

BEGIN = datetime(2018, 1, 1, tzinfo=UTC)
END = datetime(2048, 1, 1, tzinfo=UTC)
CRL_URL = "http://ca.example.vn/ca.crl"
OCSP_URL = "http://ocsp.example.vn/"


@lru_cache
def rsa_key(bits: int = 2048, index: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def name(common_name: str, *units: str) -> x509.Name:
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tỉnh thử"),
    ]
    parts += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@dataclass
class Holder:
    """A certificate with its key and its issuers."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    issuers: tuple["Holder", ...] = ()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def signer(self) -> Pkcs12Signer:
        return Pkcs12Signer(self.key, (self.der, *(item.der for item in self.issuers)))

    def pkcs12(self, password: str) -> bytes:
        return pkcs12.serialize_key_and_certificates(
            b"signer",
            self.key,
            self.certificate,
            [item.certificate for item in self.issuers],
            BestAvailableEncryption(password.encode()),
        )


def issue(
    issuer: Holder | None,
    subject: x509.Name,
    key: rsa.RSAPrivateKey,
    *,
    is_ca: bool = False,
    pathlen: int | None = None,
    begin: datetime = BEGIN,
    end: datetime = END,
    eku: list[x509.ObjectIdentifier] | None = None,
    hash_algorithm: hashes.HashAlgorithm | None = None,
    serial: int | None = None,
    key_usage: bool = True,
) -> Holder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=pathlen), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if key_usage:
        usage = x509.KeyUsage(not is_ca, not is_ca, False, False, False, is_ca, is_ca, False, False)
        builder = builder.add_extension(usage, critical=True)
    if eku:
        timestamping = eku == [ExtendedKeyUsageOID.TIME_STAMPING]
        builder = builder.add_extension(x509.ExtendedKeyUsage(eku), critical=timestamping)
    if issuer:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        access = x509.AccessDescription(
            x509.AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(OCSP_URL)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    certificate = builder.sign((issuer or Holder(key, None)).key, hash_algorithm or hashes.SHA256())
    return Holder(key, certificate, (issuer, *issuer.issuers) if issuer else ())


SIGNING = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]


@dataclass
class Authority:
    """The whole infrastructure, keys made once per test run."""

    root: Holder = field(default_factory=lambda: issue(None, name("Root CA"), rsa_key(2048, 1), is_ca=True))
    _leaves: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ca = issue(self.root, name("CA G2"), rsa_key(2048, 2), is_ca=True, pathlen=0)
        self.tsa = issue(
            self.root,
            name("Máy chủ cấp dấu thời gian 01"),
            rsa_key(2048, 3),
            eku=[ExtendedKeyUsageOID.TIME_STAMPING],
        )
        self.leader = self.leaf("Nguyễn Văn An", 4)
        self.head = self.leaf("Trần Thị Bình", 5, bits=3072)
        self.agency = self.leaf("Sở Thông tin và Truyền thông", 6)

    def leaf(self, common_name: str, index: int, *, bits: int = 2048, **options) -> Holder:
        options.setdefault("eku", SIGNING)
        return issue(self.ca, name(common_name, "Sở TTTT"), rsa_key(bits, index), **options)

    def crl(
        self, *revoked: tuple[Holder, datetime], at: datetime, days: int = 7, issuer: Holder | None = None
    ) -> bytes:
        issuer = issuer or self.ca
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(at)
            .next_update(at + timedelta(days=days))
        )
        for holder, moment in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(holder.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(moment).build())
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def ocsp(self, holder: Holder, *, at: datetime, revoked_at: datetime | None = None) -> bytes:
        status = ocsp.OCSPCertStatus.REVOKED if revoked_at else ocsp.OCSPCertStatus.GOOD
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=holder.certificate,
            issuer=self.ca.certificate,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=at,
            next_update=at + timedelta(days=1),
            revocation_time=revoked_at,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.ca.certificate)
        return builder.sign(self.ca.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def stamper(self, at: datetime, holder: Holder | None = None) -> "Stamper":
        return Stamper(holder or self.tsa, at)


@dataclass
class Stamper:
    """A timestamp server without a network, at a moment of the test's choice."""

    holder: Holder
    at: datetime
    nonce: int | None = None

    def stamp(self, digest: bytes) -> bytes:
        algorithm = {20: "sha1", 32: "sha256"}[len(digest)]
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": "1.2.3.4",
                "message_imprint": {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest},
                "serial_number": 7,
                "gen_time": self.at,
                "nonce": self.nonce,
            }
        )
        return cms_of(self.holder, info.dump(), content_type="tst_info")


def cms_of(
    holder: Holder,
    content: bytes | None,
    *,
    digest: bytes | None = None,
    content_type: str = "data",
    hash_name: str = "sha256",
    signing_time: datetime | None = None,
    bound: bool = True,
    unsigned: list | None = None,
    token_from: Stamper | None = None,
) -> bytes:
    """A CMS by a second writer (asn1crypto), in the forms that other tools give it."""
    import hashlib

    digest = digest if digest is not None else hashlib.new(hash_name, content or b"").digest()
    attributes = [
        {"type": "content_type", "values": [content_type]},
        {"type": "message_digest", "values": [digest]},
    ]
    if signing_time:
        attributes.append({"type": "signing_time", "values": [cms.Time({"utc_time": signing_time})]})
    if bound:
        ess = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(holder.der).digest()}]})
        attributes.append({"type": "signing_certificate_v2", "values": [ess]})
    signed_attrs = cms.CMSAttributes(attributes)
    hash_algorithm = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}[hash_name]
    signature = holder.key.sign(signed_attrs.dump(), padding.PKCS1v15(), hash_algorithm)
    certificates = [asn1_x509.Certificate.load(item.der) for item in (holder, *holder.issuers)]
    info = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": {
                    "issuer": certificates[0].issuer,
                    "serial_number": certificates[0].serial_number,
                }
            }
        ),
        "digest_algorithm": {"algorithm": hash_name},
        "signed_attrs": signed_attrs,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
        "signature": signature,
    }
    if token_from:
        token = cms.ContentInfo.load(token_from.stamp(hashlib.sha256(signature).digest()))
        info["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    encapsulated = {"content_type": content_type}
    if content is not None and content_type != "data":
        encapsulated["content"] = core.ParsableOctetString(content)
    data = cms.SignedData(
        {
            "version": "v3" if content_type != "data" else "v1",
            "digest_algorithms": [{"algorithm": hash_name}],
            "encap_content_info": encapsulated,
            "certificates": certificates,
            "signer_infos": [info],
        }
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
