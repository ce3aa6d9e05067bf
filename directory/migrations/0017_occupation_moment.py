"""« Libre du … au … » asks its own index, whatever the size of that of the constraint."""

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0016_buffers"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="occupation",
            name="occupation_moment",
        ),
        migrations.AddIndex(
            model_name="occupation",
            index=django.contrib.postgres.indexes.GistIndex(
                models.Func(
                    django.db.models.functions.text.Lower("period"),
                    django.db.models.functions.text.Upper("period"),
                    function="tstzrange",
                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                ),
                include=("resource", "unit", "period"),
                name="occupation_moment",
            ),
        ),
    ]
