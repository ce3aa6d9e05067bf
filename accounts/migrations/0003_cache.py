"""The table of the shared cache: rate limits hold over every process of the server. Unlogged: losing it is harmless."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_accounts")]

    operations = [
        migrations.RunSQL(
            sql="""
                CREATE UNLOGGED TABLE IF NOT EXISTS portal_cache (
                    cache_key varchar(255) PRIMARY KEY,
                    value text NOT NULL,
                    expires timestamptz NOT NULL
                );
                CREATE INDEX IF NOT EXISTS portal_cache_expires ON portal_cache (expires);
            """,
            reverse_sql="DROP TABLE IF EXISTS portal_cache;",
        )
    ]
