"""Letters of the demo, signed and judged against the sandbox over real HTTP."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from dinh.pki.api import DATE_FIELD, LEADER_FIELD, NUMBER_FIELD, SEAL_FIELD, Verdict, verify_pdf
from dinh.pki.tests.letters import font, letter_fields, plain_pdf
from dinh.pki.tests.peers import pdfsig_lines, pyhanko_statuses
from dinh.signing import api
from dinh.signing.models import Credential
from dinh.signing.operations.demo import issue_demo_certificates
from dinh.signing.queries.verification import trust_store, verification_of
from dinh.storage.api import read_blob, store_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter():
    return api.add_fields(sha256=store_bytes(plain_pdf()).sha256, fields=letter_fields())


def sign(letter, appointment):
    return api.sign_pdf(
        sha256=letter, field_name=LEADER_FIELD, as_="person", appointment=appointment, certify=True
    )


def judge(sha256, *, offline=False):
    report = verification_of(pdf=read_blob(sha256), offline=offline)
    return report.verdict, {reason.code for reason in report.signatures[0].reasons}


def serial_of(appointment):
    return Credential.objects.get(person_id=appointment.person_id).serial_number


def test_letter_is_valid_online_and_then_offline(people, letter, sandbox, order):
    signed = sign(letter, people[0])

    assert (signed.level, signed.notes) == ("B-T", ())
    assert judge(signed.sha256, offline=True)[0] is Verdict.INDETERMINATE
    assert judge(signed.sha256)[0] is Verdict.VALID
    for service in ("crl", "ocsp"):
        order("faults", service=service, mode="down")
    assert judge(signed.sha256, offline=True)[0] is Verdict.VALID


def test_page_says_valid(people, letter, client):
    signed = sign(letter, people[0])
    client.force_login(people[0].person.account)
    upload = SimpleUploadedFile("thu.pdf", read_blob(signed.sha256), content_type="application/pdf")

    answer = client.post("/signing/verify/", {"file": upload})

    assert answer.context["report"].verdict is Verdict.VALID


def test_command_says_valid_online_and_then_offline(people, letter, sandbox, tmp_path):
    file = tmp_path / "thu.pdf"
    file.write_bytes(read_blob(sign(letter, people[0]).sha256))
    trust = str(sandbox.folder / "root.pem")
    command = [sys.executable, "-m", "dinh", "verify", str(file), "--trust", trust]
    environment = os.environ | {"DINH_REVOCATION_DIR": str(tmp_path / "kept")}

    codes = [
        subprocess.run([*command, *more], env=environment, capture_output=True).returncode
        for more in (["--offline"], [], ["--offline"])
    ]

    assert codes == [2, 0, 0]


def test_revoked_certificate_makes_later_signatures_invalid(people, letter, order):
    assert judge(sign(letter, people[0]).sha256)[0] is Verdict.VALID
    order("revoke", serial=serial_of(people[0]), reason="key_compromise")

    later = sign(letter, people[0])

    assert judge(later.sha256) == (Verdict.INVALID, {"chain.revoked", "changes.none"})


def test_revoked_certificate_leaves_what_was_stamped_before(people, letter, sandbox):
    earlier = sign(letter, people[0])
    moment = timezone.now() + timedelta(seconds=1)

    sandbox.revocations.add(issuer="ca", serial=int(serial_of(people[0]), 16), reason="superseded", at=moment)

    assert judge(earlier.sha256)[0] is Verdict.VALID


def test_restored_certificate_is_good_again(people, letter, order):
    order("revoke", serial=serial_of(people[0]))
    order("restore", serial=serial_of(people[0]))

    assert judge(sign(letter, people[0]).sha256)[0] is Verdict.VALID


@pytest.mark.parametrize("mode", ["down", "garbage", "wrong_signature", "stale"])
def test_failing_timestamp_server_never_costs_the_signature(people, letter, order, mode):
    order("faults", service="tsa", mode=mode)

    signed = sign(letter, people[0])

    assert (signed.level, len(signed.notes)) == ("B-B", 1)
    assert judge(signed.sha256) == (Verdict.VALID, {"time.missing", "changes.none"})


def test_missing_timestamp_and_revocation_data_are_added_later(people, letter, order):
    order("faults", service="tsa", mode="down", count=1)
    signed = sign(letter, people[0])

    extended = api.extend(sha256=signed.sha256)

    assert (signed.level, extended.notes) == ("B-B", ())
    assert read_blob(extended.sha256).startswith(read_blob(signed.sha256))
    assert judge(extended.sha256, offline=True) == (
        Verdict.VALID,
        {"time.missing", "time.later_proof", "changes.permitted"},
    )
    assert api.extend(sha256=extended.sha256).sha256 == extended.sha256


def test_extended_letter_is_valid_to_stock_tools(people, letter, sandbox, tmp_path):
    extended = read_blob(api.extend(sha256=sign(letter, people[0]).sha256).sha256)

    root = x509.load_pem_x509_certificate((sandbox.folder / "root.pem").read_bytes())
    (status,) = pyhanko_statuses(extended, [root.public_bytes(Encoding.DER)])
    assert (status.bottom_line, status.timestamp_validity.valid) == (True, True)
    assert pdfsig_lines(extended, tmp_path) == ["Signature is Valid."]


def test_extending_tells_what_could_not_be_had(people, letter, order):
    order("faults", service="tsa", mode="down")
    for service in ("crl", "ocsp"):
        order("faults", service=service, mode="down")
    signed = sign(letter, people[0])

    extended = api.extend(sha256=signed.sha256)

    assert extended.sha256 != signed.sha256
    assert len(extended.notes) == 3


@pytest.mark.parametrize("stamped", [True, False])
def test_numbered_and_sealed_letter_stays_valid_when_it_is_extended(people, letter, order, sandbox, stamped):
    if not stamped:
        order("faults", service="tsa", mode="down", count=2)
    leader, clerk = people
    signed = sign(letter, leader)
    numbered = api.fill_text_fields(
        sha256=signed.sha256, values={NUMBER_FIELD: "05", DATE_FIELD: "05 tháng 02 năm 2026"}, font=font()
    )
    sealed = api.sign_pdf(
        sha256=numbered, field_name=SEAL_FIELD, as_="unit", appointment=clerk,
        lock_fields=(NUMBER_FIELD, DATE_FIELD),
    )  # fmt: skip

    extended = api.extend(sha256=sealed.sha256)

    assert sealed.level == ("B-T" if stamped else "B-B")
    kept = read_blob(extended.sha256)
    alone = verify_pdf(source=kept, trust=trust_store())
    assert [item.verdict for item in alone.signatures] == [Verdict.VALID] * 2
    root = x509.load_pem_x509_certificate((sandbox.folder / "root.pem").read_bytes())
    statuses = pyhanko_statuses(kept, [root.public_bytes(Encoding.DER)])
    assert [status.bottom_line for status in statuses] == [True, True]


@pytest.mark.parametrize("mode", ["down", "garbage", "wrong_signature", "stale"])
def test_failing_status_service_leaves_the_list(people, letter, order, mode):
    order("faults", service="ocsp", mode=mode)

    assert judge(sign(letter, people[0]).sha256)[0] is Verdict.VALID


@pytest.mark.parametrize("mode", ["down", "garbage", "wrong_signature", "stale"])
def test_failing_list_leaves_the_status_service(people, letter, order, mode):
    order("faults", service="crl", mode=mode)

    assert judge(sign(letter, people[0]).sha256)[0] is Verdict.VALID


@pytest.mark.parametrize("mode", ["down", "garbage", "wrong_signature", "stale"])
def test_no_source_of_revocation_leaves_a_doubt_with_its_reason(people, letter, order, mode):
    for service in ("crl", "ocsp"):
        order("faults", service=service, mode=mode)

    verdict, codes = judge(sign(letter, people[0]).sha256)

    assert (verdict, "revocation.unknown" in codes) == (Verdict.INDETERMINATE, True)


def test_certificates_that_name_another_place_are_issued_again(people, settings, sandbox, letter):
    held = Credential.objects.filter(person_id=people[0].person_id)
    old = sign(letter, people[0])
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    issue_demo_certificates()
    settings.SANDBOX_URL = sandbox.address

    issue_demo_certificates()
    issue_demo_certificates()

    assert list(held.values_list("state", flat=True)) == ["active"] * 3
    assert judge(sign(letter, people[0]).sha256)[0] is Verdict.VALID
    assert api.has_valid_authorised_signature(sha256=old.sha256, unit_id=people[0].unit_id)
