"""The curators' desk: the queue, one item at a time, decided by keyboard; reports by visitors; histories."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from directory import changes
from directory.forms.report import ReportForm
from directory.models import Decision, Organisation, Report, Territory
from directory.models.curated import kept_as
from directory.models.curated import noun as by_noun
from directory.moderation import AlreadyDecided, NoteNeeded, decide, last_return, read_first, recent, undo
from directory.permissions import can_curate, can_edit, curated_territories, require
from directory.queue import REASONS, Item, queue
from directory.taxonomies import portal_territories, territories
from mutualisation.kernel.requests import may_again

SHOWN = 40
REPORTS = "10/1h"


def _require_curator(request: HttpRequest) -> None:
    require(curated_territories(request.user) != [])


@require_safe
def moderation(request: HttpRequest) -> HttpResponse:
    """The queue of this curator, and the item chosen (the first one otherwise)."""
    _require_curator(request)
    return desk(request)


def desk(request: HttpRequest, *, note: str = "", error: str = "", status: int = 200) -> HttpResponse:
    """Draw the desk; with the note that was typed when a decision could not be taken."""
    items = queue(request.user)
    reason = request.GET.get("motif", "")
    shown = [i for i in items if i.reason == reason] if reason in REASONS else items
    key = request.POST.get("key") or request.GET.get("fiche", "")
    position = next((n for n, i in enumerate(shown) if i.key == key), 0)
    chosen = shown[position] if shown else None
    counts = {r: sum(i.reason == r for i in items) for r in REASONS}
    curated = places_of(request.user)
    return render(
        request,
        "directory/moderation/desk.html",
        {
            "total": len(items),
            "items": shown[max(0, position - SHOWN // 2) :][:SHOWN],
            "filtered": len(shown),
            "rank": position + 1,
            "reasons": [(r, REASONS[r][0], n) for r, n in counts.items() if n],
            "reason": reason if reason in REASONS else "",
            "chosen": chosen,
            "before_key": shown[position - 1].key if position > 0 else "",
            "after_key": shown[position + 1].key if position + 1 < len(shown) else "",
            "places": [] if request.user.is_superuser else [str(t) for t in curated],
            "curated": curated,
            "recent": recent(request.user),
            "note": note,
            "error": error,
            **(details(chosen) if chosen else {}),
        },
        status=status,
    )


def places_of(user: Any) -> list[Territory]:
    """The territories she curates; those of the portal for an administrator."""
    rows = Territory.objects.only("name", "slug", "reads_first").order_by("name", "id")
    if user.is_superuser:
        return list(rows.filter(pk__in=[node.id for node in portal_territories()]))
    return list(rows.filter(curatorships__user=user))


def details(item: Item) -> dict[str, Any]:
    """What one needs to see to decide."""
    subject = item.subject
    found: dict[str, Any] = {"entry": subject if item.model not in ("report", "joinrequest") else None}
    if item.model == "report":
        found["entry"] = subject.entry
    entry = found["entry"]
    found["noun_of"] = reverse("history", args=[kept_as(entry).noun, entry.slug]) if entry else ""
    found |= {"author": None, "returned": None, "to_open": [], "alike": [], "merging": ""}
    if item.reason in ("new", "read"):
        kept = kept_as(entry)
        found |= {"author": None if kept.posted else getattr(entry, kept.author), "returned": last_return(entry)}
        found |= {"to_open": kept.look(entry), "alike": kept.alike(entry), "merging": kept.merging}
    if item.reason in ("new", "read"):
        found["before"], found["differences"] = changes.since_last_read(subject)
    if item.reason == "twin":
        found["twin"] = Organisation.objects.filter(pk=item.other or 0).select_related("territory").first()
        found["place"] = territories().by_id.get(subject.territory_id)
    return found


@require_POST
def moderation_decide(request: HttpRequest) -> HttpResponse:
    """Decide one item, or several at once where it is safe."""
    _require_curator(request)
    keys = request.POST.getlist("keys") or [request.POST.get("key", "")]
    verb, note = request.POST.get("verb", ""), request.POST.get("note", "")
    after = request.POST.get("after", "")
    done: list[Decision] = []
    refused: list[str] = []
    for key in keys[:100]:
        reason = key.split(".")[0]
        if len(keys) > 1 and not any(v.name == verb and v.bulk for v in REASONS.get(reason, ("", ()))[1]):
            refused.append(_("Ce geste se fait une fiche à la fois."))
            continue
        try:
            done.append(decide(key=key, verb=verb, by=request.user, note=note))
        except NoteNeeded:
            error = _("Écrivez une note : sans elle, l’organisme ne saura pas quoi corriger. Rien n’a été changé.")
            return desk(request, note=note, error=error, status=422)
        except AlreadyDecided as answer:
            refused.append(str(answer))
    for sentence in dict.fromkeys(refused):
        messages.warning(request, sentence)
    if done:
        said = ngettext("C’est fait.", "%(n)s fiches décidées.", len(done)) % {"n": len(done)}
        messages.success(request, said + " " + _("Vous pouvez annuler pendant un jour, dans « Décidé récemment »."))
    reason_now = request.POST.get("motif", "")
    return _to_item(after, reason_now)


def _to_item(key: str, reason: str = "") -> HttpResponse:
    """Back to the desk, before this item (its title takes the focus); the first one when it has left the queue."""
    query = urlencode({name: value for name, value in (("fiche", key), ("motif", reason)) if value})
    return redirect(reverse("moderation") + (f"?{query}" if query else "") + "#h-f")


@require_POST
def moderation_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a decision back."""
    _require_curator(request)
    decision = get_object_or_404(Decision, pk=pk)
    try:
        undo(decision=decision, by=request.user)
        messages.success(request, _("La décision est annulée : la fiche est revenue comme avant."))
    except AlreadyDecided as answer:
        messages.warning(request, str(answer))
    place = decision.content_type.model, decision.object_id
    return _to_item(next((i.key for i in queue(request.user) if (i.model, i.pk) == place), ""))


@require_POST
def moderation_territory(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose whether what this territory's organisations post is read before it is public, or after."""
    _require_curator(request)
    territory = get_object_or_404(Territory.objects.defer("outline"), slug=slug)
    first = request.POST.get("lire") == "avant"
    read_first(territory=territory, first=first, by=request.user)
    said = (
        _("%(place)s : les fiches attendent maintenant d’être lues avant de paraître.")
        if first
        else _("%(place)s : les fiches paraissent maintenant tout de suite. Celles qui attendaient attendent encore.")
    )
    messages.success(request, said % {"place": territory.name})
    return redirect("moderation")


def _entry(noun: str, slug: str, user: Any) -> Any:
    """The entry that this reader may see; 404 otherwise. Curators also see what their territories hold."""
    kept = by_noun(noun)
    if kept is None:
        raise Http404
    model = kept.model
    entry = model.objects.visible_to(user).filter(slug=slug).first()
    if entry is None:
        entry = model.objects.filter(slug=slug).first()
        if entry is None or not can_curate(user, entry):
            raise Http404
    return entry


@require_safe
def history(request: HttpRequest, noun: str, slug: str) -> HttpResponse:
    """Who changed what, when, from which screen: for the entry's people and its curators."""
    entry = _entry(noun, slug, request.user)
    require(can_edit(request.user, entry))
    return render(
        request,
        "directory/moderation/history.html",
        {"entry": entry, "noun": noun, "moments": changes.timeline(entry)},
    )


@login_not_required
def report(request: HttpRequest, noun: str, slug: str) -> HttpResponse:
    """Anyone tells curators of an error."""
    kept = by_noun(noun)
    if kept is None:
        raise Http404
    reader = request.user if request.user.is_authenticated else AnonymousUser()
    entry = get_object_or_404(kept.model.objects.visible_to(reader), slug=slug)
    form = ReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not may_again(request, "report", REPORTS):
            form.add_error(None, _("Beaucoup de signalements viennent d’ici : le vôtre est gardé."))
        else:
            Report.objects.create(entry=entry, message=form.cleaned_data["message"], email=form.cleaned_data["email"])
            messages.success(request, _("Merci. L’équipe de curation du territoire va vérifier."))
            return redirect(entry.get_absolute_url())
    status = 422 if form.errors else 200
    return render(
        request, "directory/moderation/report.html", {"entry": entry, "form": form, "noun": noun}, status=status
    )
