"""How PostgreSQL reads French here: extensions, normalisation, two text search configurations."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations

SQL = r"""
-- Lower case, composed letters, « St- » and « Ste- » in full; as spaces, the signs that PostgreSQL would keep inside
-- a word (a file, a host, an address: « salle/local », « intervenant.e »).
CREATE FUNCTION fr_text(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT regexp_replace(regexp_replace(
    translate(lower(normalize($1, NFKC)), '-‐‑–—''’`./\@_<>&+', '                 '),
    '\mste\M', 'sainte', 'g'), '\mst\M', 'saint', 'g')
$$;
-- The same without accents: what names are compared and sorted by (the database itself sorts by byte).
CREATE FUNCTION fr_key(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT public.unaccent('public.unaccent'::regdictionary, fr_text($1))
$$;
CREATE TEXT SEARCH DICTIONARY fr_exact_words (TEMPLATE = simple, STOPWORDS = french);
-- Words as they are written, accents aside.
CREATE TEXT SEARCH CONFIGURATION fr_exact (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION fr_exact
  ALTER MAPPING FOR asciiword, word, numword, asciihword, hword, numhword, hword_asciipart, hword_part, hword_numpart
  WITH unaccent, fr_exact_words;
-- Words by their stem: « animation » finds « animateurs ».
CREATE TEXT SEARCH CONFIGURATION fr_stem (COPY = fr_exact);
ALTER TEXT SEARCH CONFIGURATION fr_stem
  ALTER MAPPING FOR asciiword, word, numword, asciihword, hword, numhword, hword_asciipart, hword_part, hword_numpart
  WITH unaccent, french_stem;
-- Title as written weighs A, title by stem B, the rest as written C, the rest by stem D.
CREATE FUNCTION fr_vector(title text, rest text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT setweight(to_tsvector('public.fr_exact', fr_text(title)), 'A')
      || setweight(to_tsvector('public.fr_stem',  fr_text(title)), 'B')
      || setweight(to_tsvector('public.fr_exact', fr_text(rest)), 'C')
      || setweight(to_tsvector('public.fr_stem',  fr_text(rest)), 'D')
$$;
"""
REVERSE = """
DROP FUNCTION fr_vector(text, text);
DROP TEXT SEARCH CONFIGURATION fr_stem;
DROP TEXT SEARCH CONFIGURATION fr_exact;
DROP TEXT SEARCH DICTIONARY fr_exact_words;
DROP FUNCTION fr_key(text);
DROP FUNCTION fr_text(text);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        BtreeGistExtension(),
        migrations.RunSQL(SQL, REVERSE),
    ]
