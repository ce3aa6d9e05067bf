"""What changed in an entry, readable: its timeline, and before/after since curators last read it."""

from __future__ import annotations

import datetime
import difflib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from directory.models import Organisation, Practice, PracticePartner, Role
from directory.models.curated import Entry
from mutualisation.kernel.moments import moment_in_words
from mutualisation.kernel.publication import Status

# What the life cycle writes by itself is told by the label of the move, not field by field.
SILENT = {
    "id", "slug", "created_at", "published_at", "review_since", "freshness_at", "created_by", "proposed_by",
    "latitude", "longitude", "file", "file_size",
}  # fmt: skip
STANDING = {"status", "is_demo", "freshness", "returned_note", "verified_at", "is_network", "sort_key"}
SHOWN = 50
# What a story holds in rows of its own.
PIECES = {
    "PracticePartnerEvent": gettext_lazy("Partenaires"),
    "PracticeFigureEvent": gettext_lazy("Chiffres"),
    "PracticeLinkEvent": gettext_lazy("Liens"),
}


@dataclass(frozen=True)
class FieldChange:
    """One field: its words, and what stood before and after, with what went and what came marked."""

    name: str
    label: str
    before: SafeString
    after: SafeString


@dataclass(frozen=True)
class Moment:
    """One line of the timeline: when, who, from which screen, what changed."""

    at: datetime.datetime
    who: str
    screen: str
    created: bool
    changes: list[FieldChange]


def _fields(event: type[models.Model]) -> list[models.Field[Any, Any]]:
    return [f for f in event._meta.concrete_fields if not f.name.startswith("pgh_") and f.name not in SILENT]


def words(event: Any, field: models.Field[Any, Any]) -> str:
    """The value of a field as people read it."""
    value = getattr(event, field.attname)
    if value is None or value == "" or value == []:
        return ""
    if field.is_relation:
        target = field.related_model
        assert isinstance(target, type)
        return str(target._default_manager.filter(pk=value).first() or "")
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime.datetime):
        return moment_in_words(value)
    if isinstance(value, datetime.date):
        return formats.date_format(value, "j F Y")
    choices = dict(field.flatchoices)
    if isinstance(value, list):
        base: Any = getattr(field, "base_field", None)
        known = dict(base.flatchoices) if base is not None else {}
        return ", ".join(str(known.get(v, v)) for v in value)
    return str(choices.get(value, value))


def marked(before: str, after: str) -> tuple[SafeString, SafeString]:
    """The two texts, escaped, with the words that went in <del> and those that came in <ins>."""
    old, new = before.split(" "), after.split(" ")
    left: list[tuple[str, str]] = []
    right: list[tuple[str, str]] = []
    for op, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left.append(("del" if op in ("replace", "delete") else "span", " ".join(old[a:b])))
        right.append(("ins" if op in ("replace", "insert") else "span", " ".join(new[c:d])))

    def draw(pieces: list[tuple[str, str]]) -> SafeString:
        return format_html_join(
            " ", "{}", ((format_html("<{0}>{1}</{0}>", SafeString(tag), text),) for tag, text in pieces if text)
        )

    return draw(left), draw(right)


def differences(before: Any, after: Any) -> list[FieldChange]:
    """The fields that differ between two snapshots of one entry; all that is filled when there was none before."""
    found = []
    for event_field in _fields(type(after)):
        old = words(before, event_field) if before is not None else ""
        new = words(after, event_field)
        same = before is not None and getattr(before, event_field.attname) == getattr(after, event_field.attname)
        if not same and old != new:
            found.append(FieldChange(event_field.name, _label(after, event_field), *marked(old, new)))
    return found


def _label(event: Any, event_field: models.Field[Any, Any]) -> str:
    try:
        own = event.pgh_tracked_model._meta.get_field(event_field.name)
        return str(own.verbose_name).capitalize()
    except (FieldDoesNotExist, AttributeError):
        return str(event_field.verbose_name).capitalize()


def since_last_read(entry: Entry) -> tuple[Any, list[FieldChange]]:
    """The snapshot that curators had read (None for a new entry), and what changed since."""
    events = entry.events.order_by("pgh_id")
    now = events.last()
    # Events carry the time of their transaction: the change that called for re-reading is not « before ».
    first = events.filter(review_since=entry.review_since).first() if entry.review_since else None
    before = None
    if first is not None:
        before = events.filter(pgh_created_at__lt=first.pgh_created_at, status="published").last()
    if now is None:
        return before, []
    # Where the entry stands is what the curator decides, not what she reads; a box left empty says nothing.
    found = [c for c in differences(before, now) if c.name not in STANDING and (before is not None or c.after)]
    return before, found


def untouched_since_returned(entry: Entry) -> bool:
    """Whether a returned entry still says, word for word, what its curators read."""
    if entry.status != Status.RETURNED:
        return False
    events = entry.events.order_by("pgh_id")
    before = events.exclude(status=Status.RETURNED).last()
    returned = events.filter(status=Status.RETURNED, pgh_id__gt=before.pgh_id if before else 0).first()
    now = events.last()
    if returned is None:
        return False
    standing = {*STANDING, "review_since", "freshness_at", "published_at"}
    fields = [f.attname for f in type(now)._meta.concrete_fields if not f.name.startswith("pgh_")]
    return all(getattr(now, name) == getattr(returned, name) for name in fields if name not in standing)


def timeline(entry: Entry) -> list[Moment]:
    """The newest changes first, fifty at most, each with who made it and from which screen."""
    events = list(entry.events.select_related("pgh_context").order_by("-pgh_id")[: SHOWN + 1])
    people = [e.pgh_context.metadata.get("user") for e in events if e.pgh_context]
    names: dict[Any, str] = {u.pk: str(u) for u in User.objects.filter(pk__in=[p for p in people if p])}
    moments = []
    for event, before in zip(events, [*events[1:], None], strict=True):
        context = event.pgh_context.metadata if event.pgh_context else {}
        changes = differences(before, event) if before is not None else []
        if before is not None and not changes:
            continue
        who = names.get(context.get("user"), _("le portail"))
        moments.append(Moment(event.pgh_created_at, who, context.get("url", ""), before is None, changes))
    if isinstance(entry, Practice):
        moments = _with_pieces(entry, moments)
    return moments[:SHOWN]


def _with_pieces(story: Practice, moments: list[Moment]) -> list[Moment]:
    """The same timeline with what became of a story's partners, figures and links, by transaction.

    A form writes all of them anew: what went and came back the same did not change.
    """
    came: dict[tuple[datetime.datetime, str], Counter[str]] = defaultdict(Counter)
    by: dict[datetime.datetime, dict[str, Any]] = {}
    for name, label in PIECES.items():
        rows = apps.get_model("directory", name)._default_manager.filter(practice=story.pk).order_by("pgh_id")
        events = list(rows.select_related("pgh_context"))
        partners = {event.organisation_id for event in events if hasattr(event, "organisation_id")}
        organisations = dict(Organisation.objects.filter(pk__in=partners).values_list("pk", "name"))
        stood: dict[int, str] = {}
        for event in events:
            by[event.pgh_created_at] = event.pgh_context.metadata if event.pgh_context else {}
            counted, said = came[event.pgh_created_at, str(label)], _piece(event, organisations)
            if gone := stood.pop(event.pgh_obj_id, ""):
                counted[gone] -= 1
            if event.pgh_label != "delete":
                counted[said] += 1
                stood[event.pgh_obj_id] = said
    authors = {author for context in by.values() if (author := context.get("user"))}
    names = {u.pk: str(u) for u in User.objects.filter(pk__in=authors)}
    known = {moment.at: moment for moment in moments}
    for (at, words_of), pieces in came.items():
        went, new = (", ".join(p for p, n in pieces.items() if n * sign > 0) for sign in (-1, 1))
        if at not in known:
            who = names.get(by[at].get("user") or 0, _("le portail"))
            known[at] = Moment(at, who, by[at].get("url", ""), False, [])
        if (went or new) and not known[at].created:
            known[at].changes.append(FieldChange(words_of, words_of, *marked(went, new)))
    return sorted((m for m in known.values() if m.created or m.changes), key=lambda m: m.at, reverse=True)


def _piece(event: Any, organisations: dict[int, str]) -> str:
    """A partner, a figure or a link, as people read it."""
    if hasattr(event, "organisation_id"):
        return f"{organisations.get(event.organisation_id, '?')} ({PracticePartner.Role(event.role).label})"
    return f"{event.value} {event.label}" if hasattr(event, "value") else f"{event.title} ({event.url})"


# ---- a team


@dataclass(frozen=True)
class TeamMoment:
    """One line of a team’s timeline: when, what became of whom, by whom."""

    at: datetime.datetime
    said: str
    who: str


def team_timeline(organisation: Organisation) -> list[TeamMoment]:
    """Who came, who left, whose role or mandate changed: the newest first, fifty at most."""
    model = apps.get_model("directory", "MembershipEvent")
    rows = model._default_manager.filter(organisation=organisation.pk).select_related("pgh_context")
    events = list(rows.order_by("-pgh_id")[: SHOWN * 2])
    by = [e.pgh_context.metadata.get("user") if e.pgh_context else None for e in events]
    wanted = {*(e.user_id for e in events), *(pk for pk in by if pk)}
    names = {u.pk: str(u) for u in User.objects.filter(pk__in=wanted, closed_at__isnull=True)}
    gone = _("une personne dont le compte est fermé")
    moments: list[TeamMoment] = []
    for n, (event, author) in enumerate(zip(events, by, strict=True)):
        before = next((e for e in events[n + 1 :] if e.pgh_obj_id == event.pgh_obj_id), None)
        said = _became(event, before, by_herself=author == event.user_id)
        if not said:
            continue
        who = names.get(author, gone) if author else _("le portail")
        line = said % {"name": names.get(event.user_id, gone)}
        moments.append(TeamMoment(event.pgh_created_at, line[:1].upper() + line[1:], who))
    return moments[:SHOWN]


def _became(event: Any, before: Any, *, by_herself: bool) -> str:
    """What an event of a membership says, in a sentence with « %(name)s »; empty when nothing that counts changed."""
    if event.pgh_label == "delete":
        return _("%(name)s quitte l’organisme.") if by_herself else _("%(name)s ne fait plus partie de l’organisme.")
    role = Role(event.role).label
    told = []
    if before is None or before.role != event.role:
        came = _("%(name)s se joint à l’organisme : {role}.") if event.pgh_label == "insert" else ""
        told.append((came or _("%(name)s est maintenant {role}.")).format(role=role))
    if event.is_signatory and (before is None or before.resolution_on != event.resolution_on):
        day = formats.date_format(event.resolution_on, "j F Y")
        told.append(_("%(name)s peut signer, par résolution du {day}.").format(day=day))
    if before is not None and before.is_signatory and not event.is_signatory:
        told.append(_("%(name)s ne peut plus signer."))
    return " ".join(told)
