"""Pages of long lists whose whole length nobody needs."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from dinh.kernel.compiled import CompiledRead

AHEAD: Final = 1000
FOUND_MOST: Final = 5000

if TYPE_CHECKING:
    Base = Paginator[Any]
else:
    Base = Paginator  # Not a generic class when it runs.


class FirstPage:
    """
    The first page of a list, which is asked for most, with statements that are written once (`kernel.compiled`).

    :param build: makes the rows to count and the same rows as they are shown
    :param examples: of the values that `build` takes, as `CompiledRead` wants them
    """

    def __init__(
        self, build: "Callable[..., tuple[QuerySet[Any], QuerySet[Any, Any]]]", per_page: int, **examples: Any
    ) -> None:
        most = per_page + AHEAD
        self.counted: CompiledRead[Any] = CompiledRead(
            lambda **values: build(**values)[0].order_by().values("pk")[:most], **examples
        )
        self.shown: CompiledRead[Any] = CompiledRead(
            lambda **values: build(**values)[1][:per_page], **examples
        )


class CappedPaginator(Base):
    """
    Counts no further than `AHEAD` rows past the page that is asked for, so that the first page costs the same in a year
    with 200,000 documents, and all of them can be leafed through.

    :param shown: the same rows as the page wants them; the bare ones are counted, without the tables that are only
        shown
    :param first: of the same list, for these values; rows and shown may then be lazy
    """

    def __init__(
        self,
        rows: "QuerySet[Any]",
        per_page: int,
        *,
        shown: "QuerySet[Any, Any] | None" = None,
        first: FirstPage | None = None,
        **values: Any,
    ) -> None:
        self.rows, self.shown = rows, rows if shown is None else shown
        self.first, self.values = first, values
        self.reach = per_page + AHEAD
        super().__init__(self.shown, per_page)

    def get_page(self, number: Any) -> "Page[Any]":
        text = str(number)
        if text.isdecimal() and len(text) < 9:
            self.reach = int(text) * self.per_page + AHEAD
        return super().get_page(number)

    @cached_property
    def count(self) -> int:
        """At most `reach`."""
        if self.first is not None and self.reach == self.per_page + AHEAD:
            return self.first.counted.count(**self.values)
        return self.rows.order_by().values("pk")[: self.reach].count()

    def page(self, number: int | str) -> "Page[Any]":
        if self.first is not None and self.validate_number(number) == 1:
            return Page(self.first.shown.rows(**self.values), 1, self)
        return super().page(number)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than were counted."""
        return self.count >= self.reach


class FoundPaginator(Base):
    """
    Of rows that a search found: finding them costs more than all else, so they are found once, for the count and for
    the page.

    :param find: primary keys of the rows in their order, at most `FOUND_MOST`
    :param show: rows of some of these keys as the page wants them, each with `pk`, in any order
    """

    def __init__(
        self, find: Callable[[], list[int]], per_page: int, *, show: Callable[[Sequence[int]], Iterable[Any]]
    ) -> None:
        super().__init__([], per_page)
        self.find, self.show = find, show

    @cached_property
    def found(self) -> list[int]:
        return self.find()

    @cached_property
    def count(self) -> int:
        return len(self.found)

    @property
    def is_capped(self) -> bool:
        """Whether there may be more."""
        return self.count == FOUND_MOST

    def page(self, number: int | str) -> "Page[Any]":
        valid = self.validate_number(number)
        first = (valid - 1) * self.per_page
        keys = self.found[first : first + self.per_page]
        shown = {row.pk: row for row in self.show(keys)}
        return Page([shown[key] for key in keys if key in shown], valid, self)
