"""The JSON API of documents, a file per screen's subject."""

from ninja import Router

from dinh.documents import rest_drafting, rest_incoming, rest_outgoing

router = Router()
router.add_router("", rest_drafting.router)
router.add_router("", rest_incoming.router)
router.add_router("", rest_outgoing.router)
