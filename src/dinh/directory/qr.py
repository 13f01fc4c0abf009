"""QR codes as SVG, without any inline style."""

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString

_QUIET_ZONE = 4


def qr_svg(text: str, *, label: str) -> SafeString:
    """A QR code (ISO/IEC 18004) as an `<svg>` element; black on white in dark pages too, or phones fail."""
    code = qrcode.QRCode(border=_QUIET_ZONE)
    code.add_data(text)
    rows = code.get_matrix()
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return format_html(
        '<svg role="img" aria-label="{}" viewBox="0 0 {size} {size}" width="220" height="220" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{}"/></svg>',
        label,
        dark,
        size=len(rows),
    )
