"""Small XML messages within JSON, built so that every text in them stays text."""

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from lxml import etree

from dinh.kernel.errors import InvalidInput

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def record_to_xml(fields: Mapping[str, str], *, around: tuple[str, ...]) -> str:
    """
    A flat record within some elements, e.g. `<hotich><hoso>...</hoso></hotich>`.

    :param fields: names of elements and their text
    :param around: from the outermost element to the innermost
    :raises InvalidInput: naming a field whose name is no element's name, or whose text XML cannot carry
    """
    root = inner = etree.Element(around[0])
    for name in around[1:]:
        inner = etree.SubElement(inner, name)
    for name, text in fields.items():
        if not _NAME.fullmatch(name) or _CONTROL.search(text):
            raise InvalidInput(_("This field cannot be sent: %(name)s.") % {"name": name[:60]}, field=name)
        etree.SubElement(inner, name).text = text
    return etree.tostring(root, encoding="unicode")
