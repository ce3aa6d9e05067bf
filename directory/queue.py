"""What awaits a curator in her territories: one queue, the most urgent first."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.models import Decision, JoinRequest, Organisation, Report
from directory.models.curated import Curated, Entry, curated, curated_as, kept_as
from directory.permissions import curated_territories
from mutualisation.kernel.publication import Freshness, Status

ALIKE = 0.6


def model_of(name: str) -> type[Any] | None:
    """The model that a key of the queue names."""
    others: dict[str, type[Any]] = {"report": Report, "joinrequest": JoinRequest}
    known = curated_as(name)
    return known.model if known else others.get(name)


@dataclass(frozen=True)
class Verb:
    """What can be decided: its name, its words, whether several may be decided at once, whether a note is needed."""

    name: str
    label: Promise | str
    bulk: bool = False
    needs_note: bool = False
    main: bool = False


PUBLISH = Verb("publish", _("Publier"), main=True)
RETURN = Verb("return", _("Retourner avec la note"), needs_note=True)
ARCHIVE = Verb("archive", _("Archiver"))
READ = Verb("read", _("Marquer comme relue"), bulk=True, main=True)
VERIFY = Verb("verify", _("Toujours exact"), bulk=True, main=True)
HANDLED = Verb("handled", _("Signalement traité"), main=True)
ACCEPT = Verb("accept", _("Accepter"), main=True)
REFUSE = Verb("refuse", _("Refuser"))
DISTINCT = Verb("distinct", _("Deux organismes différents"), main=True)
SEEN = Verb("seen", _("J’ai pris le relais"), main=True)

# Why an item is in the queue, in the order of the queue: its words, and what can be decided.
REASONS: dict[str, tuple[Promise, tuple[Verb, ...]]] = {
    "new": (_("À valider"), (PUBLISH, RETURN, ARCHIVE)),
    "join": (_("Demande sans réponse"), (ACCEPT, REFUSE)),
    "report": (_("Erreur signalée"), (HANDLED,)),
    "read": (_("À relire"), (READ, RETURN)),
    "orphan": (_("Sans gestionnaire"), (SEEN,)),
    "twin": (_("Doublon possible"), (DISTINCT,)),
    "stale": (_("À confirmer"), (VERIFY, ARCHIVE)),
}


@dataclass(frozen=True)
class Item:
    """One thing to decide. ``key`` names it in addresses: reason, model and id, and the other id of a pair."""

    reason: str
    model: str
    pk: int
    title: str
    where: str
    since: datetime.datetime | None
    kind: str = ""
    other: int | None = None
    subject: Any = field(default=None, compare=False)

    @property
    def key(self) -> str:
        return f"{self.reason}.{self.model}.{self.pk}" + (f".{self.other}" if self.other else "")

    @property
    def label(self) -> Promise:
        return REASONS[self.reason][0]

    @property
    def verbs(self) -> tuple[Verb, ...]:
        return REASONS[self.reason][1]

    @property
    def bulk_verb(self) -> Verb | None:
        return next((v for v in self.verbs if v.bulk), None)


def within(one: Curated, places: list[int] | None) -> QuerySet[Any]:
    """The entries of a model that stand in these territories; all of them for None."""
    rows = one.model.objects.defer("search")
    return rows if places is None else one.within(rows, places)


def _item(reason: str, entry: Entry, since: datetime.datetime | None) -> Item:
    posted = kept_as(entry).posted
    owner, kind = (entry.organisation.name, getattr(entry, "kind", "")) if posted else ("", "")
    return Item(reason, entry._meta.model_name or "", entry.pk, str(entry), owner, since, kind, subject=entry)


def queue(user: Any) -> list[Item]:
    """Everything that awaits this curator, by reason then oldest first."""
    places = curated_territories(user)
    if places == []:
        return []
    items: list[Item] = []
    for one in curated():
        rows = within(one, places)
        if one.posted:
            rows = rows.select_related("organisation")
        items += [_item("new", e, e.updated_at) for e in rows.filter(status=Status.SUBMITTED)]
        items += [
            _item("read", e, e.review_since) for e in rows.filter(status=Status.PUBLISHED, review_since__isnull=False)
        ]
        items += [
            _item("stale", e, e.freshness_at)
            for e in rows.filter(status=Status.PUBLISHED, freshness__in=[Freshness.SECOND, Freshness.HIDDEN])
        ]
    requests = JoinRequest.objects.overdue().select_related("user", "organisation")
    if places is not None:
        requests = requests.filter(organisation__territory__in=places)
    items += [
        Item("join", "joinrequest", r.pk, r.organisation.name, str(r.user), r.created_at, subject=r) for r in requests
    ]
    items += _reports(places)
    organisations = Organisation.objects.defer("search").filter(orphan_since__isnull=False, status=Status.PUBLISHED)
    orphans = organisations if places is None else organisations.filter(territory__in=places)
    seen = _decided("seen", Organisation)
    items += [_item("orphan", o, o.orphan_since) for o in orphans if (o.pk, None) not in seen]
    items += _twins(places)
    order = {reason: i for i, reason in enumerate(REASONS)}
    oldest = datetime.datetime.min.replace(tzinfo=datetime.UTC)
    return sorted(items, key=lambda i: (order[i.reason], i.since or oldest, i.model, i.pk))


def _reports(places: list[int] | None) -> Iterable[Item]:
    """Errors that visitors reported on entries of these territories."""
    waiting = list(Report.objects.filter(handled_at__isnull=True).select_related("content_type"))
    allowed: dict[str, set[int]] = {}
    for one in curated():
        ids = [r.object_id for r in waiting if r.content_type.model == one.name]
        if ids:
            allowed[one.name] = set(within(one, places).filter(pk__in=ids).values_list("pk", flat=True))
    for report in waiting:
        if report.object_id in allowed.get(report.content_type.model, ()):
            yield Item(
                "report", "report", report.pk, str(report.entry), report.message[:60], report.created_at, subject=report
            )


def _decided(verb: str, model: type[Any]) -> set[tuple[int, int | None]]:
    """What was already decided by this verb, and not undone."""
    rows = Decision.objects.filter(
        verb=verb, undone_at__isnull=True, content_type=ContentType.objects.get_for_model(model)
    )
    return {(pk, before.get("other")) for pk, before in rows.values_list("object_id", "before")}


def _twins(places: list[int] | None) -> list[Item]:
    """Pairs of organisations of one MRC whose names look alike, or that share an acronym, the newest named first."""
    sql = """
        SELECT a.id, b.id FROM directory_organisation a
          JOIN directory_organisation b ON b.id < a.id AND b.status = 'published' AND a.sort_key %% b.sort_key
          JOIN directory_territory ta ON ta.id = a.territory_id
          JOIN directory_territory tb ON tb.id = b.territory_id
         WHERE a.status = 'published' AND similarity(a.sort_key, b.sort_key) >= %s
           AND coalesce(ta.parent_id, ta.id) = coalesce(tb.parent_id, tb.id)
           AND (%s::bigint[] IS NULL OR a.territory_id = ANY(%s::bigint[]))
         ORDER BY similarity(a.sort_key, b.sort_key) DESC, a.id LIMIT 20"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [ALIKE, places, places])
        pairs = cursor.fetchall()
    known = _decided("distinct", Organisation)
    rows = Organisation.objects.select_related("territory").defer("search").in_bulk({i for p in pairs for i in p})
    return [
        Item("twin", "organisation", a, rows[a].name, rows[b].name, rows[a].created_at, other=b, subject=rows[a])
        for a, b in pairs
        if (a, b) not in known
    ]
