import os
from datetime import date
from pathlib import Path

import pytest

from dinh.documents.letters import (
    Annex,
    LetterContent,
    SignatureBlock,
    Table,
    parse_body,
)

DAY = date(2026, 11, 24)
ORGANISATIONS = {
    "government": ("UBND tỉnh Lâm Giang", "Sở Nội vụ", "SNV", "VP"),
    "party": ("Tỉnh ủy Lâm Giang", "Ban Tổ chức", "BTCTU", ""),
    "mass": ("Hội LHPN tỉnh Lâm Giang", "Ban Thường vụ", "BTV", "TG"),
}
BODY = """
Thực hiện Kế hoạch số 15/KH-UBND ngày 05 tháng 01 năm 2026, Sở Nội vụ đề nghị các cơ quan, đơn vị:
1. Rà soát, tái cấu trúc quy trình thủ tục hành chính để cung cấp dịch vụ công trực tuyến toàn trình.
a) Bố trí máy tính, máy quét và đường truyền;
b) Báo cáo kết quả trước ngày 25 hằng tháng.
Đề nghị các cơ quan, đơn vị quan tâm, phối hợp thực hiện.
"""


def shared_data(name: str) -> Path:
    """A folder of real inputs that lies beside the repository, where it is at hand."""
    beside = Path(__file__).resolve().parents[5].parent / "shared"
    path = Path(os.environ.get("DINH_SHARED_DIR", beside)) / "data" / name
    if not path.exists():
        pytest.skip(f"the shared folder has no data/{name} here")
    return path


def official_letter(**changes) -> LetterContent:
    values = {
        "bloc": "government",
        "type_code": "CV",
        "law_date": DAY,
        "parent_agency": "UBND tỉnh Lâm Giang",
        "issuing_agency": "Sở Nội vụ",
        "notation": "SNV-VP",
        "place_name": "Lâm Giang",
        "subject": "triển khai dịch vụ công trực tuyến",
        "addressees": ("Ủy ban nhân dân các xã", "Các sở, ban, ngành"),
        "body": parse_body(BODY),
        "signatures": (SignatureBlock(lines=("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"), name="Nguyễn Văn Bình"),),
        "recipients": ("Như trên", "UBND tỉnh (để báo cáo)"),
        "archive_unit": "VP",
        "archive_copies": 3,
    }
    return LetterContent(**{**values, **changes})


def with_annexes() -> LetterContent:
    table = Table(header=("STT", "Tên thủ tục"), rows=(("1", "Đăng ký khai sinh"),), widths=(1, 6))
    return official_letter(
        annexes=(
            Annex(title="Danh mục", body=(table,)),
            Annex(title="Biểu mẫu", body=parse_body("Nội dung.\n" * 60), landscape=True),
        )
    )
