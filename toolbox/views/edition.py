"""The editor of model agreements: the models one keeps, the draft of an edition, the order of its clauses."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from directory.permissions import require
from toolbox import editions
from toolbox.checking import problems
from toolbox.comparing import timeline
from toolbox.composing import blanks_of, compose, samples
from toolbox.editions import NoDraftError, StaleError
from toolbox.models import Clause, Edition, ModelAgreement
from toolbox.permissions import can_edit_model, can_keep_models, networks_of
from toolbox.reading import case_of

# The loans of previews: what each changes to the samples.
FREE: dict[str, Any] = {"cout.mode": "gratuit", "cout.montant": None, "cout.unite": None, "cout.depot": None}
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "gratuit": (gettext_lazy("Un prêt gratuit, une fois"), {**FREE, "periode.recurrence_en_mots": None}),
    "prix": (gettext_lazy("Contre un prix, avec un dépôt"), {"cout.mode": "prix", "periode.recurrence_en_mots": None}),
    "repete": (gettext_lazy("Gratuit, chaque semaine"), FREE),
}


def kept_model(request: HttpRequest, slug: str) -> ModelAgreement:
    """The model at this address, for who may change it."""
    found = ModelAgreement.objects.select_related("owner", "copied_from__model").filter(slug=slug).first()
    if found is None:
        require(can_keep_models(request.user))
        raise Http404
    require(can_edit_model(request.user, found))
    return found


def stale(request: HttpRequest, model: ModelAgreement, *, said: str = "") -> HttpResponse:
    """Back to the draft, where what changed meanwhile shows."""
    messages.warning(
        request,
        said or _("Rien n’a été fait : quelqu’un d’autre a modifié cette édition entre-temps. La voici telle qu’elle "
                  "est; refaites votre geste s’il vaut encore."),
    )  # fmt: skip
    return redirect("edition_desk", model.slug)


def no_draft(request: HttpRequest, model: ModelAgreement) -> HttpResponse:
    """Back to the model: what was being prepared was published or dropped."""
    return stale(
        request, model, said=_("Rien n’a été fait : cette édition n’est plus en préparation. Elle a été publiée "
                               "ou abandonnée par quelqu’un d’autre."),
    )  # fmt: skip


@require_safe
@never_cache
def model_desk(request: HttpRequest) -> HttpResponse:
    """Every model, where each stands, and what can be done with it."""
    require(can_keep_models(request.user))
    rows = list(ModelAgreement.objects.select_related("owner", "copied_from__model").prefetch_related("editions"))
    for row in rows:
        known = sorted(row.editions.all(), key=lambda edition: -edition.number)
        row.in_force = next((e for e in known if e.published_at), None)  # type: ignore[attr-defined]
        row.preparing = next((e for e in known if not e.published_at), None)  # type: ignore[attr-defined]
    mine = {network.pk for network in networks_of(request.user)} if any(row.owner_id for row in rows) else set()
    return render(
        request,
        "toolbox/edition/models.html",
        {"models": [row for row in rows if row.owner_id is None or row.owner_id in mine or request.user.is_superuser]},
    )


@require_safe
@never_cache
def edition_desk(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft of a model: clauses in order, variables, what stands in the way; or what there is while none."""
    model = kept_model(request, slug)
    known = list(Edition.objects.filter(model=model).order_by("-number"))
    draft = next((e for e in known if e.published_at is None), None)
    context: dict[str, Any] = {"agreement": model, "draft": draft, "published": [e for e in known if e.published_at],
                               "next": known[0].number + 1 if known else 1}  # fmt: skip
    if draft is not None:
        last = next(iter(context["published"]), None)
        prefetch_related_objects([draft, last] if last else [draft], "clauses")
        clauses = list(draft.clauses.all())
        context |= drawn(draft, clauses, last) | preview_of(request, draft, clauses)
        moved = request.GET.get("deplacee", "")
        context["moved"] = int(moved) if moved.isdecimal() and len(moved) < 12 else 0
        context["way"] = request.GET.get("sens", "")
        context["removed"] = editions.removed(draft, clauses)
    return render(request, "toolbox/edition/desk.html", context)


def drawn(draft: Edition, clauses: list[Clause], last: Edition | None) -> dict[str, Any]:
    """What a page shows of a draft: its clauses and variables, each with what is wrong with it, its marks.

    ``last`` is the edition in force, that the draft would replace.
    """
    blanks, found = blanks_of(draft), problems(draft, clauses)
    rows = [
        {"clause": c, "case": case_of(c, blanks), "mark": editions.clause_mark(c),
         "up": clauses[n - 2].pk if n > 1 else 0, "down": clauses[n + 1].pk if n + 1 < len(clauses) else 0,
         "wrong": sum(p.clause == c and p.blocking for p in found)}
        for n, c in enumerate(clauses)
    ]  # fmt: skip
    return {
        "rows": rows,
        "variables": [(v, blanks[v["name"]], editions.variable_mark(v)) for v in draft.variables],
        "blocking": [p for p in found if p.blocking],
        "remarks": [p for p in found if not p.blocking],
        "order": editions.order_mark(clauses),
        "seen": editions.text_mark(draft, clauses),
        "same": editions.says_the_same(draft, clauses, last),
    }


# ---- preview


def preview_of(request: HttpRequest, draft: Edition, clauses: list[Clause], only: str = "") -> dict[str, Any]:
    """The text with a sample loan; of one clause alone when ``only`` is its key, in or not."""
    asked = request.POST if request.method == "POST" else request.GET
    case = asked.get("cas", "")
    case = case if case in CASES else "gratuit"
    optional = "facultatives" in asked or bool(only)
    blanks = blanks_of(draft)
    values = samples(blanks) | CASES[case][1]
    chosen = [c.key for c in clauses] if optional else []
    written = compose(clauses, blanks, values, chosen)
    if only:
        written = [w for w in written if w.key == only]
    return {
        "cases": [(name, label, name == case) for name, (label, _values) in CASES.items()],
        "optional": optional,
        "written": written,
        "only": only,
        "piece": False,
        "left_out": len(clauses) - len(written) if not only else 0,
        "preview_title": draft.title,
    }


@require_safe
@never_cache
def edition_preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole draft with a sample loan, alone in its page or as the piece of one."""
    model = kept_model(request, slug)
    draft = model.draft
    if draft is None:
        return no_draft(request, model)
    context = {"agreement": model, "draft": draft} | preview_of(request, draft, list(draft.clauses.all()))
    alone = request.headers.get("HX-Request") == "true"
    return render(request, "toolbox/edition/_preview.html" if alone else "toolbox/edition/preview.html", context)


@require_safe
@never_cache
def edition_history(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Who changed what in an edition, published or not."""
    model = kept_model(request, slug)
    edition = get_object_or_404(Edition, model=model, number=number)
    context = {"agreement": model, "edition": edition, "moments": timeline(model, edition)}
    return render(request, "toolbox/edition/history.html", context)


# ---- gestures


@require_POST
def edition_prepare(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin the next edition, or go on with the one that is being prepared."""
    model = kept_model(request, slug)
    there = model.draft is not None
    draft = editions.prepare(model=model, by=request.user)
    said = _("L’édition %(n)s est déjà en préparation : la voici.") if there else _(
        "L’édition %(n)s est prête à modifier. Rien ne paraît avant que vous la publiiez.")  # fmt: skip
    messages.success(request, said % {"n": draft.number})
    return redirect("edition_desk", model.slug)


@require_POST
def clause_move(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Put a clause one place up, one down, or after the one that is chosen."""
    model = kept_model(request, slug)
    after, way = request.POST.get("apres", ""), request.POST.get("sens", "")
    if not after.isdecimal() or len(after) > 12:
        raise Http404
    try:
        rank = editions.move_clause(
            model=model, pk=pk, after=int(after), by=request.user, seen=request.POST.get("vu", "")
        )
    except NoDraftError:
        return no_draft(request, model)
    except StaleError:
        return stale(request, model)
    title = Clause.objects.values_list("title", flat=True).get(pk=pk)
    messages.success(request, _("« %(title)s » est maintenant la clause %(n)s.") % {"title": title, "n": rank})
    where = {"deplacee": pk, "sens": way if way in ("haut", "bas") else "apres"}
    return redirect(f"{reverse('edition_desk', args=[model.slug])}?{urlencode(where)}")


@require_POST
def clause_gesture(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Duplicate a clause, or take it away."""
    model = kept_model(request, slug)
    gesture, seen = request.POST.get("geste", ""), request.POST.get("vu", "")
    if gesture not in ("dupliquer", "retirer"):
        raise Http404
    try:
        if gesture == "dupliquer":
            made = editions.duplicate_clause(model=model, pk=pk, by=request.user, seen=seen)
            messages.success(request, _("La clause est en double : voici la seconde. Changez son titre."))
            return redirect("clause_edit", model.slug, made.pk)
        gone = editions.remove_clause(
            model=model, pk=pk, by=request.user, seen=seen, said=request.POST.get("marque", "")
        )
    except NoDraftError:
        return no_draft(request, model)
    except StaleError:
        return stale(request, model)
    said = _("« %(title)s » est retirée. Vous pouvez la remettre, au bas de la page.")
    messages.success(request, said % {"title": gone.title})
    return redirect("edition_desk", model.slug)


@require_POST
def clause_restore(request: HttpRequest, slug: str, event: int) -> HttpResponse:
    """Put back a clause that was taken away."""
    model = kept_model(request, slug)
    try:
        clause = editions.restore_clause(model=model, event=event, by=request.user)
    except NoDraftError:
        return no_draft(request, model)
    except StaleError:
        return stale(request, model)
    messages.success(request, _("« %(title)s » est revenue, à la fin.") % {"title": clause.title})
    return redirect(f"{reverse('edition_desk', args=[model.slug])}?{urlencode({'deplacee': clause.pk})}")
