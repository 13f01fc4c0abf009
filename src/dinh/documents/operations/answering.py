"""A reply (văn bản trả lời) closes the documents that it answers."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from dinh.audit.api import record
from dinh.documents.enums import IncomingState
from dinh.documents.models import Dispatch, Incoming
from dinh.documents.operations.receiving import tell_state
from dinh.documents.rules_incoming import OPEN_STATES
from dinh.worklist.api import finish_work


@transaction.atomic
def close_answered(*, dispatch_id: int) -> int:
    """
    Complete what the dispatched document replies to, in the name of whoever sent the reply.

    Safe to repeat. :returns: how many documents were closed
    """
    dispatch = Dispatch.objects.select_related("document", "outgoing", "sent_by").get(pk=dispatch_id)
    if dispatch.outgoing is None:
        return 0
    answered = Incoming.objects.filter(replies=dispatch.outgoing, state__in=OPEN_STATES)
    rows = list(answered.select_for_update(of=("self",), no_key=True).order_by("pk"))
    for incoming in rows:
        _close(incoming, dispatch)
    return len(rows)


def _close(incoming: Incoming, dispatch: Dispatch) -> None:
    at, code = dispatch.sent_at, dispatch.document.code
    incoming.assignments.filter(done_at=None, withdrawn_at=None).update(done_at=at)
    incoming.state, incoming.done_at = IncomingState.DONE, at
    with override(settings.LANGUAGE_CODE):  # what is kept is official, whoever's screen it came from
        incoming.result_text = _("Answered by %(code)s.") % {"code": code}
    incoming.save(update_fields=["state", "done_at", "result_text"])
    finish_work(incoming, at=at)
    details = {"reply": dispatch.outgoing_id, "code": code}
    record("documents.incoming.done", target=incoming, actor=dispatch.sent_by, at=at, details=details)
    tell_state(incoming)
