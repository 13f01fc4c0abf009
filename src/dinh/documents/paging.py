"""Pages of long lists whose whole length nobody needs."""

from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

LIMIT: Final = 5000

if TYPE_CHECKING:
    Base = Paginator[Any]
else:
    Base = Paginator  # Not a generic class when it runs.


class CappedPaginator(Base):
    """Counts no further than `LIMIT` rows, so that a page costs the same in a year with 200,000 documents."""

    def __init__(self, rows: "QuerySet[Any]", per_page: int) -> None:
        super().__init__(rows, per_page)
        self.rows = rows

    @cached_property
    def count(self) -> int:
        return self.rows.order_by().values("pk")[:LIMIT].count()

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than can be leafed through; a filter finds them."""
        return self.count == LIMIT
