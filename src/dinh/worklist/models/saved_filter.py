from django.db import models


class SavedFilter(models.Model):
    """A view of a list that somebody comes back to (bộ lọc đã lưu): the list's address and its filters."""

    appointment = models.ForeignKey("directory.Appointment", on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    query = models.CharField(max_length=4000)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "path", "name"], name="work_filter_named_once")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}"
