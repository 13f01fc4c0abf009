"""Word to PDF/A-2b by LibreOffice, one short-lived process with a profile of its own per file."""

import json
import re
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from django.utils.translation import gettext_lazy as _

from dinh.documents.docx.opening import check_docx
from dinh.documents.docx.sandboxed import Limits, ProgramTimedOut, find_program, run_limited
from dinh.kernel.errors import InvalidInput, Unavailable
from dinh.kernel.pdf import FONT_DIR, FONT_FAMILY

_PROGRAMS = ("soffice", "libreoffice", "loffice")
_PDF_OPTIONS = {
    "SelectPdfVersion": {"type": "long", "value": "2"},
    "EmbedStandardFonts": {"type": "boolean", "value": "true"},
    "ExportBookmarks": {"type": "boolean", "value": "false"},
    "ExportFormFields": {"type": "boolean", "value": "false"},
    "ExportNotes": {"type": "boolean", "value": "false"},
    "UseLosslessCompression": {"type": "boolean", "value": "true"},
}
_FILTER = f"pdf:writer_pdf_Export:{json.dumps(_PDF_OPTIONS)}"
_MARKERS = re.compile(r"\{\{(so|ngay|thang|nam|ky)\}\}")
_MARKER_WIDTHS = {"so": 8, "ngay": 5, "thang": 5, "nam": 7, "ky": 1}

# No macros, no updates of links, no outside data: what the check lets through cannot come alive here either.
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""  # noqa: E501 -- the registry's own form, one item a line


class ConverterMissing(Unavailable):
    """LibreOffice is not installed here, so Word files cannot become PDF."""


class ConversionFailed(InvalidInput):
    """LibreOffice could not make a PDF of the file."""


def convert_docx_to_pdf(docx: bytes, *, timeout_seconds: int = 60) -> bytes:
    """
    Return the document as PDF/A-2b, with the typeface that stands in for Times New Roman embedded.

    Markers `{{so}}`, `{{ngay}}`, `{{thang}}`, `{{nam}}`, `{{ky}}` become blanks of the room that their values
    need. Takes about two seconds; call it from a task.

    :raises DocxRefused: if the file could harm
    :raises ConverterMissing: if LibreOffice is not installed: upload the PDF instead
    :raises ConversionFailed: if it failed or took too long
    """
    check_docx(docx)
    program = find_program(*_PROGRAMS)
    if program is None:
        raise ConverterMissing(
            _("Word files cannot be converted here: LibreOffice is not installed. Upload a PDF instead."),
            field="file",
        )
    with tempfile.TemporaryDirectory(prefix="dinh-convert-") as name:
        return _converted(program, _without_markers(docx), Path(name), timeout_seconds)


def _converted(program: str, docx: bytes, folder: Path, timeout_seconds: int) -> bytes:
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
    (folder / "fonts.conf").write_text(_font_settings(folder), encoding="utf-8")
    (folder / "letter.docx").write_bytes(docx)
    command = [program, f"-env:UserInstallation={profile.as_uri()}"]
    command += ["--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"]
    command += ["--infilter=MS Word 2007 XML", "--convert-to", _FILTER, "--outdir", str(folder / "out")]
    limits = Limits(seconds=timeout_seconds, cpu_seconds=timeout_seconds, memory_mb=4096)
    try:
        ended = run_limited(
            [*command, str(folder / "letter.docx")],
            limits=limits,
            folder=folder,
            environment={"FONTCONFIG_FILE": str(folder / "fonts.conf"), "SAL_USE_VCLPLUGIN": "svp"},
        )
    except ProgramTimedOut as late:
        raise ConversionFailed(
            _("The Word file took too long to convert. Make it smaller, or upload a PDF."), field="file"
        ) from late
    result = folder / "out" / "letter.pdf"
    if ended.returncode != 0 or not result.is_file():
        raise ConversionFailed(
            _("The Word file could not be converted. Save it again in Word, or upload a PDF."), field="file"
        )
    return result.read_bytes()


def _font_settings(folder: Path) -> str:
    return f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>{escape(str(FONT_DIR))}</dir>
<dir>/usr/share/fonts</dir>
<dir>/usr/local/share/fonts</dir>
<cachedir>{escape(str(folder / "fonts"))}</cachedir>
<alias binding="same"><family>Times New Roman</family><prefer><family>{FONT_FAMILY}</family></prefer></alias>
<alias binding="same"><family>Times</family><prefer><family>{FONT_FAMILY}</family></prefer></alias>
</fontconfig>
"""


def _without_markers(docx: bytes) -> bytes:
    """Blanks in place of the markers that a writer typed; the archive is otherwise as it was."""
    with zipfile.ZipFile(BytesIO(docx)) as source:
        text = source.read("word/document.xml").decode("utf-8", errors="surrogateescape")
        if not _MARKERS.search(text):
            return docx
        cleared = _MARKERS.sub(lambda found: "\u00a0" * _MARKER_WIDTHS[found[1]], text)
        written = BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
            for item in source.infolist():
                changed = item.filename == "word/document.xml"
                content = cleared.encode("utf-8", errors="surrogateescape") if changed else source.read(item)
                target.writestr(item, content)
    return written.getvalue()
