"""A project is indexed anew, and its page made anew, when what hangs from it or is named in it changes."""

from django.db import migrations

TOUCHED = ("project_territories", "participation", "milestone", "funding", "effect", "news", "document", "projectloan",
           "projectneed")  # fmt: skip
SQL = "\n".join(
    f"""CREATE TRIGGER reindex_project AFTER INSERT OR DELETE OR UPDATE ON projects_{name}
  FOR EACH ROW EXECUTE FUNCTION reindex_linked('projects_project', 'project_id');"""
    for name in TOUCHED
)
SQL += """
CREATE TRIGGER note_deletion AFTER DELETE ON projects_project FOR EACH STATEMENT EXECUTE FUNCTION note_deletion();
CREATE FUNCTION reindex_projects_of() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE projects_project SET search = NULL WHERE organisation_id = NEW.id OR id IN
    (SELECT project_id FROM projects_participation WHERE organisation_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER reindex_projects AFTER UPDATE OF name, acronym, status ON directory_organisation
  FOR EACH ROW WHEN ((OLD.name, OLD.acronym, OLD.status) IS DISTINCT FROM (NEW.name, NEW.acronym, NEW.status))
  EXECUTE FUNCTION reindex_projects_of();
ALTER TABLE projects_project SET (toast_tuple_target = 256);
"""
REVERSE = """
ALTER TABLE projects_project RESET (toast_tuple_target);
DROP TRIGGER reindex_projects ON directory_organisation;
DROP FUNCTION reindex_projects_of();
DROP TRIGGER note_deletion ON projects_project;
"""
REVERSE += "\n".join(f"DROP TRIGGER reindex_project ON projects_{name};" for name in TOUCHED)


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_projects"), ("directory", "0003_search_links")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
