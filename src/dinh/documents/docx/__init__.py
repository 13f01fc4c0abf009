"""Word files: open them safely, build the forms, check the form, convert, find places, read the text."""

from dinh.documents.docx.building import build_docx, build_template
from dinh.documents.docx.checking import Meant, check_form
from dinh.documents.docx.converting import ConversionFailed, ConverterMissing, convert_docx_to_pdf
from dinh.documents.docx.faults import BLOCKING, FormFault
from dinh.documents.docx.opening import DocxRefused, check_docx, open_docx
from dinh.documents.docx.pagetext import page_sizes
from dinh.documents.docx.places import suggest_places
from dinh.documents.docx.reading import ExtractedText, extract_text

__all__ = [
    "BLOCKING",
    "ConversionFailed",
    "ConverterMissing",
    "DocxRefused",
    "ExtractedText",
    "FormFault",
    "Meant",
    "build_docx",
    "build_template",
    "check_docx",
    "check_form",
    "convert_docx_to_pdf",
    "extract_text",
    "open_docx",
    "page_sizes",
    "suggest_places",
]
