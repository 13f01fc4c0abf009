"""Who looked at a record."""

from collections.abc import Sequence

from django.db import models

from dinh.audit.models import Access


def accesses(targets: Sequence[models.Model], *, unit_id: int) -> models.QuerySet[Access]:
    """Looks of one unit's people at these records, the last ones first."""
    condition = models.Q(pk__in=[])
    for target in targets:
        condition |= models.Q(target_type=target._meta.label_lower, target_id=str(target.pk))
    return Access.objects.filter(condition, unit_id=unit_id).order_by("-last_at", "-pk")
