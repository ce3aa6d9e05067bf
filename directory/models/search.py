"""The triggers that keep an entry findable: its vector, its sort key, its words, its date of change.

The database does it, so that no path (form, admin, import, bulk update) can forget it. Setting ``search``
to NULL asks for a new vector: that is how a renamed organisation re-indexes what it shares.
"""

from __future__ import annotations

import pgtrigger


def index_trigger(*, title: str, rest: str, sort: str, public: str = "TRUE", first: str = "") -> pgtrigger.Trigger:
    """A BEFORE row trigger. Every argument is SQL over NEW: our own text, never a user's.

    ``public`` says what else than being published makes an entry visible; ``first`` is what to compute before all.
    """
    return pgtrigger.Trigger(
        name="index",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        declare=[("words", "text")],
        func=f"""
            IF TG_OP = 'UPDATE' AND NEW.search IS NOT NULL AND OLD IS NOT DISTINCT FROM NEW THEN
                RETURN NEW;
            END IF;
            NEW.updated_at := clock_timestamp();
            {first}NEW.sort_key := left(fr_key({sort}), 200);
            words := concat_ws(' ', {title}, {rest});
            NEW.search := fr_vector({title}, {rest});
            IF NEW.status = 'published' AND {public} THEN
                -- In order, so that two writers never cross. Without asking first which words are new: a plan made
                -- when the table was small and kept by the session would compare each word with all of them.
                WITH s AS MATERIALIZED (
                    SELECT DISTINCT w, unaccent(w) AS k
                      FROM regexp_split_to_table(fr_text(words), '[^[:alpha:]]+') AS w
                     WHERE length(w) BETWEEN 3 AND 60)
                INSERT INTO directory_word (word, display)
                SELECT DISTINCT ON (k) k, w FROM s WHERE length(k) BETWEEN 4 AND 60 ORDER BY k, w DESC
                ON CONFLICT DO NOTHING;
            END IF;
            RETURN NEW;
        """,  # noqa: S608 - the SQL is ours
    )


def reindex_trigger(*, name: str, columns: str, sql: str) -> pgtrigger.Trigger:
    """An AFTER row trigger that runs ``sql`` when one of ``columns`` changed."""
    changed = " OR ".join(f"OLD.{c.strip()} IS DISTINCT FROM NEW.{c.strip()}" for c in columns.split(","))
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        func=f"IF {changed} THEN {sql} END IF; RETURN NULL;",
    )
