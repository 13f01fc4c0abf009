from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedSearch(models.Model):
    """A search that somebody keeps under a name (yêu cầu tìm kiếm đã lưu), for one position."""

    appointment = models.ForeignKey("directory.Appointment", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=4000, help_text=_("Parameters of the page's address."))
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["appointment", "name"], name="search_name_once")]

    def __str__(self) -> str:
        return self.name
