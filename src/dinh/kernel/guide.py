"""The user guide: what each module tells its users, in its own folder, language by language."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from dinh.kernel.registry import Registry

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True)
class Guide:
    """
    One page of the guide, registered under the name of its file.

    :param folder: holds a folder for each language, with `NAME.md` in Markdown, headings from the second level on;
        what stands in bold there is a label of the pages, word by word
    :param is_for: predicate over the current appointment: whose work this is; others may read it, too
    """

    title: str | Promise
    folder: Path
    icon: str
    order: int
    is_for: Callable[[Any], bool]


guides: Registry[Guide] = Registry("guides")


def add_guide(
    name: str, title: str | Promise, *, of: str, icon: str, order: int, is_for: Callable[[Any], bool]
) -> None:
    """Called once, when the module's application is ready. :param of: `__file__` of a file beside its folder `guide`"""
    guides.register(name, Guide(title, Path(of).with_name("guide"), icon, order, is_for))


@cache
def guide_text(name: str, language: str) -> SafeString:
    """
    The page as HTML.

    :param language: `vi` or `en`
    :raises KeyError: if no guide has this name
    """
    path = guides[name].folder / language / f"{name}.md"
    return SafeString(_MARKDOWN.render(path.read_text(encoding="utf-8")))
