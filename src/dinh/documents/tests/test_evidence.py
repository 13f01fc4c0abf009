"""A letter's evidence, checked by somebody who has nothing but the file."""

import json
import subprocess
import sys

import pytest
from django.utils import timezone

from dinh.audit.api import trace_of
from dinh.directory.enums import Role
from dinh.directory.tests.factories import AccountFactory, AppointmentFactory
from dinh.documents.models import Incoming
from dinh.documents.operations.issuing import issue_document
from dinh.documents.operations.signing import sign_step
from dinh.documents.tests.test_outgoing_signing import DAY, letter  # noqa: F401 a fixture

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]


@pytest.fixture
def issued(letter):  # noqa: F811
    outgoing, _drafter, reviewer, leader, clerk = letter
    for actor in (reviewer, leader):
        sign_step(outgoing_id=outgoing.pk, actor=actor)
    issue_document(clerk=clerk, outgoing_id=outgoing.pk, dated=DAY, at=timezone.now())
    return outgoing, clerk


def verified(bundle: bytes, folder) -> dict:
    (folder / "bundle.asice").write_bytes(bundle)
    command = [sys.executable, "-m", "dinh", "evidence", "verify", "bundle.asice", "--json"]
    return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout)


def test_the_senders_bundle_holds_without_a_database(client, issued, tmp_path):
    outgoing, clerk = issued
    client.force_login(AccountFactory(current_appointment=clerk))

    answer = client.post(f"/documents/outgoing/{outgoing.pk}/evidence/")

    report = verified(answer.getvalue(), tmp_path)
    assert report["verdict"] in {"valid", "indeterminate"}
    assert [reason for reason in report.get("reasons", []) if reason.get("severity") == "failure"] == []
    assert trace_of(outgoing)[-1].action == "documents.document.evidence_exported"


def test_only_who_sees_the_letter_takes_its_evidence(client, issued):
    outgoing, _clerk = issued
    client.force_login(AccountFactory(current_appointment=AppointmentFactory(roles=[Role.CLERK])))

    for url in (f"outgoing/{outgoing.pk}", f"incoming/{Incoming.objects.all()[0].pk}"):
        assert client.post(f"/documents/{url}/evidence/").status_code == 404
    assert "evidence" not in trace_of(outgoing)[-1].action
