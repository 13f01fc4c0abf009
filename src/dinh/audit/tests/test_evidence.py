"""Bundles are made from real rows and real keys, and judged as an outsider would: from the bytes alone."""

import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import warnings
import zipfile
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import call_command
from django.test import override_settings

from dinh.audit import api as audit
from dinh.audit.evidence.verification import verify_evidence
from dinh.audit.keys import UnusableSealKey, sealing_signer
from dinh.audit.models import Seal
from dinh.audit.operations import sealing
from dinh.pki.api import (
    LEADER_FIELD,
    MAX_DIRECTORY,
    KeptMember,
    SignatureClaims,
    TrustStore,
    add_fields,
    sign,
    write_asice,
    write_asice_to,
)
from dinh.pki.tests.authority import Authority
from dinh.pki.tests.letters import letter_fields, plain_pdf

LARGE_MB = 120
NOON = datetime(2026, 3, 16, 5, 0, tzinfo=UTC)
TARGET = Seal(number=77)
ACTOR = audit.Actor(person_id=7, person_name="Nông Thị Hoa", unit_id=3, unit_name="Sở Nội vụ")
# The mark on every test makes sure that the bundle's rows go to the tests' database.
pytestmark = [pytest.mark.alone, pytest.mark.django_db]


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def folder(tmp_path_factory, authority):
    """A data folder with a sealing key issued under the test's authority."""
    path = tmp_path_factory.mktemp("data")
    sealer = authority.leaf("Niêm phong nhật ký", 9)
    key = sealer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (path / "key.pem").write_bytes(key)
    (path / "certificate.pem").write_bytes(sealer.pem + authority.ca.pem)
    return path


@pytest.fixture(scope="module")
def installation(folder):
    """No timestamp server."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    with override_settings(DATA_DIR=folder, SEAL_KEY=key, SEAL_CERTIFICATE=certificate, TIMESTAMP_URL=""):
        yield


@pytest.fixture(scope="module")
def trust(authority):
    return TrustStore.of(anchors=[authority.root.pem])


@pytest.fixture(scope="module")
def letter(authority):
    """A signed letter, by a key of the same authority."""
    unsigned = add_fields(pdf=plain_pdf(padding=2000), fields=letter_fields())
    claims = SignatureClaims(claimed_at=NOON, name="Nguyễn Văn An")
    return sign(pdf=unsigned, field=LEADER_FIELD, signer=authority.leader.signer, claims=claims).pdf


@pytest.fixture(scope="module")
def bundle(installation, letter, django_db_setup, django_db_blocker):
    """Made once from the database, and judged by its bytes alone ever after."""
    with django_db_blocker.unblock():
        act_and_seal(letter)
        made = audit.evidence_bundle(TARGET, documents={"công văn.pdf": letter}, at=NOON).read()
        call_command("flush", interactive=False, verbosity=0)
    return made


def act_and_seal(letter):
    """Three acts under a seal each, beside those of another record, and one that names the letter."""
    for day in range(3):
        details = {"ngày": day, "lý do": "chữ"}
        audit.record("tests.letter.passed", target=TARGET, actor=ACTOR, at=NOON, details=details)
        audit.record("tests.other.done", target=Seal(number=78), actor=ACTOR, at=NOON)
        sealing.seal_all(at=NOON)
    details = {"sha256": hashlib.sha256(letter).hexdigest()}
    audit.record("tests.letter.signed", target=TARGET, actor=ACTOR, at=NOON, details=details)


def contents(bundle):
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def signed_again(bundle, change, signer):
    """What somebody could do who holds a key: change the contents and sign the container anew."""
    members = {n: c for n, c in contents(bundle).items() if n != "mimetype" and not n.startswith("META-INF/")}
    change(members)
    return write_asice(members=members, signer=signer)


def edited(name, edit):
    def change(members):
        content = json.loads(members[name])
        edit(content)
        members[name] = json.dumps(content).encode()

    return change


def codes(data, trust):
    return {reason.code for reason in verify_evidence(data=data, trust=trust).reasons}


def test_bundle_proves_the_acts_of_its_record_only(bundle, trust, letter):
    report = verify_evidence(data=bundle, trust=trust)

    assert (report.verdict, report.reasons) == ("valid", ())
    assert (report.entries, report.proved) == (4, 4)
    assert [seal.number for seal in report.seals] == [1, 2, 3, 4]
    assert [(d.name, len(d.named_by), d.signatures) for d in report.documents] == [
        ("công văn.pdf", 1, "indeterminate")  # revocation lists are not at hand
    ]
    assert report.documents[0].sha256 == hashlib.sha256(letter).hexdigest()


def test_bundle_holds_what_its_readme_tells(bundle):
    members = contents(bundle)

    assert [name for name in members if not name.startswith("META-INF/")] == [
        "mimetype", "README.txt", "trace.json", "seals.json", "seal-certificate.pem",
        "seals/1.p7s", "seals/2.p7s", "seals/3.p7s", "seals/4.p7s", "documents/công văn.pdf",
    ]  # fmt: skip
    assert "GÓI BẰNG CHỨNG" in members["README.txt"].decode()


def test_without_anchors_nothing_is_proved(bundle):
    report = verify_evidence(data=bundle, trust=TrustStore.of(anchors=[]))

    assert (report.verdict, report.proved) == ("indeterminate", 0)
    assert {reason.code for reason in report.reasons} == {"seal-untrusted", "container-signer"}


def test_the_pinned_certificate_itself_is_an_anchor(bundle, folder):
    pinned = (folder / "certificate.pem").read_bytes()

    assert verify_evidence(data=bundle, trust=TrustStore.of(anchors=[pinned])).verdict == "valid"


def test_seals_of_another_key_are_not_trusted(bundle, trust):
    stranger = TrustStore.of(anchors=[Authority().leaf("Kẻ lạ", 10).pem])

    assert verify_evidence(data=bundle, trust=stranger).verdict == "indeterminate"


@pytest.mark.parametrize("name", ["trace.json", "seals.json", "documents/công văn.pdf", "README.txt"])
def test_altered_member_is_found_by_the_container(bundle, trust, name):
    members = contents(bundle)
    members[name] = members[name].replace(b"0", b"1", 1).replace(b"PDF", b"PDG", 1).replace(b"EVI", b"EVA", 1)

    assert "container-altered" in codes(repacked(members), trust)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (
            edited("trace.json", lambda t: t["entries"][0]["entry"].update(person_name="Ai đó")),
            "entry-changed",
        ),
        (edited("trace.json", lambda t: t["entries"][0].update(position=1)), "entry-changed"),
        (edited("trace.json", lambda t: t["entries"][1].update(path=[])), "entry-changed"),
        (edited("trace.json", lambda t: t["entries"][0]["path"].append("00" * 32)), "entry-changed"),
        (edited("trace.json", lambda t: t["entries"].append(t["entries"][0])), "entry-twice"),
        (edited("trace.json", lambda t: t["entries"][0].update(seal=99)), "seal-missing"),
        (edited("trace.json", lambda t: t["entries"][0].update(seal=None)), "entry-unsealed"),
        (edited("trace.json", lambda t: t.update(entries=[])), "trace-empty"),
        (edited("seals.json", lambda s: s["seals"][1].update(root="00" * 32)), "seal-signature"),
        (edited("seals.json", lambda s: s["seals"][1].update(previous="00" * 32)), "chain-broken"),
        (edited("seals.json", lambda s: s["seals"].reverse()), "chain-order"),
        (lambda members: members.pop("seals/2.p7s"), "seal-signature-missing"),
        (lambda members: members.update({"seals/2.p7s": members["seals/1.p7s"]}), "seal-signature"),
        (lambda members: members.pop("trace.json"), "unreadable"),
        (lambda members: members.update({"trace.json": b"[" * 100_000}), "unreadable"),
        (lambda members: members.update({"trace.json": b"[]"}), "unreadable"),
    ],
)
def test_forgery_signed_anew_is_named(bundle, trust, authority, change, code):
    forged = signed_again(bundle, change, authority.agency.signer)

    report = verify_evidence(data=forged, trust=trust)

    assert code in {reason.code for reason in report.reasons}
    assert report.verdict != "valid"


@pytest.mark.parametrize("data", [b"", b"PK", b"%PDF-1.7", b"x" * 100_000])
def test_what_is_no_bundle_is_unreadable(data, trust):
    assert codes(data, trust) == {"unreadable"}


def test_truncated_bundle_is_unreadable(bundle, trust):
    assert codes(bundle[: len(bundle) // 2], trust) == {"unreadable"}


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "documents/../../up"])
def test_paths_out_of_the_bundle_are_refused(bundle, trust, name):
    assert codes(repacked(contents(bundle) | {name: b"x"}), trust) == {"unreadable"}


def test_member_that_stands_twice_is_refused(bundle, trust):
    out = io.BytesIO(bundle)
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("trace.json", b"{}")

    assert codes(out.getvalue(), trust) == {"unreadable"}


@pytest.mark.parametrize("name", ["mimetype", "trace.json", "META-INF/ASiCManifest001.xml"])
def test_zip_bomb_is_refused(bundle, trust, name):
    bomb = b"\x00" * (70 * 1024 * 1024)

    assert "unreadable" in codes(repacked(contents(bundle) | {name: bomb}), trust)


def test_command_judges_without_database_and_settings(bundle, authority, tmp_path):
    (tmp_path / "bundle.asice").write_bytes(bundle)
    (tmp_path / "root.pem").write_bytes(authority.root.pem)
    (tmp_path / "altered.asice").write_bytes(repacked(contents(bundle) | {"README.txt": b"x"}))
    command = [sys.executable, "-m", "dinh", "evidence", "verify"]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "DINH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DINH_MAX_UPLOAD_MB": "not a number",
    }

    def run(*arguments):
        done = subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    status, text = run("bundle.asice", "--trust", "root.pem", "--json")

    assert (status, json.loads(text)["verdict"]) == (0, "valid")
    assert run("bundle.asice")[0] == 2
    assert run("altered.asice", "--trust", "root.pem")[0] == 1
    assert run("missing.asice")[0] == 3


def test_a_large_bundle_is_judged_in_constant_memory(bundle, authority, tmp_path):
    """Peak memory of the command, in kB, is that for a small bundle and little more."""
    (tmp_path / "root.pem").write_bytes(authority.root.pem)
    (tmp_path / "small.asice").write_bytes(bundle)
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.writelines(os.urandom(1024 * 1024) for _piece in range(LARGE_MB))
    members = {n: c for n, c in contents(bundle).items() if n != "mimetype" and not n.startswith("META-INF/")}
    with large.open("rb") as file:
        kept = KeptMember(digest=hashlib.file_digest(file, "sha256").digest(), open=lambda: large.open("rb"))
    with (tmp_path / "large.asice").open("wb") as target:
        write_asice_to(
            target=target, members=members | {"documents/phụ lục.bin": kept}, signer=authority.agency.signer
        )

    small, report = judged_by_command(tmp_path, "small.asice")
    peak, large_report = judged_by_command(tmp_path, "large.asice")

    assert report["verdict"] == large_report["verdict"] == "valid"
    assert [each["name"] for each in large_report["documents"]] == ["công văn.pdf", "phụ lục.bin"]
    assert peak - small < 40_000


def judged_by_command(folder, name) -> tuple[int, dict[str, object]]:
    """Peak memory in kB, and the report."""
    script = (
        "import resource, sys; from dinh.audit.command import evidence_main;"
        f"evidence_main(['verify', '{name}', '--trust', 'root.pem', '--json']);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    report, _line, peak = done.stdout.strip().rpartition("\n")
    return int(peak), json.loads(report)


@pytest.mark.parametrize("claimed", [MAX_DIRECTORY + 1, 2**32 - 2])
def test_a_directory_beyond_all_bounds_is_refused_unread(bundle, trust, claimed):
    """Its end says how long the directory is; a reader that believes it takes as much memory."""
    end = bytearray(bundle[-22:])
    struct.pack_into("<LL", end, 12, claimed, 0)
    padded = bundle[:-22] + bytes(MAX_DIRECTORY + 2) + bytes(end)

    assert codes(padded, trust) == {"unreadable"}


@pytest.mark.django_db(transaction=True)
def test_seals_are_stamped_once_the_server_answers(
    installation, letter, trust, authority, settings, monkeypatch
):
    settings.TIMESTAMP_URL = "http://127.0.0.1:1/tsa"
    act_and_seal(letter)

    assert sealing.stamp_seals() == 0

    monkeypatch.setattr(sealing, "HttpTimestampClient", lambda url: authority.stamper(NOON))

    assert sealing.stamp_seals() == 3
    assert sealing.stamp_seals() == 0
    assert set(Seal.objects.values_list("stamped_at", flat=True)) == {NOON}
    settings.TIMESTAMP_URL = ""
    report = verify_evidence(data=audit.evidence_bundle(TARGET, documents={}, at=NOON).read(), trust=trust)
    assert report.verdict == "valid"
    assert [seal.stamped_at for seal in report.seals] == [NOON.isoformat()] * 3 + [None]


def test_key_that_does_not_fit_its_certificate_is_refused(installation, authority, settings, tmp_path):
    (tmp_path / "other.pem").write_bytes(authority.leader.pem)
    settings.SEAL_CERTIFICATE = tmp_path / "other.pem"

    with pytest.raises(UnusableSealKey):
        sealing_signer()
