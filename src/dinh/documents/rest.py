"""The JSON API of documents, a file per screen's subject."""

from ninja import Router

from dinh.documents import rest_incoming, rest_outgoing, rest_recipients

router = Router()
router.add_router("", rest_incoming.router)
router.add_router("", rest_recipients.router)  # before the acts by name of outgoing documents
router.add_router("", rest_outgoing.router)
