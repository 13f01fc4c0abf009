import hashlib
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import structlog
from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from dinh.audit import api as audit
from dinh.audit.canonical import entry_bytes, seal_content, seal_digest
from dinh.audit.heads import heads_file
from dinh.audit.keys import sealing_signer
from dinh.audit.merkle import TreeHasher, inclusion_path, leaf_hash, root_from_path, tree_hash
from dinh.audit.models import Entry, Leaf, Seal
from dinh.audit.operations.sealing import seal_all, seal_entries, sign_seals
from dinh.audit.queries.verification import verify_log
from dinh.pki.api import sign_detached

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
    return {(finding.seal, finding.code) for finding in verify_log(at=NOON + timedelta(hours=1))}


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


def test_leaves_moved_apart_show(sealed):
    tamper("UPDATE audit_leaf SET position = 7 WHERE seal_id = 1 AND position = 2")

    assert found() == {(1, "root-differs")}


def test_swapped_leaves_name_both_seals(sealed):
    first, second = (Leaf.objects.get(seal_id=number, position=0) for number in (1, 2))

    tamper(f"""
        UPDATE audit_leaf SET seal_id = 2, position = 9 WHERE entry_id = {first.pk};
        UPDATE audit_leaf SET seal_id = 1, position = 0 WHERE entry_id = {second.pk};
        UPDATE audit_leaf SET position = 0 WHERE entry_id = {first.pk}""")

    assert found() == {(1, "root-differs"), (2, "root-differs")}


def test_forged_transaction_number_shows(sealed):
    victim = Leaf.objects.get(seal_id=2, position=1).entry_id

    tamper(f"UPDATE audit_entry SET transaction_id = transaction_id + 1 WHERE id = {victim}")

    assert found() == {(2, "entry-changed")}


def test_entry_that_no_seal_would_ever_cover_shows(sealed):
    audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
    victim = Entry.objects.latest("id").pk

    tamper(f"UPDATE audit_entry SET transaction_id = 1::bigint << 60 WHERE id = {victim}")
    seal_all(at=NOON)

    assert {finding.entry for finding in verify_log(at=NOON)} == {victim}
    assert found() == {(None, "entry-unsealable")}


def test_entry_hidden_under_a_seal_that_never_was_shows(sealed):
    audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
    entry = Entry.objects.latest("id").pk

    tamper(f"INSERT INTO audit_leaf (entry_id, seal_id, position, digest) VALUES ({entry}, 99, 0, '')")

    assert found() == {(99, "seal-missing")}


@pytest.mark.parametrize(
    "change",
    [
        "horizon = horizon + 1",
        "entry_count = 1",
        "root = digest",
        "sealed_at = now()",
        "version = 1",
        "digest = root",
    ],
)
def test_changed_seal_shows(sealed, change):
    tamper(f"UPDATE audit_seal SET {change} WHERE number = 2")

    assert (2, "seal-changed") in found()


def test_forged_moment_of_the_timestamp_shows(sealed):
    tamper("UPDATE audit_seal SET stamped_at = '2019-01-01' WHERE number = 1")

    assert found() == {(1, "seal-signature")}


def test_seal_stripped_of_its_signature_shows(sealed):
    tamper("UPDATE audit_seal SET signature = NULL WHERE number = 1")

    assert found() == {(1, "seal-unsigned")}


def test_rewritten_end_of_the_chain_is_not_signed_again_and_shows(sealed):
    """Who may write the database changes an entry, computes all digests anew and waits for the sealer's signature."""
    leaf = Leaf.objects.filter(seal_id=2).order_by("position")[0]
    tamper(f"UPDATE audit_entry SET person_name = 'Ai đó' WHERE id = {leaf.entry_id}")
    forged = rewritten(Seal.objects.get(number=2))

    tamper(f"""
        UPDATE audit_leaf SET digest = '\\x{forged.first_leaf.hex()}' WHERE entry_id = {leaf.entry_id};
        UPDATE audit_seal SET signature = NULL, root = '\\x{forged.root.hex()}', digest = '\\x{forged.digest.hex()}'
        WHERE number = 2""")
    seal_all(at=NOON)

    assert Seal.objects.get(number=2).signature is None
    assert found() == {(2, "seal-rewritten"), (2, "seal-unsigned")}


def rewritten(seal):
    leaves = list(Leaf.objects.filter(seal=seal).order_by("position").select_related("entry"))
    digests = [leaf_hash(entry_bytes(leaf.entry)) for leaf in leaves]
    seal.first_leaf, seal.root = digests[0], tree_hash(digests)
    seal.digest = seal_digest(seal_content(seal))
    return seal


def test_database_takes_no_other_change_of_a_seal_than_its_signature(sealed):
    for change in ({"root": b""}, {"signature": None}, {"signature": b"x"}, {"horizon": 1}):
        with pytest.raises(ProgrammingError, match="append-only"):
            Seal.objects.filter(number=2).update(**change)

    assert found() == set()


@pytest.mark.parametrize("table", ["audit_entry", "audit_leaf", "audit_seal"])
def test_database_refuses_to_empty_the_log(sealed, table):
    with pytest.raises(ProgrammingError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")

    assert Entry.objects.count() == 5


def test_trigger_that_is_switched_off_or_gone_shows(sealed):
    with transaction.atomic():
        tamper("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only")
        tamper("DROP TRIGGER audit_leaf_not_emptied ON audit_leaf")

        findings = list(verify_log(at=NOON))
        transaction.set_rollback(True)

    assert [finding.code for finding in findings] == ["guard-missing"] * 2
    assert ["audit_entry_append_only" in findings[0].message, "audit_leaf_not_emptied" in findings[1].message] == [
        True, True
    ]  # fmt: skip


def test_seals_of_the_first_version_still_hold(sealed):
    """They covered neither the transactions of entries nor the horizon."""
    seal = Seal.objects.get(number=1)
    leaves = list(seal.leaves.order_by("position").select_related("entry"))
    digests = [leaf_hash(entry_bytes(leaf.entry, version=1)) for leaf in leaves]
    old = Seal(number=1, version=1, sealed_at=NOON, entry_count=3, root=tree_hash(digests), previous=b"")
    old.digest = seal_digest(seal_content(old))
    signature = sign_detached(data=old.digest, signer=sealing_signer())
    tamper("DELETE FROM audit_seal WHERE number = 2; DELETE FROM audit_leaf WHERE seal_id = 2")
    heads_file().unlink()
    for leaf, digest in zip(leaves, digests, strict=True):
        tamper(f"UPDATE audit_leaf SET digest = '\\x{digest.hex()}' WHERE entry_id = {leaf.pk}")
    tamper(f"""
        UPDATE audit_seal SET version = 1, root = '\\x{old.root.hex()}', digest = '\\x{old.digest.hex()}',
        signature = '\\x{signature.hex()}'""")

    assert found() == set()
    seal_all(at=NOON)
    assert found() == set()
    assert list(Seal.objects.values_list("version", "entry_count")) == [(1, 3), (2, 2)]


def test_restored_database_goes_on_where_it_stood(sealed):
    """Numbers of transactions begin anew there: what was sealed lies ahead, and comes by again one day."""
    ahead = 1 << 40
    audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
    tamper(f"UPDATE audit_entry SET transaction_id = transaction_id + {ahead}")
    for seal in Seal.objects.order_by("number"):
        resealed_ahead(seal, ahead)

    assert found() == set()
    audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
    seal_all(at=NOON)
    audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)
    seal_all(at=NOON)

    assert found() == set()
    assert list(Seal.objects.values_list("entry_count", flat=True)) == [3, 2, 2, 1]


def resealed_ahead(seal, ahead):
    """The seal as an earlier life of the database had made it, with higher numbers."""
    heads_file().unlink(missing_ok=True)
    before = Seal.objects.filter(number=seal.number - 1).first()
    leaves = list(Leaf.objects.filter(seal=seal).order_by("position").select_related("entry"))
    digests = [leaf_hash(entry_bytes(leaf.entry)) for leaf in leaves]
    seal.root, seal.horizon = tree_hash(digests), seal.horizon + ahead
    seal.previous = bytes(before.digest) if before else b""
    seal.digest = seal_digest(seal_content(seal))
    signature = sign_detached(data=seal.digest, signer=sealing_signer())
    for leaf, digest in zip(leaves, digests, strict=True):
        tamper(f"UPDATE audit_leaf SET digest = '\\x{digest.hex()}' WHERE entry_id = {leaf.pk}")
    tamper(f"""
        UPDATE audit_seal SET root = '\\x{seal.root.hex()}', digest = '\\x{seal.digest.hex()}',
        previous = '\\x{seal.previous.hex()}', horizon = {seal.horizon}, signature = '\\x{signature.hex()}'
        WHERE number = {seal.number}""")


def test_line_cut_off_in_the_notes_is_passed_over(sealed):
    with heads_file().open("a") as handle:
        handle.write("3 00ff")

    assert found() == set()


def test_entry_names_the_request_that_it_came_by(sealed):
    with structlog.contextvars.bound_contextvars(request_id="0f8fad5b-d9cb-469f-a165-70867728950e"):
        audit.record("tests.thing.done", target=Seal(number=1), actor=ACTOR, at=NOON)

    assert Entry.objects.latest("id").request_id == "0f8fad5b-d9cb-469f-a165-70867728950e"


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


def test_command_tells_people_in_vietnamese_which_row_of_which_seal_was_changed(sealed, capsys):
    victim = Leaf.objects.get(seal_id=2, position=0).entry_id
    tamper(f"UPDATE audit_entry SET action = 'tests.thing.undone' WHERE id = {victim}")

    with pytest.raises(SystemExit):
        call_command("audit_verify")

    changed, summary = capsys.readouterr().out.splitlines()
    assert changed == f"niêm phong 2, dòng {victim}: Một dòng nhật ký đã bị sửa."
    assert summary.startswith("5 dòng nhật ký, 2 niêm phong: ĐÃ BỊ CAN THIỆP (0,")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_inclusion_path_leads_to_the_root(size):
    leaves = [leaf_hash(bytes([n])) for n in range(size)]

    roots = [
        root_from_path(leaf, inclusion_path(leaves, n), position=n, count=size)
        for n, leaf in enumerate(leaves)
    ]

    assert roots == [tree_hash(leaves)] * size


@pytest.mark.parametrize("size", [0, 1, 2, 3, 6, 7, 8, 100])
def test_root_of_leaves_one_by_one_is_the_trees(size):
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]
    hasher = TreeHasher()

    for leaf in leaves:
        hasher.add(leaf)

    assert hasher.root() == tree_hash(leaves)
