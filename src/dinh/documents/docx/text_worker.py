"""
Run by `reading` in a process of its own: read or draw the pages of a PDF that may be hostile.

`text FILE SECONDS CHARACTERS` writes the text, pages parted by form feeds.
`draw FILE PAGES DPI FOLDER` writes grey PNG files 0001.png, 0002.png ... of the pages.
"""

import sys
import time
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium


def _write_text(path: str, seconds: float, characters: int) -> None:
    end = time.monotonic() + seconds
    with pypdfium2.PdfDocument(path) as document:
        for index in range(len(document)):
            page = _with_values(document, index)
            textpage = page.get_textpage()
            text = textpage.get_text_bounded()
            sys.stdout.buffer.write(text[:characters].encode("utf-8", errors="ignore") + b"\f")
            characters -= len(text)
            textpage.close()
            page.close()
            if characters <= 0 or time.monotonic() > end:
                return


def _with_values(document: pypdfium2.PdfDocument, index: int) -> pypdfium2.PdfPage:
    """The page with what its form fields show, which pdfium does not count as the page's text."""
    page = document[index]
    if pdfium.FPDFPage_Flatten(page, pdfium.FLAT_PRINT) != pdfium.FLATTEN_SUCCESS:
        return page
    page.close()
    return document[index]


def _draw(path: str, pages: int, dpi: int, folder: str) -> None:
    with pypdfium2.PdfDocument(path) as document:
        for index in range(min(pages, len(document))):
            page = document[index]
            longest = max(page.get_size())
            scale = min(dpi / 72, 5000 / max(longest, 1))
            page.render(scale=scale, grayscale=True).to_pil().save(Path(folder) / f"{index + 1:04d}.png")
            page.close()


if __name__ == "__main__":
    if sys.argv[1] == "text":
        _write_text(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
    else:
        _draw(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
