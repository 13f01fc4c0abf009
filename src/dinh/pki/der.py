"""The few pieces of DER (X.690) that signing writes; far quicker than a general encoder, and always the same."""

SEQUENCE, SET, OCTETS, INTEGER, OID, NULL = 0x30, 0x31, 0x04, 0x02, 0x06, b"\x05\x00"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element of definite length."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def seq(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(SET, *sorted(parts))


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        body += bytes(reversed(septets))
    return tlv(OID, bytes(body))


def read_tlv(data: bytes, pos: int = 0) -> tuple[int, int, int]:
    """
    Tag, start and end of the content of the element at `pos`; indefinite length is refused.

    :raises ValueError: if the bytes end too early
    """
    if pos + 2 > len(data):
        raise ValueError("element is cut off")
    tag, size, start = data[pos], data[pos + 1], pos + 2
    if size == 0x80 or tag & 0x1F == 0x1F:
        raise ValueError("not DER")
    if size > 0x80:
        count = size & 0x7F
        size, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + size > len(data):
        raise ValueError("element is cut off")
    return tag, start, start + size
