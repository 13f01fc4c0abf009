"""What stock pyHanko, poppler and veraPDF say of a file: judges that share no code with ours."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest


def pyhanko_statuses(pdf: bytes, roots: list[bytes]) -> list:
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    reader = PdfFileReader(io.BytesIO(pdf))
    anchors = [x509.Certificate.load(root) for root in roots]
    result = []
    for signature in reader.embedded_regular_signatures:
        context = ValidationContext(trust_roots=anchors, allow_fetching=False, revocation_mode="soft-fail")
        result.append(validate_pdf_signature(signature, context, context))
    return result


def pdfsig_lines(pdf: bytes, tmp_path: Path) -> list[str]:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not installed")
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf)
    output = subprocess.run(
        ["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False
    ).stdout
    return [line.split(":", 1)[1].strip() for line in output.splitlines() if "Signature Validation" in line]


def pdf_text(pdf: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout


def verapdf_says(pdf: bytes, tmp_path: Path) -> str:
    """Empty when the file is PDF/A-2b (ISO 19005-2), else veraPDF's report of the rules that it breaks."""
    if shutil.which("verapdf") is None:
        pytest.skip("verapdf is not installed")
    path = tmp_path / "letter.pdf"
    path.write_bytes(pdf)
    ran = subprocess.run(
        ["verapdf", "--flavour", "2b", "--format", "text", "--verbose", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if ran.stdout.startswith("PASS") else ran.stdout + ran.stderr
