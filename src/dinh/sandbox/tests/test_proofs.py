"""The timestamp server is silent while letters are signed; once it is back, the proofs come by themselves."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from dinh.audit.api import trace_of
from dinh.documents.models import Document
from dinh.documents.tests.test_drafting import draft
from dinh.kernel.events import receivers_of
from dinh.pki.api import Verdict
from dinh.sandbox.tests.test_letters import judge, sign
from dinh.sandbox.tests.test_letters import letter as letter  # a fixture
from dinh.signing import api
from dinh.signing.events import ProofsAdded
from dinh.signing.models import PendingProof
from dinh.signing.operations.proofs import GIVE_UP_AFTER, LONGEST_WAIT, add_missing_proofs
from dinh.signing.operations.timestamps import _client
from dinh.storage.api import read_blob

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=2)


@pytest.fixture
def unstamped(people, letter, order):
    """A letter kept by a document, sealed while the timestamp server was down; gives its SHA-256."""
    order("faults", service="tsa", mode="down")
    extended = api.extend(sha256=sign(letter, people[0]).sha256)
    assert extended.notes
    return extended.sha256


def server_is_back(order):
    order("faults", service="tsa", mode="well")
    _client.cache_clear()  # its memory of the silence, which lasts a minute


def told():
    names = receivers_of(ProofsAdded)
    jobs = ProcrastinateJob.objects.filter(task_name__in=names)
    return [job.args["event"] for job in jobs]


def test_timestamp_comes_once_the_server_is_back(unstamped, order):
    assert judge(unstamped, offline=True) == (
        Verdict.VALID,
        {"time.missing", "changes.permitted"},
    )
    assert add_missing_proofs(at=timezone.now() + LATER) == 0
    server_is_back(order)

    added = add_missing_proofs(at=timezone.now() + LONGEST_WAIT)

    (event,) = told()
    assert (added, event["before"], PendingProof.objects.count()) == (1, unstamped, 0)
    assert read_blob(event["after"]).startswith(read_blob(unstamped))
    assert "time.later_proof" in judge(event["after"], offline=True)[1]
    assert add_missing_proofs(at=timezone.now() + LONGEST_WAIT) == 0


def test_document_keeps_the_longer_file_and_its_trace_says_so(unstamped, order):
    from dinh.documents.receivers import keep_what_was_proven

    outgoing = draft()[0]
    Document.objects.filter(pk=outgoing.document_id).update(content=unstamped)
    server_is_back(order)
    add_missing_proofs(at=timezone.now() + LATER)
    (event,) = told()

    for _twice in range(2):
        keep_what_was_proven(ProofsAdded(**event))

    assert Document.objects.get(pk=outgoing.document_id).content_id == event["after"]
    proven = [entry for entry in trace_of(outgoing) if entry.action == "documents.document.proven"]
    assert [entry.details for entry in proven] == [{"before": unstamped, "sha256": event["after"]}]


def test_waits_longer_each_time_but_never_more_than_half_an_hour(unstamped, order):
    at, waits = timezone.now(), []
    for _try in range(8):
        row = PendingProof.objects.get()
        at = row.next_try_at
        add_missing_proofs(at=at)
        waits.append(PendingProof.objects.get().next_try_at - at)

    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (timedelta(minutes=1), LONGEST_WAIT)
    assert json.dumps(PendingProof.objects.get().notes)


def test_gives_up_after_a_month(unstamped, order):
    PendingProof.objects.update(since=timezone.now() - GIVE_UP_AFTER)

    add_missing_proofs(at=timezone.now() + LATER)

    assert PendingProof.objects.count() == 0


def test_what_lacks_nothing_does_not_wait(people, letter):
    api.extend(sha256=sign(letter, people[0]).sha256)

    assert PendingProof.objects.count() == 0


def test_what_could_only_be_had_in_part_goes_on_waiting(people, letter, order):
    order("faults", service="tsa", mode="down")
    for service in ("crl", "ocsp"):
        order("faults", service=service, mode="down")
    extended = api.extend(sha256=sign(letter, people[0]).sha256)
    server_is_back(order)

    assert add_missing_proofs(at=timezone.now() + LATER) == 1
    (event,) = told()
    assert (event["before"], PendingProof.objects.get().sha256) == (extended.sha256, event["after"])
    for service in ("crl", "ocsp"):
        order("faults", service=service, mode="well")
    assert add_missing_proofs(at=timezone.now() + LONGEST_WAIT) == 1
    assert PendingProof.objects.count() == 0
