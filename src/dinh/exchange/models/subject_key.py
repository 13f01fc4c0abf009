from django.db import models


class SubjectKey(models.Model):
    """
    A key that persons' numbers are hashed with in the log (khóa băm số định danh); the newest one hashes, older ones
    still find what was logged under them.
    """

    sealed = models.BinaryField(help_text="32 bytes, sealed with the installation's secret")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was given up: the secret that it is sealed with is gone."
    )
    is_derived = models.BooleanField(
        default=False,
        db_default=False,
        help_text="From the installation's secret, as earlier releases had it",
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(retired_at=None), name="exchange_subjectkey_one_in_use"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
