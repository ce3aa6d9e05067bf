"""An entry is indexed anew when what it names elsewhere changes; wide texts are stored apart from what lists scan."""

from django.db import migrations

SQL = """
CREATE FUNCTION reindex_linked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  before bigint := CASE WHEN TG_OP <> 'INSERT' THEN (to_jsonb(OLD) ->> TG_ARGV[1])::bigint END;
  after bigint := CASE WHEN TG_OP <> 'DELETE' THEN (to_jsonb(NEW) ->> TG_ARGV[1])::bigint END;
BEGIN
  EXECUTE format('UPDATE %I SET search = NULL WHERE id IN ($1, $2)', TG_ARGV[0]) USING before, after;
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_organisation AFTER INSERT OR DELETE ON directory_organisation_sectors
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_organisation', 'organisation_id');
CREATE TRIGGER reindex_practice AFTER INSERT OR DELETE ON directory_practice_sectors
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');
CREATE TRIGGER reindex_practice AFTER INSERT OR DELETE OR UPDATE OF practice_id, organisation_id
  ON directory_practicepartner
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');
CREATE TRIGGER touch_practice AFTER INSERT OR DELETE OR UPDATE ON directory_practicefigure
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');
CREATE TRIGGER touch_practice AFTER INSERT OR DELETE OR UPDATE ON directory_practicelink
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');
CREATE TRIGGER touch_practice AFTER INSERT OR DELETE ON directory_practice_territories
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_practice', 'practice_id');
CREATE TRIGGER touch_organisation AFTER INSERT OR DELETE ON directory_organisation_served_territories
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_organisation', 'organisation_id');
CREATE TRIGGER touch_resource AFTER INSERT OR DELETE OR UPDATE ON directory_openinghours
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('directory_resource', 'resource_id');

-- A deleted row takes its date with it: pages and counts, cached by date, are told here.
CREATE TABLE directory_deletion (at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX directory_deletion_at ON directory_deletion (at);
CREATE FUNCTION note_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO directory_deletion DEFAULT VALUES;
  RETURN NULL;
END $$;
CREATE TRIGGER note_deletion AFTER DELETE ON directory_resource FOR EACH STATEMENT EXECUTE FUNCTION note_deletion();
CREATE TRIGGER note_deletion AFTER DELETE ON directory_organisation FOR EACH STATEMENT EXECUTE FUNCTION note_deletion();
CREATE TRIGGER note_deletion AFTER DELETE ON directory_practice FOR EACH STATEMENT EXECUTE FUNCTION note_deletion();

CREATE FUNCTION reindex_category() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directory_resource SET search = NULL WHERE category_id IN
    (SELECT id FROM directory_category WHERE id = NEW.id OR parent_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_resources AFTER UPDATE OF name, parent_id ON directory_category
  FOR EACH ROW WHEN ((OLD.name, OLD.parent_id) IS DISTINCT FROM (NEW.name, NEW.parent_id))
  EXECUTE FUNCTION reindex_category();

CREATE FUNCTION reindex_sector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directory_organisation SET search = NULL WHERE id IN
    (SELECT organisation_id FROM directory_organisation_sectors WHERE sector_id = NEW.id);
  UPDATE directory_practice SET search = NULL WHERE id IN
    (SELECT practice_id FROM directory_practice_sectors WHERE sector_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_entries AFTER UPDATE OF name, examples ON directory_sector
  FOR EACH ROW WHEN ((OLD.name, OLD.examples) IS DISTINCT FROM (NEW.name, NEW.examples))
  EXECUTE FUNCTION reindex_sector();

CREATE FUNCTION reindex_territory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE directory_resource SET search = NULL WHERE territory_id IN
    (SELECT id FROM directory_territory WHERE id = NEW.id OR parent_id = NEW.id);
  UPDATE directory_organisation SET search = NULL WHERE territory_id IN
    (SELECT id FROM directory_territory WHERE id = NEW.id OR parent_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_entries AFTER UPDATE OF name, parent_id ON directory_territory
  FOR EACH ROW WHEN ((OLD.name, OLD.parent_id) IS DISTINCT FROM (NEW.name, NEW.parent_id))
  EXECUTE FUNCTION reindex_territory();

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
DROP TRIGGER reindex_entries ON directory_sector;
DROP TRIGGER reindex_resources ON directory_category;
DROP TRIGGER note_deletion ON directory_practice;
DROP TRIGGER note_deletion ON directory_organisation;
DROP TRIGGER note_deletion ON directory_resource;
DROP FUNCTION note_deletion();
DROP TABLE directory_deletion;
DROP TRIGGER touch_resource ON directory_openinghours;
DROP TRIGGER touch_organisation ON directory_organisation_served_territories;
DROP TRIGGER touch_practice ON directory_practice_territories;
DROP TRIGGER touch_practice ON directory_practicelink;
DROP TRIGGER touch_practice ON directory_practicefigure;
DROP TRIGGER reindex_practice ON directory_practicepartner;
DROP TRIGGER reindex_practice ON directory_practice_sectors;
DROP TRIGGER reindex_organisation ON directory_organisation_sectors;
DROP FUNCTION reindex_territory();
DROP FUNCTION reindex_sector();
DROP FUNCTION reindex_category();
DROP FUNCTION reindex_linked();
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0002_entries")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
