"""Open a Word file that somebody sent, and refuse what could harm: the file is named, the fault is told."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import docx
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from docx.document import Document
from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from docx.oxml.exceptions import InvalidXmlError as OxmlInvalidXmlError
from lxml import etree

from dinh.kernel.errors import InvalidInput

MAX_FILE = 50 * 1024 * 1024
_MAX_UNPACKED = 200 * 1024 * 1024
_MAX_ENTRIES = 5_000
_MAX_RATIO = 300
_MAX_XML = 64 * 1024 * 1024

_OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DOCTYPE = tuple(
    text.encode(code) for text in ("<!DOCTYPE", "<!ENTITY") for code in ("ascii", "utf-16-le", "utf-16-be")
)
_DAMAGE = (
    KeyError,
    ValueError,
    AttributeError,
    TypeError,
    PythonDocxError,
    OpcError,
    OxmlInvalidXmlError,
    etree.XMLSyntaxError,
    zipfile.BadZipFile,
)
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_LIVE_FIELD = re.compile(r"\b(DDEAUTO|DDE|INCLUDETEXT|INCLUDEPICTURE|IMPORT|RD)\b")
_HARMLESS_LINKS = ("/hyperlink",)

_REASONS = {
    "too_large": gettext_noop("The file is larger than 50 MB. Split it, or make its pictures smaller."),
    "not_docx": gettext_noop(
        "This is not a Word document (.docx). Save it in Word as .docx and send it again."
    ),
    "old_or_encrypted": gettext_noop(
        "The file is in the old .doc format or protected by a password. Save it as .docx without a password."
    ),
    "damaged": gettext_noop(
        "The Word file is damaged or cut off. Open and save it in Word, then send it again."
    ),
    "bomb": gettext_noop("The file unpacks to far more than a document holds, so it was refused."),
    "macros": gettext_noop("The file contains macros. Save it as .docx without macros."),
    "entities": gettext_noop("The file declares XML entities, which Word never does, so it was refused."),
    "external": gettext_noop(
        "The file fetches parts from elsewhere (%(target)s). Embed the picture or template."
    ),
    "live_field": gettext_noop(
        "The file has a field that reads other files (%(target)s). Turn it into text (Ctrl+Shift+F9)."
    ),
}


class DocxRefused(InvalidInput):
    """A Word file was not opened; `reason` is one of the keys of the rules here."""

    def __init__(self, reason: str, *, target: str = "") -> None:
        text = _(_REASONS[reason])
        super().__init__(text % {"target": target} if target else text, field="file")
        self.reason = reason


def open_docx(data: bytes) -> Document:
    """
    Return the document after it was judged harmless.

    Refused: other formats, passwords, damage, archives that unpack beyond 200 MB, macros and ActiveX, XML
    entities, parts linked from outside (hyperlinks may stay), and fields that read other files.

    :raises DocxRefused: naming the fault and the remedy
    """
    check_docx(data)
    with damage_refused():
        return docx.Document(io.BytesIO(data))


@contextmanager
def damage_refused() -> Iterator[None]:
    """
    Around reading a stranger's file: what python-docx trips over when parts are missing or misshapen.

    It reads trustingly, so a missing part or attribute comes as any of these.

    :raises DocxRefused: `damaged`
    """
    try:
        yield
    except _DAMAGE as fault:
        raise DocxRefused("damaged") from fault


def check_docx(data: bytes) -> None:
    """Refuse a harmful file without opening it as a document. :raises DocxRefused: naming the fault"""
    if len(data) > MAX_FILE:
        raise DocxRefused("too_large")
    if data.startswith(_OLD_WORD):
        raise DocxRefused("old_or_encrypted")
    if not data.startswith(b"PK"):
        raise DocxRefused("not_docx")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_size(archive)
            _check_kind(archive)
            for name, content in _xml_parts(archive):
                _check_part(name, content)
    except (
        zipfile.BadZipFile,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        zlib.error,
    ) as fault:
        raise DocxRefused("damaged") from fault


def _check_size(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked = sum(each.file_size for each in entries)
    if len(entries) > _MAX_ENTRIES or unpacked > _MAX_UNPACKED:
        raise DocxRefused("bomb")
    for each in entries:
        if each.file_size > 1_000_000 and each.file_size > _MAX_RATIO * max(each.compress_size, 1):
            raise DocxRefused("bomb")


def _check_kind(archive: zipfile.ZipFile) -> None:
    names = {each.lower() for each in archive.namelist()}
    if "[content_types].xml" not in names or "word/document.xml" not in names:
        raise DocxRefused("not_docx")
    if any("vbaproject" in each or "/activex/" in each or each.endswith("vbadata.xml") for each in names):
        raise DocxRefused("macros")
    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise DocxRefused("macros")


def _xml_parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for each in archive.infolist():
        if each.filename.lower().endswith((".xml", ".rels")):
            if each.file_size > _MAX_XML:
                raise DocxRefused("bomb")
            yield each.filename, archive.read(each)


def _check_part(name: str, content: bytes) -> None:
    if any(mark in content for mark in _DOCTYPE):
        raise DocxRefused("entities")
    if name.endswith(".rels"):
        _check_links(content)
    elif name.startswith("word/") and b"instr" in content:
        _check_fields(content)


def _check_links(content: bytes) -> None:
    for link in _parsed(content).iter(_RELATIONSHIP):
        outside = link.get("TargetMode", "").lower() == "external"
        if outside and not link.get("Type", "").endswith(_HARMLESS_LINKS):
            raise DocxRefused("external", target=link.get("Target", "")[:120])


def _check_fields(content: bytes) -> None:
    for element in _parsed(content).iter("{*}instrText", "{*}fldSimple"):
        words = (
            element.text or "" if str(element.tag).endswith("instrText") else element.get(_INSTRUCTION, "")
        )
        if found := _LIVE_FIELD.search(words.upper()):
            raise DocxRefused("live_field", target=found[1])


_INSTRUCTION = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}instr"


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as fault:
        raise DocxRefused("damaged") from fault
