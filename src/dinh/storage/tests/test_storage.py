import hashlib
import io
import os
import zipfile
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.test import RequestFactory
from django.utils import timezone
from django.utils.translation import override

from dinh.kernel.errors import NotFound
from dinh.storage import api as storage
from dinh.storage import streams
from dinh.storage.models import Blob

pytestmark = pytest.mark.django_db
LETTER = b"%PDF-1.7\n" + bytes(range(256)) * 3000


@pytest.fixture(autouse=True)
def blob_folder(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "blobs": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path)},
        },
    }


def get(sha256, **headers):
    request = RequestFactory().get("/", headers=headers)
    return storage.blob_response(request, sha256, filename="Quyết định.pdf", inline=True)


def word_file(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return stream.getvalue()


def test_write_that_fails_half_way_leaves_nothing_and_can_be_repeated(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(streams.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        storage.store_bytes(LETTER)
    monkeypatch.undo()

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert Blob.objects.count() == 0
    assert storage.read_blob(storage.store_bytes(LETTER).sha256) == LETTER


def test_what_a_killed_process_left_is_deleted_after_a_day(tmp_path):
    kept = storage.store_bytes(LETTER)
    folder = tmp_path / kept.sha256[:2] / kept.sha256[2:4]
    for name in (".unfinished-old", ".unfinished-new"):
        (folder / name).write_bytes(b"x")
    os.utime(folder / ".unfinished-old", (0, 0))

    before = timezone.now() - timedelta(days=1)

    assert streams.forget_unfinished(storages["blobs"], before=before) == 1
    assert sorted(path.name for path in folder.iterdir()) == [".unfinished-new", kept.sha256]


def test_store_keeps_the_same_bytes_once():
    first, second = storage.store_bytes(LETTER), storage.store(io.BytesIO(LETTER))

    assert first == second == storage.BlobInfo(hashlib.sha256(LETTER).hexdigest(), len(LETTER), storage.PDF)
    assert Blob.objects.count() == 1
    assert storage.read_blob(first.sha256) == LETTER


def test_store_refuses_what_is_not_what_it_claims():
    with pytest.raises(storage.WrongFileType) as refusal:
        storage.store_bytes(b"MZ\x90\x00not a letter", accept=frozenset({storage.PDF}), name="thu.pdf")

    assert refusal.value.field == "file"
    assert Blob.objects.count() == 0


def test_refused_file_is_told_by_kinds_that_people_know():
    """Many offices still have .doc files: who sends one is told what it is, and what to send instead."""
    old_word = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    with override("vi"), pytest.raises(storage.WrongFileType) as refusal:
        storage.store_bytes(old_word, accept=frozenset({storage.PDF, storage.DOCX}), name="cv.doc")

    assert str(refusal.value) == (
        "Không dùng được cv.doc ở đây: theo nội dung, đây là tệp Word hoặc Excel kiểu cũ (.doc, .xls). "
        "Hãy chọn tệp thuộc loại PDF, Word (.docx)."
    )


def test_store_refuses_what_is_too_large(settings):
    settings.MAX_UPLOAD_BYTES = 1000

    with pytest.raises(storage.FileTooLarge):
        storage.store_bytes(LETTER)

    assert Blob.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (word_file("word/document.xml"), storage.DOCX),
        (word_file("xl/workbook.xml"), storage.XLSX),
        (
            word_file("word/document.xml", "word/vbaProject.bin"),
            "application/vnd.ms-word.document.macroEnabled.12",
        ),
        (b"PK\x03\x04 broken", "application/octet-stream"),
        (b"\x89PNG\r\n\x1a\n....", storage.PNG),
    ],
)
def test_store_sniffs_the_type(content, media_type):
    assert storage.store_bytes(content).media_type == media_type


def test_blob_response_streams_all():
    response = get(storage.store_bytes(LETTER).sha256)

    assert b"".join(response) == LETTER
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=10-19", 10, 19),
        ("bytes=-5", len(LETTER) - 5, len(LETTER) - 1),
        ("bytes=768000-", 768000, len(LETTER) - 1),
    ],
)
def test_blob_response_gives_ranges(wanted, first, last):
    response = get(storage.store_bytes(LETTER).sha256, Range=wanted)

    assert response.status_code == 206
    assert b"".join(response) == LETTER[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(LETTER)}"


def test_blob_response_refuses_a_range_beyond_the_end():
    assert get(storage.store_bytes(LETTER).sha256, Range="bytes=9999999-").status_code == 416


def test_blob_response_never_shows_a_web_page_inline():
    page = storage.store_bytes(b"<!doctype html><script>alert(1)</script>")

    assert get(page.sha256)["Content-Disposition"].startswith("attachment")


def test_blob_response_knows_no_other_blob():
    with pytest.raises(NotFound):
        get("0" * 64)
