"""Tell which line of a Word file fills which box of the layout plan."""

import re
from dataclasses import dataclass, field

from dinh.documents.docx.lines import WordLine
from dinh.kernel.text import fold

_NUMBER = re.compile(r"^Số\b", re.IGNORECASE)
_DATE = re.compile(r"\bngày\b.*\btháng\b.*\bnăm\b", re.IGNORECASE)
_SUBJECT = re.compile(r"^(V/v|Về việc)\b", re.IGNORECASE)
_ADDRESSEE = re.compile(r"^Kính gửi\b", re.IGNORECASE)
_RECIPIENTS = re.compile(r"^Nơi nhận\b", re.IGNORECASE)
_ANNEX = re.compile(r"^Phụ lục\b", re.IGNORECASE)
_URGENCY = ("hoa toc", "thuong khan", "khan")


@dataclass
class Boxes:
    """Lines by box; empty or None where none was found."""

    country: WordLine | None = None
    motto: WordLine | None = None
    agencies: list[WordLine] = field(default_factory=list)
    number: WordLine | None = None
    date: WordLine | None = None
    letter_subject: WordLine | None = None
    title: list[WordLine] = field(default_factory=list)
    addressee: WordLine | None = None
    body: list[WordLine] = field(default_factory=list)
    recipients_label: WordLine | None = None
    recipients: list[WordLine] = field(default_factory=list)
    authority: list[WordLine] = field(default_factory=list)
    signer: WordLine | None = None
    urgency: WordLine | None = None


def find_boxes(lines: list[WordLine], *, country: str, motto: str) -> Boxes:
    """Sort the lines of a letter into boxes. The first heading counts; a second one begins another letter."""
    boxes = Boxes()
    letter = _first_letter(lines, fold(country))
    end_of_head = _read_head(letter, boxes, country=fold(country), motto=fold(motto))
    start_of_end = next(
        (i for i, line in enumerate(letter) if i >= end_of_head and _RECIPIENTS.match(line.text)), len(letter)
    )
    _read_middle(letter[end_of_head:start_of_end], boxes)
    _read_end(letter[start_of_end:], boxes)
    if not boxes.authority:
        _read_several_signers(letter[end_of_head:start_of_end], boxes)
    return boxes


def _first_letter(lines: list[WordLine], country: str) -> list[WordLine]:
    starts = [i for i, line in enumerate(lines) if fold(line.text) == country]
    return lines[: starts[1]] if len(starts) > 1 else lines


def _read_head(lines: list[WordLine], boxes: Boxes, *, country: str, motto: str) -> int:
    """Read boxes 1 to 5b from the first lines; return where the rest begins."""
    end = 0
    for index, line in enumerate(lines[:40]):
        plain = fold(line.text)
        if boxes.country is None and plain.startswith(country[:24]):
            boxes.country = line
        elif boxes.motto is None and motto and plain.startswith(motto[:7]):
            boxes.motto = line
        elif boxes.number is None and _NUMBER.match(line.text) and len(line.text) < 60:
            boxes.number = line
        elif boxes.date is None and _is_date(line, boxes):
            boxes.date = line
        elif (
            boxes.letter_subject is None
            and boxes.number
            and _SUBJECT.match(line.text)
            and line.table is not None
        ):
            boxes.letter_subject = line
        elif plain in _URGENCY:
            boxes.urgency = line
        elif _is_agency(line, boxes):
            boxes.agencies.append(line)
        else:
            continue
        end = index + 1
    return end


def _is_date(line: WordLine, boxes: Boxes) -> bool:
    beside_number = boxes.number is None or boxes.number.table == line.table
    return beside_number and len(line.text) < 80 and bool(_DATE.search(line.text))


def _is_agency(line: WordLine, boxes: Boxes) -> bool:
    if boxes.number is not None or line.column != 0 or set(line.text) <= set("_-–*. "):
        return False
    return any(each.isalpha() for each in line.text)


def _read_middle(lines: list[WordLine], boxes: Boxes) -> None:
    start = 0
    for index, line in enumerate(lines[:15]):
        if _ADDRESSEE.match(line.text):
            boxes.addressee = line
            start = _after_addressees(lines, index)
            break
        if line.alignment == "center" and line.look.bold and line.table is None and start == index:
            boxes.title.append(line)
            start = index + 1
    for line in lines[start:]:
        if _ANNEX.match(line.text) and line.alignment == "center":
            break
        if line.table is None:
            boxes.body.append(line)


def _after_addressees(lines: list[WordLine], index: int) -> int:
    end = index + 1
    while end < len(lines) and lines[end].text.startswith(("-", "–")):
        end += 1
    return end


def _read_end(lines: list[WordLine], boxes: Boxes) -> None:
    if not lines:
        return
    boxes.recipients_label = lines[0]
    table = lines[0].table
    for line in lines[1:]:
        if line.table != table:
            break
        if line.column == lines[0].column:
            boxes.recipients.append(line)
        elif _all_capitals(line.text) and not boxes.signer:
            boxes.authority.append(line)
        elif not line.text.startswith("("):
            boxes.signer = line


def _read_several_signers(lines: list[WordLine], boxes: Boxes) -> None:
    """Minutes and agreements: the last table before the recipients holds the signers side by side."""
    last = lines[-1].table if lines else None
    if last is None:
        return
    signers = [line for line in lines if line.table == last]
    boxes.authority = [line for line in signers if _all_capitals(line.text)]
    boxes.signer = next((line for line in reversed(signers) if not _all_capitals(line.text)), None)


def _all_capitals(text: str) -> bool:
    letters = [each for each in text if each.isalpha()]
    return bool(letters) and not any(each.islower() for each in letters)
