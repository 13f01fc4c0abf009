"""Typst templates to PDF/A-2b, with the places that later steps fill."""

from dinh.kernel.pdf.fonts import FONT_DIR, FONT_FAMILY, font_file, printable, unprintable_characters
from dinh.kernel.pdf.refusals import PdfUnreadable, UnprintableText
from dinh.kernel.pdf.render import Place, RenderedPdf, render_pdf

__all__ = [
    "FONT_DIR",
    "FONT_FAMILY",
    "PdfUnreadable",
    "Place",
    "RenderedPdf",
    "UnprintableText",
    "font_file",
    "printable",
    "render_pdf",
    "unprintable_characters",
]
