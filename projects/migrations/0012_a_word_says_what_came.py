"""What was promised without figures comes with a word."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0011_loans_say_why"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="delivery", name="delivery_something"),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                name="delivery_something",
                condition=Q(hours__gte=0, amount__gte=0) & (Q(hours__gt=0) | Q(amount__gt=0) | ~Q(note="")),
                violation_error_message="Écrivez combien d’heures ou de dollars sont venus, ou ce qui est venu.",
            ),
        ),
    ]
