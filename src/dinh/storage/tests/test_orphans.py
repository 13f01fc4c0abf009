"""What no record refers to is deleted after some days; nothing else ever is, also while others store and refer."""

import io
from datetime import timedelta
from threading import Event, Thread

import pytest
from django.apps import apps
from django.core.checks import Error
from django.core.files.storage import FileSystemStorage, storages
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dinh.storage import references as known
from dinh.storage.api import read_blob, store, store_bytes
from dinh.storage.models import Blob
from dinh.storage.names import blob_path
from dinh.storage.orphans import delete_orphans

pytestmark = pytest.mark.django_db
LETTER = b"%PDF-1.7\n" + bytes(range(256))
OLD = timedelta(days=8)


class PausedStorage(FileSystemStorage):
    """Stops at the deletion of a file until somebody lets it go on."""

    reached, go_on = Event(), Event()

    def delete(self, name):
        self.reached.set()
        assert self.go_on.wait(10)
        super().delete(name)


@pytest.fixture
def blob_folder(settings, tmp_path):
    settings.STORAGES = {**settings.STORAGES, "blobs": _storage("FileSystemStorage", tmp_path)}


@pytest.fixture
def paused(settings, tmp_path):
    PausedStorage.reached.clear()
    PausedStorage.go_on.clear()
    backend = f"{__name__}.PausedStorage"
    settings.STORAGES = {**settings.STORAGES, "blobs": _storage(backend, tmp_path)}
    yield PausedStorage
    PausedStorage.go_on.set()


def _storage(backend, folder):
    name = backend if "." in backend else f"django.core.files.storage.{backend}"
    return {"BACKEND": name, "OPTIONS": {"location": str(folder)}}


def kept(content=LETTER, *, ago=OLD) -> str:
    sha256 = store_bytes(content).sha256
    Blob.objects.filter(pk=sha256).update(kept_at=timezone.now() - ago)
    return sha256


def collect() -> int:
    return delete_orphans(before=timezone.now() - timedelta(days=7))


def is_there(sha256) -> tuple[bool, bool]:
    return Blob.objects.filter(pk=sha256).exists(), storages["blobs"].exists(blob_path(sha256))


def await_proofs(sha256):
    """A record that names a blob by its hash alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO signing_pendingproof (sha256, notes, since, attempts, next_try_at)"
            " VALUES (%s, '[]', now(), 0, now())",
            [sha256],
        )


def refer(sha256):
    """A record with a foreign key to the blob, of a module above."""
    apps.get_model("documents.Document").objects.create(
        issuer_name="Sở", bloc="government", content_id=sha256, created_at=timezone.now()
    )


def test_what_nobody_refers_to_goes_row_and_file(blob_folder):
    old, young = kept(), kept(b"%PDF-1.7 young", ago=timedelta(days=6))

    assert collect() == 1
    assert (is_there(old), is_there(young)) == ((False, False), (True, True))
    assert collect() == 0


def test_what_somebody_refers_to_stays_however_old(blob_folder):
    sha256 = kept(ago=timedelta(days=3000))
    await_proofs(sha256)

    assert collect() == 0
    assert is_there(sha256) == (True, True)


def test_the_same_bytes_again_are_new(blob_folder):
    sha256 = kept()

    store(io.BytesIO(LETTER))

    assert collect() == 0
    assert is_there(sha256) == (True, True)


def test_a_file_that_is_gone_already_does_not_keep_its_row(blob_folder):
    sha256 = kept()
    storages["blobs"].delete(blob_path(sha256))

    assert collect() == 1
    assert is_there(sha256) == (False, False)


def test_every_foreign_key_to_a_blob_is_declared():
    assert list(known.undeclared()) == []
    assert len(list(known.references)) >= 13


def test_an_undeclared_reference_stops_the_start(monkeypatch):
    left = {name: each for name, each in known.references.items() if name != "documents.Document.content"}
    monkeypatch.setattr(known.references, "_entries", left)

    faults = known.check_declared()

    assert [type(each) for each in faults] == [Error]
    assert faults[0].msg.startswith("documents.Document.content ")


def test_a_foreign_key_holds_what_the_registry_does_not_know(blob_folder, monkeypatch):
    """Should somebody get around the check at start-up, the database still refuses."""
    sha256 = kept()
    refer(sha256)
    monkeypatch.setattr(known.references, "_entries", {})

    with pytest.raises(IntegrityError), transaction.atomic():
        collect()

    assert is_there(sha256) == (True, True)


@pytest.mark.django_db(transaction=True)
def test_storing_the_same_bytes_while_they_are_deleted_keeps_both(paused):
    sha256, stored = kept(), []

    collector = Thread(target=_closing, args=(collect,))
    collector.start()
    assert paused.reached.wait(10)
    uploader = Thread(target=_closing, args=(lambda: stored.append(store_bytes(LETTER)),))
    uploader.start()
    uploader.join(0.5)
    waits = uploader.is_alive()
    paused.go_on.set()
    collector.join(10)
    uploader.join(10)

    assert (waits, [each.sha256 for each in stored]) == (True, [sha256])
    assert is_there(sha256) == (True, True)
    assert read_blob(sha256) == LETTER


@pytest.mark.django_db(transaction=True)
def test_a_blob_that_an_open_transaction_stored_again_is_left(blob_folder):
    """Neither its new moment nor its record is to be seen yet."""
    sha256, counted = kept(), []
    with transaction.atomic():
        refer(store_bytes(LETTER).sha256)
        collector = Thread(target=_closing, args=(lambda: counted.append(collect()),))
        collector.start()
        collector.join(10)

    assert counted == [0]
    assert is_there(sha256) == (True, True)


@pytest.mark.django_db(transaction=True)
def test_a_record_that_refers_to_what_is_being_deleted_is_refused_as_a_whole(blob_folder):
    """Without storing the bytes again, days after they were stored: no record stands without its file."""
    sha256 = kept()
    with pytest.raises(IntegrityError):
        _refer_while_it_is_collected(sha256)

    assert is_there(sha256) == (False, False)
    assert not apps.get_model("documents.Document").objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_uploads_beside_the_collector_lose_nothing(blob_folder):
    contents = [b"%PDF-1.7 " + str(number).encode() for number in range(40)]
    hashes = [kept(content) for content in contents]

    def upload():
        for content in contents:
            await_proofs(store_bytes(content).sha256)

    def sweep():
        for _time in range(20):
            collect()

    threads = [Thread(target=_closing, args=(each,)) for each in (sweep, upload, sweep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    collect()

    assert [is_there(sha256) for sha256 in hashes] == [(True, True)] * len(hashes)
    assert [read_blob(sha256) for sha256 in hashes] == contents


def _closing(act):
    try:
        act()
    finally:
        connection.close()


@transaction.atomic
def _refer_while_it_is_collected(sha256):
    refer(sha256)
    collector = Thread(target=_closing, args=(collect,))
    collector.start()
    collector.join(10)
