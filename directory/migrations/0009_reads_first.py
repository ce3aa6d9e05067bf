"""Each territory says whether it reads before what its organisations post is public."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0008_calendar")]

    operations = [
        migrations.AddField(
            model_name="territory",
            name="reads_first",
            field=models.BooleanField(
                default=False,
                help_text="Ce que publient ses organismes attend la curation, au lieu de paraître tout de suite.",
                verbose_name="lire avant de publier",
            ),
        ),
    ]
