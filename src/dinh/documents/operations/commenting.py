"""Remarks on a draft (ý kiến)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit.api import record
from dinh.directory.models import Appointment
from dinh.documents.models import Comment
from dinh.documents.operations.drafting import locked_outgoing
from dinh.documents.rules import may_comment
from dinh.kernel.errors import InvalidInput, NotPermitted


@transaction.atomic
def comment_on_draft(*, outgoing_id: int, author: Appointment, text: str, at: datetime) -> Comment:
    """
    Add a remark on the last version; a repeated one is kept once.

    :raises InvalidInput: without a text
    :raises NotPermitted: if the author is neither drafter nor on the path, or the letter is signed
    """
    outgoing = locked_outgoing(outgoing_id, author)
    if not may_comment(author, outgoing):
        raise NotPermitted(_("The drafter and those on the path comment, until the letter is signed."))
    text = text.strip()
    if not 0 < len(text) <= 4000:
        raise InvalidInput(_("Write a comment of at most 4,000 characters."), field="text")
    number = outgoing.versions.count()
    last = outgoing.comments.last()
    if last and (last.author_id, last.version_number, last.text) == (author.pk, number, text):
        return last
    comment = Comment.objects.create(
        outgoing=outgoing, author=author, version_number=number, text=text, created_at=at
    )
    record("documents.document.commented", target=outgoing, actor=author, at=at)
    return comment
