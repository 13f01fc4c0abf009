"""Signing and sealing in two phases, for programs that reach the holder's token themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema

from dinh.documents.operations.devices import begin_counterseal, begin_seal, begin_step, finish_on_device
from dinh.documents.queries.devices import device_signatures_of
from dinh.documents.rest_outgoing import OutgoingOut, actor_of, opened, shown
from dinh.signing.api import SessionInfo, device_answer, open_sessions

router = Router(tags=["outgoing"])
BEGIN = {"sign": begin_step, "counterseal": begin_counterseal, "seal": begin_seal}


class BegunOut(Schema):
    """
    A signature that waits for its device until `expires_at`. `challenge` has what the device needs: `fingerprint` of
    the certificate (SHA-256, hex), `attributes` (base64, DER) and their `digest` (SHA-256, hex); empty where the
    server reaches the key itself. Before a seal come the `annexes` in files of their own, each finished as the seal is.
    """

    session: UUID
    provider: str
    digest: str
    challenge: dict[str, str]
    expires_at: datetime
    annexes: "list[BegunOut]" = []


class Answer(Schema):
    """
    What the device made, base64, one of: the raw signature of the attributes; a whole CMS; the letter (as
    `/outgoing/{id}/letter` gives it) signed by a program of its own in the field that waits.
    """

    session: UUID
    signature: str = ""
    cms: str = ""
    pdf: str = ""


@router.post("/outgoing/{int:outgoing_id}/{act}/begin", response=BegunOut)
def begin_on_device(
    request: HttpRequest, outgoing_id: int, act: Literal["sign", "counterseal", "seal"]
) -> BegunOut:
    """
    Prepare the caller's signature, or the seal (`counterseal`: as the other party of an agreement); nothing of the
    letter changes yet.
    """
    actor = actor_of(request)
    begun, session = BEGIN[act](outgoing_id=outgoing_id, actor=actor)
    annexes = device_signatures_of(actor, begun.batch).exclude(annex=None).values_list("session", flat=True)
    before = open_sessions(session_ids=list(annexes), appointment=actor).values()
    return begun_out(session, annexes=[begun_out(each) for each in before])


def begun_out(session: SessionInfo, *, annexes: Sequence[BegunOut] = ()) -> BegunOut:
    """A session as programs see it."""
    return BegunOut(
        session=session.id,
        provider=session.provider,
        digest=session.digest,
        challenge=dict(session.challenge),
        expires_at=session.expires_at,
        annexes=list(annexes),
    )


@router.post("/outgoing/{int:outgoing_id}/{act}/finish", response=OutgoingOut)
def finish_begun(
    request: HttpRequest, outgoing_id: int, act: Literal["sign", "counterseal", "seal"], body: Answer
) -> OutgoingOut:
    """Put the device's answer into the letter, once; the same answer again changes nothing."""
    letter = opened(request, outgoing_id)
    finish_on_device(
        session_id=body.session,
        actor=actor_of(request),
        signature=device_answer(body.signature, field="signature"),
        cms=device_answer(body.cms, field="cms"),
        pdf=device_answer(body.pdf, field="pdf"),
        outgoing_id=letter.pk,
    )
    return shown(opened(request, outgoing_id))
