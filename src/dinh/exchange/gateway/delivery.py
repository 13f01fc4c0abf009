"""What becomes of an exchange: it is logged, then its answer leaves."""

import asyncio
import contextlib
import hashlib
import logging
from typing import Final

from dinh.exchange.gateway.calls import Call
from dinh.exchange.gateway.fronts import Front
from dinh.exchange.gateway.keeping import LogFailed, SegmentLog
from dinh.exchange.gateway.refusals import Headers, Refusal, unavailable
from dinh.exchange.gateway.relay import Relayed, SignedTurn, left, take_answer
from dinh.exchange.gateway.requests import CallerGone, Receive
from dinh.exchange.gateway.spool import Spool
from dinh.exchange.gateway.talk import UpstreamFailed
from dinh.exchange.gateway.turns import BrokenOff, Turn
from dinh.exchange.gateway.upstream import Answer

Failure = Refusal | UpstreamFailed | CallerGone | LogFailed
Outcome = tuple[str, str]
"""What the log says of an exchange that has an answer, and why."""
DELIVERED: Final[Outcome] = ("delivered", "")
FAILURES = (Refusal, UpstreamFailed, CallerGone, LogFailed)
"""Why an exchange has no answer of its provider's."""
log = logging.getLogger("dinh.exchange.gateway")


class Delivery:
    """Nothing of an answer leaves before the exchange is on disk."""

    def __init__(self, segments: SegmentLog, spool: Spool) -> None:
        self.segments, self.spool = segments, spool

    async def whole(
        self,
        call: Call,
        answer: Answer | Relayed,
        headers: Headers,
        to: Turn | SignedTurn,
        became: Outcome = DELIVERED,
        passed: bytes = b"",
    ) -> None:
        """
        A whole answer: logged, then released.

        :param passed: further headers that are written already, for a caller
        """
        body = answer.body
        call.note_answer(body)
        await self.keep(call.line(answer.status, *became))
        if passed and isinstance(to, Turn):
            await to.answer(answer.status, headers, body, passed)
        else:
            await to.answer(answer.status, headers, body)

    async def signed(
        self, call: Call, answer: Answer, headers: Headers, receive: Receive, to: SignedTurn, became: Outcome
    ) -> None:
        """A large answer to a peer: nothing of it leaves before it is whole, so that it is logged once."""
        with contextlib.closing(self.spool.body()) as content:
            await take_answer(answer, content, receive)
            answer.release()
            call.response_bytes, call.response_sha256 = content.size, content.digest.hex()
            await self.keep(call.line(answer.status, *became))
            await to.whole(answer.status, headers, content)

    async def stream(
        self,
        call: Call,
        answer: Answer | Relayed,
        headers: Headers,
        receive: Receive,
        to: Turn,
        became: Outcome,
    ) -> None:
        """A large answer: its beginning is logged before its first byte leaves, its end before its last part."""
        await self.keep(call.line(answer.status, "begun"))
        await to.begin(answer.status, headers)
        gone = asyncio.ensure_future(left(receive))
        try:
            last = await _all_but_the_last(call, answer, to, gone)
            await self.keep(call.line(answer.status, *became))
        except BaseException as failure:
            reason = failure.code if isinstance(failure, UpstreamFailed) else "caller-gone"
            await self._note(call.line(answer.status, "aborted", reason))
            # The caller must not take what it has for the whole: the connection is dropped.
            raise BrokenOff(reason) from failure
        finally:
            gone.cancel()
        await to.end(last)

    async def failed(
        self, front: Front, call: Call, failure: Failure, accept: bytes, to: Turn | SignedTurn
    ) -> None:
        """Tell the caller, if it is there still; log the exchange, if the log can be written."""
        if isinstance(failure, CallerGone):
            await self._note(call.line(499, "aborted", "caller-gone"))
            return
        if isinstance(failure, LogFailed):
            refusal = _unlogged(failure)
        else:
            refusal = failure.refusal() if isinstance(failure, UpstreamFailed) else failure
            try:
                await self._keep_refusal(front, call, refusal, accept)
            except LogFailed as unlogged:
                refusal = _unlogged(unlogged)
        await to.answer(*front.refused(call, refusal, accept))

    async def _keep_refusal(self, front: Front, call: Call, refusal: Refusal, accept: bytes) -> None:
        """If caller or gateway is known, so that strangers do not fill the log. :raises LogFailed:"""
        if call.client is not None or call.peer_key:
            status, _headers, _body = front.refused(call, refusal, accept)
            outcome = "failed" if refusal.is_providers else "refused"
            await self.keep(call.line(status, outcome, refusal.code))

    def keep(self, line: bytes) -> "asyncio.Future[None]":
        """Done when the line is on disk; raises LogFailed."""
        return self.segments.append(line)

    async def _note(self, line: bytes) -> None:
        """For what has no answer any more that could be held back."""
        with contextlib.suppress(LogFailed):
            await self.keep(line)


def _unlogged(failure: LogFailed) -> Refusal:
    log.error("The log's disk takes nothing; no exchange is let through: %s", failure)
    return unavailable("log-failed", "The exchange could not be logged.", seconds=10)


async def _all_but_the_last(
    call: Call, answer: Answer | Relayed, to: Turn, gone: "asyncio.Future[None]"
) -> bytes:
    """:raises UpstreamFailed, CallerGone:"""
    digest, held = hashlib.sha256(answer.body), answer.body
    call.response_bytes = len(held)
    while part := await answer.more():
        if gone.done():
            # It is told here only: to send goes on without an error.
            raise CallerGone
        await to.part(held)
        digest.update(part)
        call.response_bytes += len(part)
        held = part
    call.response_sha256 = digest.hexdigest()
    return held
