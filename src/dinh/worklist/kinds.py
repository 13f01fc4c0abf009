"""Which kinds of work there are: modules register theirs, so that lists and delegations can name them."""

from dataclasses import dataclass

from django.utils.functional import Promise

from dinh.directory.enums import Role
from dinh.directory.models import Appointment
from dinh.kernel.registry import Registry
from dinh.worklist.rules import may_sign_for_others


@dataclass(frozen=True)
class WorkKind:
    """
    A kind of work.

    :param label: what is to be done, e.g. "Sign"
    :param is_signing: done with a signature; it passes to a delegate only if he may sign as well,
        with his own certificate (Decree 30/2020, Art. 13)
    :param roles: it passes to a delegate only who carries one of these, since nobody else may do it; empty: to any
    """

    label: str | Promise
    is_signing: bool = False
    roles: tuple[Role, ...] = ()


kinds: Registry[WorkKind] = Registry("kinds of work")


def label_of(kind: str) -> str:
    """What a kind is called; its code where no module has named it."""
    known = kinds.get(kind)
    return str(known.label) if known else kind


def passes_to(kind: str, delegate: Appointment) -> bool:
    """Whether work of a kind may pass to this delegate at all; unknown kinds may not."""
    known = kinds.get(kind)
    if known is None or (known.is_signing and not may_sign_for_others(delegate)):
        return False
    return not known.roles or delegate.has_role(*known.roles)
