"""What a calendar shows changes without a row of its resource changing: each change leaves a number here."""

from django.db import migrations

SQL = """
-- Caches and marks of pages (ETag) move with the last numbers; only those are kept.
CREATE TABLE directory_agendachange (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE FUNCTION note_agenda_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  INSERT INTO directory_agendachange DEFAULT VALUES RETURNING id INTO n;
  IF n % 1000 = 0 THEN
    DELETE FROM directory_agendachange WHERE id IN (
      SELECT id FROM directory_agendachange WHERE id < n - 1000 FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_agenda_change AFTER INSERT OR UPDATE OR DELETE ON directory_occupation
  FOR EACH STATEMENT EXECUTE FUNCTION note_agenda_change();
CREATE TRIGGER note_agenda_change AFTER INSERT OR UPDATE OR DELETE ON directory_exceptionalhours
  FOR EACH STATEMENT EXECUTE FUNCTION note_agenda_change();
"""
REVERSE = """
DROP TRIGGER note_agenda_change ON directory_exceptionalhours;
DROP TRIGGER note_agenda_change ON directory_occupation;
DROP FUNCTION note_agenda_change();
DROP TABLE directory_agendachange;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0011_practice_photos")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
