"""Fills a database with N organisations and resources (one fifth organisations), the same ones every time.

    DATABASE_URL=… SECRET_KEY=… python -m bench.seed 10000

The real content first, then entries made of its vocabulary, copied in batches with the triggers on: they index.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from bench.text import Writer, cut, sentences

BATCH = 2000
NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)
HERE = 0.93  # share of entries in the portal's own territories; the rest is around
CENTRE, AROUND_KM = (45.28, -73.95), 90
KINDS = {"materiel": 48, "locaux": 27, "expertise": 15, "humain": 10}
WORDS = {"rare": (0.0004, 0.001), "moyen": (0.008, 0.02), "courant": (0.08, 0.6)}
TEXTS = ("origin", "pooled", "governance", "results", "difficulties", "success_factors", "lessons")


def main() -> int:
    size = int(sys.argv[1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()
    from django.core.management import call_command

    started = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("demo", verbosity=0)
    ready = time.monotonic()
    seeded = Seeder(size).run()
    filled = time.monotonic()
    tidy()
    report = {
        "entries": size,
        "prepared_s": round(ready - started, 1),
        "filled_s": round(filled - ready, 1),
        "tidied_s": round(time.monotonic() - filled, 1),
        **seeded,
    }
    print(json.dumps(report, ensure_ascii=False))
    return 0


def read(name: str) -> list[dict[str, Any]]:
    """The rows of a fixture."""
    from django.conf import settings

    return yaml.load((Path(settings.FIXTURE_DIRS[0]) / name).read_text("utf-8"), yaml.CSafeLoader)


def tidy() -> None:
    """What autovacuum would do in time: statistics, visibility map, pending list of the text index."""
    from django.db import connection

    connection.ensure_connection()
    connection.connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


class Seeder:
    """Makes the entries of one database."""

    def __init__(self, size: int) -> None:
        from directory.models import Category, Organisation, Practice, Resource, Sector, Territory
        from directory.taxonomies import portal_territories, territories

        self.chance = random.Random(size)
        self.places = {t.slug: t.pk for t in Territory.objects.only("slug")}
        self.categories = {c.slug: c.pk for c in Category.objects.only("slug")}
        self.sectors = list(Sector.objects.order_by("slug").values_list("pk", flat=True))
        tree, ours = territories(), {n.id for n in portal_territories()}
        nodes = sorted((n for n in tree.by_id.values() if n.kind == "municipalite"), key=lambda n: n.slug)
        self.near = [n for n in nodes if n.parent_id in ours]
        self.far = [n for n in nodes if n.parent_id not in ours and _is_around(n)]
        self.near_weights = [300 + n.population for n in self.near]
        self.far_weights = [300 + n.population for n in self.far]

        rows = [r["fields"] for r in read("demo_resources.yaml") if r["model"] == "directory.resource"]
        organisations = [
            r["fields"]
            for name in ("demo_organisations.yaml", "organisations.yaml")
            for r in read(name)
            if r["model"] == "directory.organisation"
        ]
        self.stories = [r["fields"] for r in read("practices.yaml") if r["model"] == "directory.practice"]
        shared = sentences(
            *(o.get("description") or "" for o in organisations),
            *(s.get(name) or "" for s in self.stories for name in TEXTS),
        )
        self.by_kind = {kind: [r for r in rows if r["kind"] == kind] for kind in KINDS}
        self.writers = {kind: Writer(some, shared, self.chance) for kind, some in self.by_kind.items()}
        self.organisation_writer = Writer(organisations, shared, self.chance)
        self.organisation_rows = organisations
        self.models = Organisation, Resource, Practice
        self.organisation_count = max(0, size // 5 - Organisation.objects.count())
        self.resource_count = max(0, size - size // 5 - Resource.objects.count())
        self.practice_count = max(0, size // 100 - Practice.objects.count())
        self.seen: Counter[str] = Counter()

    def run(self) -> dict[str, Any]:
        organisation, resource, practice = self.models
        first = {model: _next_id(model) for model in self.models}
        ids = range(first[organisation], first[organisation] + self.organisation_count)
        self.hidden = {pk for pk in ids if self.chance.random() < 0.02}
        batches = _batches(ids, BATCH)
        for batch in batches:
            made = [self.organisation(pk) for pk in batch]
            # Links first (their keys are checked at commit): the entry is then indexed once, with its sectors.
            links = [
                (pk, s) for pk in batch for s in self.chance.sample(self.sectors, self.chance.choice((1, 1, 2, 3)))
            ]
            _copy(organisation, made, ("directory_organisation_sectors", ("organisation_id", "sector_id"), links))
        owners = list(ids) or list(organisation.objects.values_list("pk", flat=True))
        weights = [1 / (rank + 20) for rank in range(len(owners))]  # a few share a lot
        first_resource = first[resource]
        for batch in _batches(range(first_resource, first_resource + self.resource_count), BATCH):
            chosen = self.chance.choices(owners, weights, k=len(batch))
            _copy(resource, [self.resource(pk, owner) for pk, owner in zip(batch, chosen, strict=True)])
        for batch in _batches(range(first[practice], first[practice] + self.practice_count), BATCH):
            made = [self.practice(pk) for pk in batch]
            sectors = [(pk, s) for pk in batch for s in self.chance.sample(self.sectors, 2)]
            places = [(pk, self.place().id) for pk in batch]
            _copy(
                practice,
                made,
                ("directory_practice_sectors", ("practice_id", "sector_id"), sectors),
                ("directory_practice_territories", ("practice_id", "territory_id"), places),
            )
        for model in self.models:
            _set_sequence(model)
        return {"words": self.words(), "rows_made": self.organisation_count + self.resource_count}

    def words(self) -> dict[str, list[str]]:
        """Words of resources to look for, by how frequent they are."""
        from mutualisation.kernel.search import STOP_WORDS

        total, found = max(1, self.resource_count), {}
        for name, (least, most) in WORDS.items():
            fit = [
                (n, w)
                for w, n in self.seen.items()
                if least * total <= n <= most * total and len(w) >= 5 and w.isalpha() and w not in STOP_WORDS
            ]
            fit.sort(key=lambda each: (-each[0], each[1]) if name == "courant" else (each[1][::-1], each[0]))
            step = 1 if name == "courant" else max(1, len(fit) // 8)
            found[name] = [w for _n, w in fit[::step]][:8]
        return found

    # ---- one entry

    def place(self) -> Any:
        here = self.chance.random() < HERE
        nodes, weights = (self.near, self.near_weights) if here else (self.far, self.far_weights)
        return self.chance.choices(nodes, weights)[0]

    def dates(self) -> dict[str, Any]:
        """Since when it is shown; one entry in thirty isn't."""
        published = NOW - dt.timedelta(seconds=int(1100 * 86400 * self.chance.random() ** 1.5))
        kept = {
            "created_at": published - dt.timedelta(days=2),
            "published_at": published,
            "verified_at": published + (NOW - published) / 2 if self.chance.random() < 0.4 else None,
            "status": "published",
            "is_demo": True,
        }
        if self.chance.random() < 0.03:
            kept["status"] = self.chance.choice(("draft", "submitted", "archived"))
        return kept

    def organisation(self, pk: int) -> Any:
        base = self.chance.choice(self.organisation_rows)
        place, writer = self.place(), self.organisation_writer
        name = writer.organisation_name(place.name, 150)
        mission = writer.lines.pick()
        dates = self.dates() | {"status": "submitted" if pk in self.hidden else "published"}
        return self.models[0](
            id=pk,
            slug=_slug(name, pk),
            name=name,
            acronym="".join(w[0] for w in name.split() if w[0].isupper())[:8] if self.chance.random() < 0.4 else "",
            legal_form=base["legal_form"],
            mission=cut(mission, 300),
            description=writer.description(),
            territory_id=place.id,
            email="info@exemple.example",
            year_founded=self.chance.randint(1960, 2025),
            **dates,
        )

    def resource(self, pk: int, owner: int) -> Any:
        kind = self.chance.choices(list(KINDS), list(KINDS.values()))[0]
        base, writer = self.chance.choice(self.by_kind[kind]), self.writers[kind]
        name, line, description = writer.name(110), cut(writer.lines.pick(), 160), writer.description()
        self.seen.update(_words(f"{name} {line} {description}"))
        values = {k: v for k, v in base.items() if k not in ("organisation", "part_of", "territory", "category")}
        place = self.place()
        values |= {
            "id": pk,
            "slug": _slug(name, pk),
            "organisation_id": owner,
            "category_id": self.categories[base["category"][0]],
            "territory_id": place.id,
            "name": name,
            "summary": line,
            "description": description,
            **self.dates(),
        }
        if place.latitude is not None and self.chance.random() < 0.3:
            values["latitude"] = place.latitude + self.chance.uniform(-0.03, 0.03)
            values["longitude"] = place.longitude + self.chance.uniform(-0.03, 0.03)
        else:
            values["latitude"] = values["longitude"] = None
        return self.models[1](**values)

    def practice(self, pk: int) -> Any:
        base, place = self.chance.choice(self.stories), self.place()
        values = {k: v for k, v in base.items() if k not in ("territories", "sectors")}
        values |= {name: self.chance.choice(self.stories).get(name) or "" for name in TEXTS}
        title = cut(f"{base['title']}, à la manière de {place.name}", 140)
        values |= {"id": pk, "slug": _slug(title, pk), "title": title, "place": place.name, **self.dates()}
        return self.models[2](**values)


def _is_around(node: Any) -> bool:
    """Less than 90 km from the middle of the region."""
    if node.latitude is None or node.longitude is None:
        return False
    north, east = (node.latitude - CENTRE[0]) * 111.2, (node.longitude - CENTRE[1]) * 78.2
    return north * north + east * east < AROUND_KM**2


def _words(text: str) -> set[str]:
    from mutualisation.kernel.search import words_of

    return set(words_of(text))


def _slug(name: str, pk: int) -> str:
    from django.utils.text import slugify

    return f"{slugify(name)[:100]}-{pk}"


def _batches(ids: range, size: int) -> Iterator[range]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _next_id(model: Any) -> int:
    return (model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1


def _set_sequence(model: Any) -> None:
    from django.db import connection

    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, _next_id(model)])


def _copy(model: Any, made: list[Any], *links: tuple[str, tuple[str, ...], list[tuple[int, int]]]) -> None:
    """One transaction: the links of these entries, then the entries."""
    from django.db import transaction

    fields = [f for f in model._meta.concrete_fields if f.name not in ("search", "sort_key")]
    with transaction.atomic():
        for table, columns, rows in links:
            _copy_rows(table, columns, rows)
        rows = ([_value(f, one) for f in fields] for one in made)
        _copy_rows(model._meta.db_table, [f.column for f in fields], rows)


def _value(field: Any, one: Any) -> Any:
    value = getattr(one, field.attname)
    return "" if value is None and not field.null else value


def _copy_rows(table: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    from django.db import connection
    from psycopg import sql

    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.cursor() as cursor:
        order = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with cursor.cursor.copy(order.as_string(cursor.cursor)) as copy:
            for row in rows:
                copy.write_row(list(row))


if __name__ == "__main__":
    sys.exit(main())
