"""Every line of the log belongs to a batch whose root the gateway signed."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from dinh.audit.merkle import inclusion_path, leaf_hash, root_from_path, tree_hash
from dinh.exchange.gateway.batches import Batch, BatchSigner, Link, cms_of, moment_of, statement
from dinh.exchange.gateway.identity import identity_of, load_identity, make_identity
from dinh.exchange.gateway.records import COLUMNS, fields_of, line_of
from dinh.exchange.gateway.segments import Records, SegmentWriter
from dinh.exchange.gateway.settings import BadSetting, GatewaySettings
from dinh.exchange.gateway.shipment import batches_of
from dinh.exchange.models import Batch as BatchRow
from dinh.exchange.models import Exchange, GatewayCertificate
from dinh.exchange.queries.chains import statement_of
from dinh.exchange.tests.running import eventually
from dinh.pki.api import WrongSignature, load_certificates, verify_detached


@pytest.fixture
def identity(tmp_path):
    make_identity(tmp_path / "key.pem", tmp_path / "certificate.pem", name="Cổng thử")
    return load_identity(tmp_path / "key.pem", tmp_path / "certificate.pem")


def leaves_of(batch):
    data = bytes(batch.leaves)
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def test_logged_exchange_leads_to_a_root_that_the_gateway_signed(gateway, token):
    for _time in range(3):
        gateway.call("/kho/1.0/small", token)
    gateway.call("/kho/1.0/khong-co", token)
    assert eventually(Exchange.objects.filter(batch_id__isnull=False).count, 4) == 4

    for row in Exchange.objects.values():
        batch = BatchRow.objects.get(pk=row["batch_id"])
        leaves = leaves_of(batch)
        path = inclusion_path(leaves, row["leaf_index"])
        leaf = leaf_hash(line_of(row))
        root = root_from_path(leaf, path, position=row["leaf_index"], count=len(leaves))
        signed = statement_of(batch, count=len(leaves))
        chain = load_certificates(bytes(GatewayCertificate.objects.get(pk=batch.certificate).chain))
        encoded = [each.public_bytes(Encoding.DER) for each in chain]
        content = cms_of(signed=signed, signature=bytes(batch.signature), certificates=encoded)
        assert root == bytes(batch.root)
        assert verify_detached(data=signed, content=content).certificates == tuple(encoded)
    own = gateway.folder / "exchange" / gateway.name / "certificate.pem"
    assert bytes(GatewayCertificate.objects.get(pk=batch.certificate).chain) == own.read_bytes()


def test_changed_row_leads_to_no_root(gateway, token):
    gateway.call("/kho/1.0/small", token)
    eventually(Exchange.objects.count, 1)
    row = Exchange.objects.values().get()
    batch = BatchRow.objects.get(pk=row["batch_id"])

    changed = {
        name: line_of(row | {name: changed})
        for name, changed in {
            "client": "VN/GOV/X/Y", "status": 500, "response_sha256": "0" * 64, "request_bytes": 1,
            "started_at": moment_of(1), "grant_id": None,
        }.items()
    }  # fmt: skip

    leaf = leaves_of(batch)[row["leaf_index"]]
    assert leaf == leaf_hash(line_of(row))
    assert all(leaf_hash(line) != leaf for line in changed.values())
    assert len(set(changed.values())) == len(changed)


def test_row_gives_back_the_line_whatever_stands_in_it():
    line = "\t".join(["id", "1790000000123456", *["a\\\\b"] * 6, "\\N", *["x"] * (len(COLUMNS) - 9)]).encode()
    values = line.decode().split("\t")
    row = {name: value.replace("\\\\", "\\") for name, value in zip(COLUMNS, values, strict=True)}

    row |= {"started_at": moment_of(1790000000123456), "grant_id": None}

    assert line_of(row) == line


@pytest.mark.parametrize(
    ("subject", "party", "later"),
    [
        ("", "", ""),
        ("ab", "", "\tab"),
        ("", "GOV/H03.1", "\t\tGOV/H03.1"),
        ("ab", "GOV/H03.1", "\tab\tGOV/H03.1"),
    ],
)
def test_line_ends_with_what_only_some_calls_have(subject, party, later):
    row = dict.fromkeys(COLUMNS, "x") | {"subject": subject, "represented_party": party}
    row["started_at"] = moment_of(1)

    line = line_of(row).decode()

    assert line.removeprefix("x\t1\t" + "\t".join(["x"] * (len(COLUMNS) - 2))) == later
    told = fields_of(line.encode())
    assert (told.get("subject", ""), told.get("represented_party", "")) == (subject, party)


def batch_of(identity, lines):
    return Batch.read(BatchSigner(identity, gateway="g").seal(lines))


@pytest.mark.parametrize("kind", ["P-256", "RSA-2048"])
def test_signature_holds_for_its_lines_only(tmp_path, kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA-2048" else None
    make_identity(tmp_path / "key.pem", tmp_path / "c.pem", name="Cổng", key=key)
    identity = load_identity(tmp_path / "key.pem", tmp_path / "c.pem")
    lines = [b"one", b"two", b"six"]

    batch = batch_of(identity, lines)

    def signed(root):
        return statement(
            batch_id=batch.id,
            gateway="g",
            signed_at=moment_of(batch.signed_us),
            count=3,
            root=root,
            link=batch.link,
        )

    content = cms_of(
        signed=signed(batch.root), signature=batch.signature, certificates=identity.signer.certificates
    )
    assert batch.root == tree_hash([leaf_hash(line) for line in lines])
    assert verify_detached(data=signed(batch.root), content=content).certificates
    with pytest.raises(WrongSignature):
        verify_detached(data=signed(hashlib.sha256(b"").digest()), content=content)


def test_lines_written_together_share_a_batch(identity, tmp_path):
    writer = SegmentWriter(tmp_path, segment_bytes=10**6, sealer=BatchSigner(identity, gateway="g"))
    writer.write([b"line %d" % number for number in range(50)])
    writer.write([b"later"])
    writer.end()

    (path,) = tmp_path.glob("*.log")
    found = list(batches_of(Records(path)))
    assert [len(lines) for lines, _batch in found] == [50, 1]
    assert [batch.count for _lines, batch in found] == [50, 1]
    assert [batch.root for _lines, batch in found] == [
        tree_hash([leaf_hash(line) for line in lines]) for lines, _batch in found
    ]


def test_lines_that_a_crash_cut_off_from_their_batch_are_nobodys(identity):
    sealed = BatchSigner(identity, gateway="g").seal([b"two"])

    found = list(batches_of([b"one", b"two", sealed, b"six"]))

    assert [(lines, batch is not None) for lines, batch in found] == [
        ([b"one"], False), ([b"two"], True), ([b"six"], False),
    ]  # fmt: skip


def test_configured_key_must_fit_its_certificate(tmp_path, identity):
    other = tmp_path / "other"
    other.mkdir()
    make_identity(other / "key.pem", other / "certificate.pem", name="Khác")
    settings = GatewaySettings(
        "g",
        tmp_path / "g",
        "",
        "",
        "",
        key_file=other / "key.pem",
        certificate_file=identity.certificate_file,
    )

    with pytest.raises(BadSetting, match="is not its certificate's"):
        identity_of(settings)


def test_own_key_is_made_once(tmp_path):
    settings = GatewaySettings("g", tmp_path, "", "", "")

    first, second = identity_of(settings), identity_of(settings)

    assert first.fingerprint == second.fingerprint
    assert first.key_file.stat().st_mode & 0o777 == 0o600


def test_statement_is_plain_json(identity):
    signed = statement(batch_id="b", gateway="g", signed_at=moment_of(1_500_000), count=2, root=b"\1" * 32,
        link=Link("c", 7, b"\2" * 32),
    )  # fmt: skip

    assert json.loads(signed) == {
        "version": 2, "chain": "c", "number": 7, "previous": "02" * 32, "batch": "b", "gateway": "g",
        "signed_at": "1970-01-01T00:00:01.500000+00:00", "count": 2, "root": "01" * 32,
    }  # fmt: skip
