"""Which unit keeps the directory of all."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dinh.audit import api as audit
from dinh.directory.models import Unit
from dinh.kernel.errors import NotFound


@transaction.atomic
def let_keep_directory(*, unit_code: str, at: datetime) -> None:
    """
    Let the administrators of a unit look after all units; an operator's act. Again it changes nothing.

    :raises NotFound: if no unit has this code
    """
    unit = Unit.objects.select_for_update(no_key=True).filter(code=unit_code).first()
    if unit is None:
        raise NotFound(_("No unit has this code."))
    if unit.keeps_directory:
        return
    unit.keeps_directory = True
    unit.save(update_fields=["keeps_directory"])
    audit.record("directory.unit.keeps_directory", target=unit, actor=None, at=at)
