"""An entry is indexed anew when what it names elsewhere changes; wide texts are stored apart from what lists scan."""

from django.db import migrations

SQL = """
CREATE FUNCTION reindex_linked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  linked bigint := CASE WHEN TG_OP = 'DELETE' THEN (to_jsonb(OLD) ->> TG_ARGV[1])::bigint
                        ELSE (to_jsonb(NEW) ->> TG_ARGV[1])::bigint END;
BEGIN
  EXECUTE format('UPDATE %I SET search = NULL WHERE id = $1', TG_ARGV[0]) USING linked;
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_organisation AFTER INSERT OR DELETE ON directory_organisation_sectors
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_organisation', 'organisation_id');
CREATE TRIGGER reindex_practice AFTER INSERT OR DELETE ON directory_practice_sectors
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');
CREATE TRIGGER reindex_practice AFTER INSERT OR DELETE ON directory_practicepartner
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');

CREATE FUNCTION reindex_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directory_resource SET search = NULL WHERE category_id IN
    (SELECT id FROM directory_category WHERE id = NEW.id OR parent_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_resources AFTER UPDATE OF name ON directory_category
  FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION reindex_category();

CREATE FUNCTION reindex_territory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directory_resource SET search = NULL WHERE territory_id IN
    (SELECT id FROM directory_territory WHERE id = NEW.id OR parent_id = NEW.id);
  UPDATE directory_organisation SET search = NULL WHERE territory_id IN
    (SELECT id FROM directory_territory WHERE id = NEW.id OR parent_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_entries AFTER UPDATE OF name ON directory_territory
  FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION reindex_territory();

-- Lists scan thousands of rows for a few small columns: long texts live apart (TOAST) from 256 bytes on.
ALTER TABLE directory_resource SET (toast_tuple_target = 256);
ALTER TABLE directory_organisation SET (toast_tuple_target = 256);
ALTER TABLE directory_practice SET (toast_tuple_target = 256);
"""
REVERSE = """
ALTER TABLE directory_practice RESET (toast_tuple_target);
ALTER TABLE directory_organisation RESET (toast_tuple_target);
ALTER TABLE directory_resource RESET (toast_tuple_target);
DROP TRIGGER reindex_entries ON directory_territory;
DROP TRIGGER reindex_resources ON directory_category;
DROP TRIGGER reindex_practice ON directory_practicepartner;
DROP TRIGGER reindex_practice ON directory_practice_sectors;
DROP TRIGGER reindex_organisation ON directory_organisation_sectors;
DROP FUNCTION reindex_territory();
DROP FUNCTION reindex_category();
DROP FUNCTION reindex_linked();
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_entries")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
