"""The accounts of the demo, one for each role of the main journey; only these have passwords."""

import json
import os
import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from dinh.directory.enums import Role
from dinh.directory.models import Account, Appointment
from dinh.directory.operations.keeping import let_keep_directory

FILE = "demo-accounts.json"
KEEPER = "VPUBND"
_WANTED = (
    ("chuyenvien.stttt", "STTTT", Role.SPECIALIST, "CNTT"),
    ("truongphong.stttt", "STTTT", Role.DIVISION_HEAD, "CNTT"),
    ("giamdoc.stttt", "STTTT", Role.UNIT_HEAD, ""),
    ("phogiamdoc.stttt", "STTTT", Role.UNIT_DEPUTY, ""),
    ("vanthu.stttt", "STTTT", Role.CLERK, ""),
    ("vanthu.quangkhe", "UBND xã Quảng Khê", Role.CLERK, ""),
    ("chutich.quangkhe", "UBND xã Quảng Khê", Role.UNIT_HEAD, ""),
    ("chuyenvien.quangkhe", "UBND xã Quảng Khê", Role.SPECIALIST, ""),
    ("vanthu.danguy.quangkhe", "Đảng ủy xã Quảng Khê", Role.CLERK, ""),
    ("bithu.quangkhe", "Đảng ủy xã Quảng Khê", Role.UNIT_HEAD, ""),
    ("quantri", KEEPER, Role.ADMINISTRATOR, ""),
)


def make_demo_accounts() -> None:
    """
    Give the journey's people their demo names and passwords, once; write them to `demo-accounts.json`.

    A password that somebody changed stays changed. The file is a list of username, password, role and unit,
    readable by its owner only.
    """
    path = Path(settings.DATA_DIR) / FILE
    known = (
        {row["username"]: row["password"] for row in json.loads(path.read_text())} if path.exists() else {}
    )
    let_keep_directory(unit_code=KEEPER, at=timezone.now())
    rows = [_account(*wanted, known=known) for wanted in _WANTED]
    _write(path, rows)


def _account(username: str, unit: str, role: str, division: str, *, known: dict[str, str]) -> dict[str, str]:
    account = Account.objects.filter(username=username).select_related("current_appointment__unit").first()
    password = known.get(username) or secrets.token_urlsafe(12)
    if account is None or username not in known:
        account = account or _take_over(username, unit, role, division)
        account.password = make_password(password)
        account.save(update_fields=["password"])
    appointment = account.current_appointment
    unit_name = appointment.unit.name if appointment else unit
    return {"username": username, "password": password, "role": role, "unit": unit_name}


def _take_over(username: str, unit: str, role: str, division: str) -> Account:
    found = Appointment.objects.select_related("person__account", "unit")
    found = (
        found.filter(unit__code=unit)
        if unit.isupper() and " " not in unit
        else found.filter(unit__short_name=unit)
    )
    if role == Role.ADMINISTRATOR:
        appointment = found.filter(roles=[Role.SPECIALIST]).order_by("id")[0]
        appointment.roles = [Role.ADMINISTRATOR, Role.SPECIALIST]
        appointment.save(update_fields=["roles"])
    else:
        found = found.filter(roles__contains=[role])
        found = found.filter(division__abbreviation=division) if division else found
        plain = found.exclude(roles__contains=[Role.CLERK]) if role == Role.SPECIALIST else found
        appointment = plain.order_by("id")[0]
    account = appointment.person.account
    account.username, account.current_appointment = username, appointment
    account.save(update_fields=["username", "current_appointment"])
    return account


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(rows, handle, ensure_ascii=False, indent=1)
    os.replace(temporary, path)
