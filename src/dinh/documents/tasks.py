"""What the worker does for documents."""

from django.utils import timezone
from procrastinate.contrib.django import app

from dinh.documents.operations.demo import make_demo_letters
from dinh.documents.operations.importing import check_import, run_import
from dinh.documents.operations.indexing import PIECE, mark_unmarked
from dinh.documents.operations.intake import prepare_intake
from dinh.documents.operations.later_scans import read_words
from dinh.kernel.jobs import task


@task(queue="documents")
def check_register(*, import_id: int) -> None:
    """Read an old register and hold it against its book."""
    check_import(import_id=import_id)


@task(queue="documents")
def take_in_register(*, import_id: int) -> None:
    """Take an old register in."""
    run_import(import_id=import_id, at=timezone.now())


@task(queue="documents")
def prepare_scan(*, intake_id: int) -> None:
    """Stamp the scan of a letter on paper and read its text."""
    prepare_intake(intake_id=intake_id, at=timezone.now())


@task(queue="documents")
def read_scan_words(*, document_id: int) -> None:
    """Make the words of a letter that was scanned later searchable."""
    read_words(document_id=document_id)


@app.periodic(cron="*/5 * * * *")
@task(queue="documents")
def mark_unmarked_letters(timestamp: int) -> None:
    """What processes of an older release wrote during an upgrade becomes findable by common words."""
    while mark_unmarked() == PIECE:
        pass


@task(queue="documents")
def make_letters_of_demo() -> None:
    """Make the letters that the demo begins with."""
    make_demo_letters()
