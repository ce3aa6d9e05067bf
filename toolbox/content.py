"""Loads the toolbox’s content: tools, lexicon, model agreements (files of ``fixtures/``, that people read), path.

What exists is left alone: people may have mended it. A model agreement's file gives its first edition only.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from django.db import transaction
from django.utils import timezone

from mutualisation.kernel.publication import Status
from toolbox import paths
from toolbox.models import Clause, Edition, ModelAgreement, Term, Tool

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # pragma: no cover - PyYAML without its C part
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

FILES = TOOLS, LEXICON, AGREEMENTS = "tools.yaml", "lexicon.yaml", "model_agreements.yaml"


@transaction.atomic
def load(folder: Path) -> int:
    """Load what is missing; gives how many rows were written. Raises ValueError that names the file and the row."""
    written = _load(folder / TOOLS, _tool) + _load(folder / LEXICON, _term)
    return written + load_agreements(folder) + paths.load()


@transaction.atomic
def load_agreements(folder: Path) -> int:
    """The model agreements alone."""
    return _load(folder / AGREEMENTS, _agreement)


def _load(file: Path, write: Callable[[dict[str, Any]], int]) -> int:
    written = 0
    for number, row in enumerate(yaml.load(file.read_text("utf-8"), Loader), 1):
        try:
            written += write(row)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file.name}, ligne {number} ({row.get('slug', '?')}) : {error}") from error
    return written


def _tool(row: dict[str, Any]) -> int:
    if Tool.objects.filter(slug=row["slug"]).exists():
        return 0
    # the first of the file are the first to show: each is a second older than the one before it
    now = timezone.now() - datetime.timedelta(seconds=Tool.objects.count())
    fields = ("slug", "title", "kind", "why", "publisher", "year", "licence", "url", "kinds", "topics")
    known = {name: row[name] for name in fields if row.get(name)}
    tool = Tool(stages=row.get("stage") or [], status=Status.PUBLISHED, published_at=now, verified_at=now, **known)
    tool.full_clean(exclude=["search"])
    tool.save()
    return 1


def _term(row: dict[str, Any]) -> int:
    fields = ("term", "definition", "variants", "in_texts", "english")
    known = {name: row[name] for name in fields if row.get(name) not in (None, "")}
    _made, fresh = Term.objects.get_or_create(slug=row["slug"], defaults=known)
    return int(fresh)


def _agreement(row: dict[str, Any]) -> int:
    if ModelAgreement.objects.filter(slug=row["slug"]).exists():
        return 0
    model = ModelAgreement(
        slug=row["slug"], title=row["title"], kind=row["kind"], parties=row["parties"], summary=row["summary"],
        warning=row["warning"], position=ModelAgreement.objects.count() + 1,
    )  # fmt: skip
    model.full_clean()
    model.save()
    edition = Edition.objects.create(
        model=model, number=row["number"], changes=row["changes"], variables=row.get("variables") or [],
        title=model.title, summary=model.summary, warning=model.warning,
    )  # fmt: skip
    clauses = [
        Clause(edition=edition, position=n, key=c["key"], title=c["title"], body=c["body"],
               guidance=c.get("guidance") or "", when=c.get("when") or "always")
        for n, c in enumerate(row["clauses"], 1)
    ]  # fmt: skip
    for clause in clauses:
        clause.clean_fields(exclude=["edition"])
    Clause.objects.bulk_create(clauses)
    edition.published_at = timezone.now()
    edition.save(update_fields=["published_at"])
    return 2 + len(clauses)
