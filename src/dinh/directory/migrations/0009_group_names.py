from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0008_address_failures")]

    operations = [
        migrations.AddConstraint(
            model_name="unitgroup",
            constraint=models.UniqueConstraint(
                fields=("owner", "name"), name="group_name_in_scope", nulls_distinct=False
            ),
        ),
    ]
