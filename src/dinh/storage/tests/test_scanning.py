import io
import socketserver

import pytest

from dinh.storage import api as storage
from dinh.storage.models import Blob
from dinh.storage.scanning import scanner_answers

from .clamd import LIMIT, MARK, clamd

pytestmark = pytest.mark.django_db


@pytest.fixture
def scanner(settings, tmp_path):
    folder = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(tmp_path)},
    }
    settings.STORAGES = {**settings.STORAGES, "blobs": folder}
    server = clamd(("127.0.0.1", 0))
    settings.CLAMAV = f"tcp://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    server.server_close()


def test_store_has_an_upload_scanned_whole(scanner):
    letter = b"%PDF-1.7\n" + b"x" * 1_000_000

    kept = storage.store(io.BytesIO(letter))

    assert scanner.scanned == [letter]
    assert storage.read_blob(kept.sha256) == letter


def test_store_refuses_and_names_what_is_infected(scanner):
    with pytest.raises(storage.Infected) as refusal:
        storage.store(io.BytesIO(b"%PDF-1.7\n" + MARK), name="thu-moi.pdf")

    assert str(refusal.value) == "Từ chối thu-moi.pdf: bộ quét vi-rút phát hiện Test.Virus trong tệp."
    assert (refusal.value.field, refusal.value.status) == ("file", 422)
    assert Blob.objects.count() == 0


def test_store_takes_nothing_unscanned_while_the_scanner_is_silent(scanner):
    scanner.shutdown()
    scanner.server_close()

    with pytest.raises(storage.ScannerSilent) as refusal:
        storage.store(io.BytesIO(b"%PDF-1.7\n"), name="thu.pdf")

    assert refusal.value.status == 503
    assert Blob.objects.count() == 0


def test_store_tells_the_scanners_own_limit(scanner):
    with pytest.raises(storage.ScannerSilent, match="size limit exceeded"):
        storage.store(io.BytesIO(b"%PDF-1.7\n" + b"x" * (LIMIT + 3_000_000)))

    assert Blob.objects.count() == 0


def test_store_bytes_does_not_scan_what_the_house_made(scanner):
    storage.store_bytes(b"%PDF-1.7\n" + MARK)

    assert scanner.scanned == []


def test_a_scanner_is_reached_by_its_unix_socket(settings, tmp_path):
    server = clamd(str(tmp_path / "clamd.ctl"), socketserver.ThreadingUnixStreamServer)
    settings.CLAMAV = f"unix://{tmp_path}/clamd.ctl"

    answer = scanner_answers()
    server.shutdown()
    server.server_close()

    assert answer == ""
    assert "does not answer" in scanner_answers()


def test_without_a_scanner_nobody_is_asked(settings):
    settings.CLAMAV = ""

    assert scanner_answers() is None
