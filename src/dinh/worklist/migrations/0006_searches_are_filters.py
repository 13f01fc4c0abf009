from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("worklist", "0005_absence_recorded_by")]

    operations = [
        migrations.AlterField("savedfilter", "query", models.CharField(max_length=4000)),
        migrations.AlterField("savedfilter", "name", models.CharField(max_length=80)),
    ]
