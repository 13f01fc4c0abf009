"""The JSON API of documents, a file per screen's subject."""

from ninja import Router

from dinh.documents import (
    rest_books,
    rest_copies,
    rest_devices,
    rest_drafting,
    rest_incoming,
    rest_intake,
    rest_metadata,
    rest_outgoing,
    rest_path,
    rest_proof,
    rest_recipients,
    rest_reference,
    rest_reports,
    rest_search,
    rest_versions,
)

router = Router()
for part in (
    rest_books,
    rest_copies,
    rest_drafting,
    rest_incoming,
    rest_intake,
    rest_path,
    rest_proof,
    rest_reference,
    rest_metadata,  # before the acts by name
    rest_recipients,  # before the acts by name of outgoing documents
    rest_devices,
    rest_outgoing,
    rest_reports,
    rest_search,
    rest_versions,
):
    router.add_router("", part.router)
