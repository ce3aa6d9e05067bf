"""What both sides were told the day before, so that nothing is told twice and a new date is told anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loans", "0001_loans")]

    operations = [
        migrations.AddField(
            "loan",
            "start_told_for",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="début rappelé"),
        ),
        migrations.AddField(
            "loan",
            "end_told_for",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="fin rappelée"),
        ),
    ]
