"""Indexes for « libre du … au … » over all resources, read without their tables."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0012_agenda_version")]

    operations = [
        migrations.RemoveIndex(model_name="occupation", name="occupation_period"),
        migrations.AddIndex(
            model_name="occupation",
            index=django.contrib.postgres.indexes.GistIndex(
                fields=["period"], include=("resource", "unit"), name="occupation_moment"
            ),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(
                fields=["id"], include=("quantity", "buffer_minutes", "part_of"), name="resource_measures"
            ),
        ),
    ]
