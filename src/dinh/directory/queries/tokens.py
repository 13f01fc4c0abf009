from django.db.models import QuerySet

from dinh.directory.models import ApiToken


def tokens_of(*, person_id: int) -> QuerySet[ApiToken]:
    """All tokens of a person's appointments, the last made first; ended ones too."""
    own = ApiToken.objects.filter(appointment__person=person_id)
    return own.select_related("appointment__unit", "appointment__position").order_by("-created_at", "-pk")
