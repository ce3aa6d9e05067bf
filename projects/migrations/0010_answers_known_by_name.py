"""Contributions named like one need of their project answer it: until now only the name said so."""

from django.db import migrations

KNOWN = """
    UPDATE projects_contribution c SET need_id = known.need_id
      FROM (SELECT c.id, min(n.id) AS need_id
              FROM projects_contribution c
              JOIN projects_participation pp ON pp.id = c.participation_id
              JOIN projects_projectneed l ON l.project_id = pp.project_id
              JOIN directory_need n ON n.id = l.need_id AND lower(n.name) = lower(c.label)
             GROUP BY c.id HAVING count(*) = 1) known
     WHERE known.id = c.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0009_contributions_answer_needs"),
    ]

    operations = [migrations.RunSQL(KNOWN, migrations.RunSQL.noop)]
