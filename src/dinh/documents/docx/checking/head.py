"""The head of the letter: boxes 1 to 5, the stamp of urgency and the addressee (9a)."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from dinh.documents.docx.checking.cases import (
    NUMBER_TEXT,
    Case,
    check_look,
    check_size,
    missing,
    wrong_text,
)
from dinh.documents.docx.faults import WARNING, FormFault

_DATE_TEXT = re.compile(
    r"^(?P<place>.*?)(?P<comma>,?)\s*ngày\s*(?P<day>[\d.…_ ]*)"
    r"tháng\s*(?P<month>[\d.…_ ]*)năm\s*(?P<year>[\d.…_ ]*)$"
)


def check_heading(case: Case) -> Iterator[FormFault]:
    profile, boxes = case.profile, case.boxes
    if boxes.country is None:
        yield missing(
            "1", "heading_missing", _("The national or Party heading is missing."), profile.heading_name
        )
        return
    if boxes.country.text.replace("HOÀ", "HÒA") != profile.heading_name and not boxes.country.look.caps:
        yield wrong_text("1", "heading_text", boxes.country, profile.heading_name)
    yield from check_look(boxes.country, "national_name", profile)
    if not profile.heading_motto:
        return
    if boxes.motto is None:
        yield missing("1", "motto_missing", _("The motto is missing."), profile.heading_motto)
        return
    if boxes.motto.text.replace("–", "-") != profile.heading_motto or "–" in boxes.motto.text:
        yield wrong_text("1", "motto_text", boxes.motto, profile.heading_motto)
    if boxes.motto.look.underline:
        yield FormFault(
            box="1",
            code="motto_underline",
            message=_("The motto is underlined instead of standing over a rule."),
            remedy=_("Remove the underline; draw a solid line as long as the text below it."),
            severity=WARNING,
        )
    yield from check_look(boxes.motto, "motto", profile)


def check_agencies(case: Case) -> Iterator[FormFault]:
    agencies = case.boxes.agencies
    if not agencies:
        yield missing(
            "2", "agency_missing", _("The name of the issuing agency is missing at the top left."), ""
        )
        return
    for line in agencies:
        if any(c.islower() for c in line.text) and not line.look.caps:
            yield FormFault(
                box="2",
                code="agency_caps",
                message=_("The agency's name is not in capitals."),
                remedy=_("Write it in capitals."),
                found=line.text,
                expected=line.text.upper(),
            )
    yield from check_look(agencies[-1], "issuing_agency", case.profile)
    for line in agencies[:-1]:
        if not line.look.bold:
            yield from check_size(line, case.profile.boxes["parent_agency"], "parent_agency")


def check_number(case: Case) -> Iterator[FormFault]:
    line, profile = case.boxes.number, case.profile
    if line is None:
        yield missing(
            "3", "number_missing", _("The line for number and notation is missing."), profile.number_label
        )
        return
    yield from check_size(line, profile.boxes["number"], "number")
    found = NUMBER_TEXT.match(line.text)
    if found is None:
        example = f"{profile.number_label} 05{profile.number_separator}…"
        yield wrong_text("3", "number_form", line, example)
        return
    if found["label"].strip() != profile.number_label:
        yield wrong_text("3", "number_label", line, profile.number_label)
    if found["separator"] != profile.number_separator:
        yield wrong_text("3", "number_separator", line, profile.number_separator)
    if found["number"] and len(found["number"]) < profile.number_least_digits:
        yield FormFault(
            box="3",
            code="number_zero",
            message=_("Numbers below 10 need a leading zero."),
            remedy=_("Leave the number blank: the clerk's system fills it in."),
            found=found["number"],
            expected=found["number"].zfill(profile.number_least_digits),
        )
    notation = found["notation"].strip(" .…_")
    if re.search(r"\s", notation):
        yield FormFault(
            box="3",
            code="number_spaces",
            message=_("There are spaces inside the notation."),
            remedy=_("Write / and - without spaces."),
            found=notation,
            expected=re.sub(r"\s+", "", notation),
        )


def check_date(case: Case) -> Iterator[FormFault]:
    line, profile = case.boxes.date, case.profile
    if line is None:
        if case.boxes.title and "BIÊN BẢN" in case.boxes.title[0].text.upper():
            return
        yield missing("4", "date_missing", _("Place and date are missing."), "……, ngày … tháng … năm …")
        return
    yield from check_look(line, "date", profile)
    found = _DATE_TEXT.match(line.text)
    if found is None:
        return
    if not found["comma"]:
        yield wrong_text("4", "date_comma", line, f"{found['place'].strip()}, ngày …")
    day, month = found["day"].strip(), found["month"].strip()
    if day.isdigit():
        expected_day = f"{int(day):02d}" if int(day) < profile.padded_days_below else str(int(day))
        if day != expected_day:
            yield wrong_text("4", "date_day", line, expected_day)
    if month.isdigit():
        expected_month = f"{int(month):02d}" if int(month) in profile.padded_months else str(int(month))
        if month != expected_month:
            yield wrong_text("4", "date_month", line, expected_month)


def check_subject(case: Case) -> Iterator[FormFault]:
    boxes, profile = case.boxes, case.profile
    if boxes.letter_subject is not None:
        line = boxes.letter_subject
        if not line.text.startswith("V/v "):
            yield wrong_text("5b", "subject_lead", line, "V/v …")
        yield from check_look(line, "letter_subject", profile)
        return
    if not boxes.title:
        if boxes.number is not None:
            yield missing(
                "5a", "title_missing", _("Neither a type with its subject nor V/v is found."), "V/v …"
            )
        return
    name = boxes.title[0]
    if name.text.upper() not in case.type_names:
        yield FormFault(
            box="5a",
            code="type_unknown",
            message=_("The line in the middle is none of the types of documents."),
            remedy=_("Begin with the type's name in capitals on a line of its own."),
            severity=WARNING,
            found=name.text,
        )
        return
    if name.text != name.text.upper() and not name.look.caps:
        yield wrong_text("5a", "type_caps", name, name.text.upper())
    yield from check_look(name, "type_name", profile)
    for line in boxes.title[1:2]:
        yield from check_look(line, "subject", profile)


def check_urgency(case: Case) -> Iterator[FormFault]:
    if case.boxes.urgency is not None:
        yield from check_look(case.boxes.urgency, "urgency", case.profile)


def check_addressee(case: Case) -> Iterator[FormFault]:
    line = case.boxes.addressee
    if line is None:
        if case.boxes.letter_subject is not None:
            yield missing("9a", "addressee_missing", _("An official letter needs Kính gửi."), "Kính gửi: …")
        return
    if not line.text.startswith("Kính gửi:"):
        yield wrong_text("9a", "addressee_colon", line, "Kính gửi:")
    yield from check_look(line, "addressee", case.profile)
