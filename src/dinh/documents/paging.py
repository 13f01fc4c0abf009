"""Pages of long lists whose whole length nobody needs."""

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

LIMIT: Final = 5000

if TYPE_CHECKING:
    Base = Paginator[Any]
else:
    Base = Paginator  # Not a generic class when it runs.


class CappedPaginator(Base):
    """
    Counts no further than `LIMIT` rows, so that a page costs the same in a year with 200,000 documents.

    :param shown: the same rows as the page wants them; the bare ones are counted, without the tables that are only
        shown
    """

    def __init__(
        self, rows: "QuerySet[Any]", per_page: int, *, shown: "QuerySet[Any, Any] | None" = None
    ) -> None:
        self.rows, self.shown = rows, rows if shown is None else shown
        super().__init__(self.shown, per_page)

    @cached_property
    def count(self) -> int:
        """At most `LIMIT`."""
        return self.rows.order_by().values("pk")[:LIMIT].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than can be leafed through; a filter finds them."""
        return self.count == LIMIT


class FoundPaginator(CappedPaginator):
    """
    Of rows that a search found: finding them costs more than all else, so they are found once, for the count and for
    the page.
    """

    @cached_property
    def found(self) -> list[int]:
        return list(self.rows.values_list("pk", flat=True)[:LIMIT])

    @cached_property
    def count(self) -> int:
        return len(self.found)

    def page(self, number: int | str) -> "Page[Any]":
        valid = self.validate_number(number)
        first = (valid - 1) * self.per_page
        return Page(self.shown.filter(pk__in=self.found[first : first + self.per_page]), valid, self)
