import json
from datetime import UTC, datetime

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from dinh.audit import api as audit
from dinh.audit.keys import sealing_signer
from dinh.audit.merkle import inclusion_path, leaf_hash, root_from_path, tree_hash
from dinh.audit.models import Entry, Leaf, Seal
from dinh.audit.operations.sealing import seal_all, seal_entries, sign_seals
from dinh.audit.queries.verification import verify_log

NOON = datetime(2020, 3, 16, 5, 0, tzinfo=UTC)
ACTOR = audit.Actor(
    person_id=7, person_name="Nông Thị Hoa", unit_id=3, unit_name="Sở Thông tin và Truyền thông"
)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.alone]


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.SEAL_KEY = settings.TIMESTAMP_URL = ""


@pytest.fixture
def sealed():
    """Two seals, of three entries and of two."""
    for count in (3, 2):
        for _ in range(count):
            audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
        seal_entries(at=NOON)
    sign_seals()


def tamper(sql):
    """What somebody with the database's own rights could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET session_replication_role = DEFAULT")


def found():
    return {(finding.seal, finding.code) for finding in verify_log()}


def test_sealed_log_is_intact(sealed):
    assert found() == set()
    assert list(Seal.objects.values_list("entry_count", flat=True)) == [3, 2]


def test_seal_entries_has_nothing_to_do_twice(sealed):
    assert seal_entries(at=NOON) is None


def test_entry_of_a_running_transaction_is_left_for_the_next_seal(sealed):
    with transaction.atomic():
        audit.record("tests.thing.done", target=Seal(number=1), actor=None, at=NOON)

        assert seal_entries(at=NOON) is None

    assert seal_entries(at=NOON).entry_count == 1


def test_transaction_of_another_database_does_not_hold_up_the_seal(sealed):
    settings = connection.settings_dict
    address = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
    audit.record("tests.thing.done", target=Seal(number=1), actor=None, at=NOON)
    with psycopg.connect(dbname="postgres", password=settings["PASSWORD"] or None, **address) as other:
        other.execute("SELECT pg_current_xact_id()")
        audit.record("tests.thing.done", target=Seal(number=1), actor=None, at=NOON)

        assert seal_entries(at=NOON).entry_count == 2
        other.rollback()


def test_database_refuses_to_change_or_remove_an_entry(sealed):
    entry = Entry.objects.first()

    with pytest.raises(ProgrammingError, match="append-only"):
        Entry.objects.filter(pk=entry.pk).update(action="tests.thing.undone")
    with pytest.raises(ProgrammingError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_entry")

    assert Entry.objects.count() == 5


def test_changed_entry_names_its_seal(sealed):
    victim = Leaf.objects.get(seal_id=2, position=0).entry_id

    tamper(f"UPDATE audit_entry SET person_name = 'Ai đó' WHERE id = {victim}")

    assert found() == {(2, "entry-changed")}


def test_removed_entry_names_its_seal(sealed):
    victim = Leaf.objects.get(seal_id=1, position=2).entry_id

    tamper(f"DELETE FROM audit_entry WHERE id = {victim}")

    assert found() == {(1, "entry-removed")}


def test_entry_removed_with_its_leaf_shows(sealed):
    victim = Leaf.objects.get(seal_id=1, position=2).entry_id

    tamper(f"DELETE FROM audit_leaf WHERE entry_id = {victim}; DELETE FROM audit_entry WHERE id = {victim}")

    assert found() == {(1, "entry-count"), (1, "root-differs")}


def test_inserted_entry_names_the_seal_of_its_time(sealed):
    columns = "recorded_at,action,person_name,position,unit_name,target_type,target_id,details,request_id"

    tamper(
        f"INSERT INTO audit_entry ({columns},transaction_id) SELECT {columns},transaction_id FROM audit_entry LIMIT 1"
    )

    assert found() == {(1, "entry-inserted")}


def test_reordered_entries_name_their_seal(sealed):
    tamper("UPDATE audit_leaf SET position = 9 WHERE seal_id = 1 AND position = 0")
    tamper("UPDATE audit_leaf SET position = 0 WHERE seal_id = 1 AND position = 1")
    tamper("UPDATE audit_leaf SET position = 1 WHERE seal_id = 1 AND position = 9")

    assert found() == {(1, "root-differs")}


def test_cut_off_end_of_the_chain_shows(sealed):
    tamper("DELETE FROM audit_leaf WHERE seal_id = 2; DELETE FROM audit_seal WHERE number = 2")

    assert (2, "seal-missing") in found()


def test_seal_computed_anew_lacks_the_signature(sealed):
    tamper(
        "UPDATE audit_seal SET signature = (SELECT signature FROM audit_seal WHERE number = 1) WHERE number = 2"
    )

    assert found() == {(2, "seal-signature")}


def test_seal_removed_from_the_middle_shows(sealed):
    audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
    seal_all(at=NOON)

    tamper("DELETE FROM audit_leaf WHERE seal_id = 2; DELETE FROM audit_seal WHERE number = 2")

    assert {(3, "seal-missing"), (3, "chain-broken")} <= found()


def test_seal_of_an_earlier_key_counts_once_its_certificate_is_kept(sealed, tmp_path):
    certificate = tmp_path / "audit" / "seal-certificate.pem"
    kept = certificate.read_bytes()
    (tmp_path / "audit" / "seal-key.pem").unlink()
    sealing_signer()

    assert found() == {(1, "seal-signature"), (2, "seal-signature")}

    (tmp_path / "audit" / "earlier").mkdir()
    (tmp_path / "audit" / "earlier" / "2020.pem").write_bytes(kept)

    assert found() == set()


def test_command_tells_programs_what_is_wrong_by_exit_status_and_json(sealed, capsys):
    call_command("audit_verify", "--json")

    intact = json.loads(capsys.readouterr().out)
    victim = Leaf.objects.get(seal_id=2, position=0).entry_id
    tamper(f"UPDATE audit_entry SET details = '{{}}', action = 'tests.thing.undone' WHERE id = {victim}")
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify", "--json")
    told = json.loads(capsys.readouterr().out)

    assert (intact["intact"], intact["entries"], intact["seals"]) == (True, 5, 2)
    assert ended.value.code == 1
    assert [(f["seal"], f["entry"], f["code"]) for f in told["findings"]] == [(2, victim, "entry-changed")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_inclusion_path_leads_to_the_root(size):
    leaves = [leaf_hash(bytes([n])) for n in range(size)]

    roots = [
        root_from_path(leaf, inclusion_path(leaves, n), position=n, count=size)
        for n, leaf in enumerate(leaves)
    ]

    assert roots == [tree_hash(leaves)] * size
