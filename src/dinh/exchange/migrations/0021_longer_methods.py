from django.db import migrations, models


class Migration(migrations.Migration):
    """A caller may use any method that HTTP knows; widening writes no row anew."""

    dependencies = [("exchange", "0020_searched_by_index")]
    operations = [migrations.AlterField("exchange", "method", models.CharField(max_length=20))]
