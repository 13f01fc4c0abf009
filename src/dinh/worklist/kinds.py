"""Which kinds of work there are: modules register theirs, so that lists and delegations can name them."""

from dataclasses import dataclass

from django.utils.functional import Promise

from dinh.kernel.registry import Registry


@dataclass(frozen=True)
class WorkKind:
    """
    A kind of work.

    :param label: what is to be done, e.g. "Sign"
    :param is_signing: done with a signature; it passes to a delegate only if he may sign as well,
        with his own certificate (Decree 30/2020, Art. 13)
    """

    label: str | Promise
    is_signing: bool = False


kinds: Registry[WorkKind] = Registry("kinds of work")


def label_of(kind: str) -> str:
    """What a kind is called; its code where no module has named it."""
    known = kinds.get(kind)
    return str(known.label) if known else kind


def passes_to(kind: str, *, delegate_signs: bool) -> bool:
    """Whether work of a kind may pass to a delegate at all; unknown kinds may not."""
    known = kinds.get(kind)
    return known is not None and (delegate_signs or not known.is_signing)
