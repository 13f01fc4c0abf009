from datetime import UTC, datetime

import factory

from dinh.directory.tests.factories import AppointmentFactory
from dinh.worklist.models import WorkItem

NOON = datetime(2026, 3, 4, 5, tzinfo=UTC)
"""A Wednesday, 12:00 in Viet Nam."""


class WorkItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = WorkItem

    kind = "documents.handle"
    appointment = factory.SubFactory(AppointmentFactory)
    unit = factory.SelfAttribute("appointment.unit")
    target_type = "documents.incoming"
    target_id = factory.Sequence(lambda n: n)
    title = "V/v đẩy mạnh cung cấp dịch vụ công trực tuyến"
    url = "/documents/incoming/1/"
    created_at = NOON
