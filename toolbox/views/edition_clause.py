"""Writing in a draft: a clause, a declared variable, what the model says of itself. Two people at once are told."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from directory.views.written import side_by_side
from toolbox import editions
from toolbox.checking import Problem, problems, spelled, used_by
from toolbox.composing import blanks_of
from toolbox.conditions import ALWAYS
from toolbox.editions import InUseError, NoDraftError, StaleError, locked_draft
from toolbox.forms.clause import ClauseForm, grouped
from toolbox.forms.model import PresentationForm
from toolbox.forms.variable import VariableForm
from toolbox.models import Clause, Edition, ModelAgreement
from toolbox.variables import CATALOGUE
from toolbox.views.edition import kept_model, no_draft, preview_of, stale

CLAUSE, VARIABLE = "toolbox/edition/clause.html", "toolbox/edition/variable.html"
PRESENTATION = "toolbox/edition/presentation.html"
# Buttons of the form that change the page and save nothing.
SHOWING = ("inserer", "remplacer", "montrer", "apercu")


def _clause_page(
    request: HttpRequest, model: ModelAgreement, draft: Edition, clause: Clause, form: ClauseForm, **extra: Any
) -> dict[str, Any]:
    blanks = blanks_of(draft)
    # as it is being typed: previewed and checked before it is saved
    typed = Clause(pk=clause.pk, edition=draft, key=clause.key or "nouvelle", title=form["title"].value() or "",
                   body=spelled(form["body"].value() or "", blanks), guidance=form["guidance"].value() or "",
                   when=ALWAYS)  # fmt: skip
    preview = preview_of(request, draft, [typed], only=typed.key)  # whether it is in or not
    typed.when = form.as_chosen()
    return {
        "agreement": model,
        "draft": draft,
        "clause": clause if clause.pk else None,
        "form": form,
        "groups": grouped(blanks),
        "options": [(name, blank.label) for name, blank in blanks.items()],
        "versions": form.fingerprint(),
        "points": _points(draft, typed) if typed.body else [],
        "piece": False,
        "conflict": False,
        "differences": [],
        "pick": "",
        "pick_error": "",
        "over": "",
        **preview,
        **extra,
    }


def _points(draft: Edition, clause: Clause) -> list[Problem]:
    """What there is to say of one clause, among the others of its draft."""
    return [p for p in problems(draft, [*draft.clauses.exclude(pk=clause.pk), clause]) if p.clause is clause]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def clause_edit(request: HttpRequest, slug: str, pk: int | None = None) -> HttpResponse:
    """Write a clause, new or not; buttons insert a variable, show a condition or a preview without saving."""
    model = kept_model(request, slug)
    draft = model.draft
    if draft is None:
        return no_draft(request, model) if request.method == "POST" else redirect("edition_desk", model.slug)
    clause = Clause.objects.filter(edition=draft, pk=pk).first() if pk else Clause(edition=draft, position=0)
    if clause is None:
        if request.method != "POST":
            raise Http404
        return _gone(request, model, draft)
    if request.method != "POST":
        form = ClauseForm(instance=clause, blanks=blanks_of(draft))
        return render(request, CLAUSE, _clause_page(request, model, draft, clause, form))
    if any(name in request.POST for name in SHOWING):
        return _shown(request, model, draft, clause)
    try:
        form = _saved(request, model, clause)
    except NoDraftError:
        form = ClauseForm(request.POST, instance=clause, blanks=blanks_of(draft))
        context = _clause_page(request, model, draft, clause, form, over=_over())
        return render(request, CLAUSE, context, status=409)
    except StaleError as error:
        if not error.args:
            return _gone(request, model, draft)
        return _conflict(request, model, draft, clause, error.args[0])
    if form.errors:
        context = _clause_page(request, model, draft, clause, form, versions=form.data.get("versions", ""))
        return render(request, CLAUSE, context, status=422)
    return _kept(request, model, form.instance)


def _kept(request: HttpRequest, model: ModelAgreement, clause: Clause) -> HttpResponse:
    """After saving: back to the draft; to the clause itself when something in it stands in the way of publishing."""
    wrong = [p for p in _points(clause.edition, clause) if p.blocking]
    if not wrong:
        messages.success(request, _("« %(title)s » est enregistrée.") % {"title": clause.title})
        return redirect(f"{reverse('edition_desk', args=[model.slug])}?deplacee={clause.pk}")
    said = ngettext(
        "« %(title)s » est enregistrée, mais l’édition ne peut pas être publiée tant que le point dit sous le texte "
        "n’est pas corrigé.",
        "« %(title)s » est enregistrée, mais l’édition ne peut pas être publiée tant que les %(n)s points dits sous le "
        "texte ne sont pas corrigés.",
        len(wrong),
    )
    messages.warning(request, said % {"title": clause.title, "n": len(wrong)})
    return redirect(f"{reverse('clause_edit', args=[model.slug, clause.pk])}#points")


@transaction.atomic
def _saved(request: HttpRequest, model: ModelAgreement, clause: Clause) -> ClauseForm:
    """Save what the form says, on the held draft; raises StaleError with the form when another one wrote meanwhile."""
    draft = locked_draft(model, by=request.user)
    now = Clause.objects.filter(edition=draft, pk=clause.pk).first() if clause.pk else clause
    if now is None:
        raise StaleError
    form = ClauseForm(request.POST, instance=now, blanks=blanks_of(draft))
    form.is_valid()
    if clause.pk and form.outdated():
        raise StaleError(form)
    if form.errors:
        return form
    now.when = form.when()
    if clause.pk:
        now.save(update_fields=["title", "body", "guidance", "when"])
    else:
        editions.add_clause(draft, now, after=None)
    return form


def _conflict(
    request: HttpRequest, model: ModelAgreement, draft: Edition, clause: Clause, typed: ClauseForm
) -> HttpResponse:
    now, blanks = Clause.objects.get(pk=clause.pk), blanks_of(draft)
    form, differences = side_by_side(request, typed, lambda data: ClauseForm(data, instance=now, blanks=blanks))
    fresh = ClauseForm(instance=Clause.objects.get(pk=clause.pk), blanks=blanks).fingerprint()
    context = _clause_page(request, model, draft, clause, form, conflict=True, differences=differences, versions=fresh)
    return render(request, CLAUSE, context, status=409)


def _gone(request: HttpRequest, model: ModelAgreement, draft: Edition) -> HttpResponse:
    """Someone took the clause away: what was typed becomes a new one, if she wants."""
    form = ClauseForm(request.POST, instance=Clause(edition=draft, position=0), blanks=blanks_of(draft))
    said = _("Quelqu’un d’autre a retiré cette clause. Votre texte est ici : enregistrez pour l’ajouter à la fin, "
             "ou revenez à l’édition.")  # fmt: skip
    context = _clause_page(request, model, draft, Clause(edition=draft), form, over=said)
    return render(request, CLAUSE, context, status=409)


def _shown(request: HttpRequest, model: ModelAgreement, draft: Edition, clause: Clause) -> HttpResponse:
    """The page again with what was typed: a variable at the end of the text, the control of a condition, a preview."""
    data, blanks, extra = request.POST.copy(), blanks_of(draft), {}
    if "inserer" in data:
        asked = " ".join(data.get("variable", "").split())
        by_label = {blank.label.casefold(): name for name, blank in blanks.items()}
        name = asked if asked in blanks else by_label.get(asked.casefold(), "")
        if name:
            body = data.get("body", "").rstrip()
            alone = blanks[name].type in ("long", "list")
            data["body"] = f"{body}\n\n[[{name}]]" if alone and body else f"{body} [[{name}]]".strip()
        else:
            extra = {"pick": asked, "pick_error": _("Choisissez une variable de la liste : rien n’est inséré.")}
    if "remplacer" in data:
        wrong, _between, right = str(data["remplacer"]).partition("]]")
        if right in blanks:
            data["body"] = data.get("body", "").replace(f"[[{wrong}]]", f"[[{right}]]")
    form = ClauseForm(data, instance=clause, blanks=blanks)
    piece = request.headers.get("HX-Request") == "true"
    for name, shown in (
        ("inserer", "body"),
        ("remplacer", "body"),
        ("montrer", "comparison"),
    ):  # where one goes on, without JavaScript
        if name in data and not extra and not piece:
            form.fields[shown].widget.attrs["autofocus"] = True
    form.errors.clear()  # nothing is sent yet: nothing is wrong yet
    context = _clause_page(request, model, draft, clause, form, versions=data.get("versions", ""), piece=piece, **extra)
    if piece:
        part = "_when.html" if "montrer" in data else "_preview.html"
        return render(request, f"toolbox/edition/{part}", context)
    return render(request, CLAUSE, context)


# ---- variables


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def variable_edit(request: HttpRequest, slug: str, name: str = "") -> HttpResponse:
    """Declare a variable of the model, or change one."""
    model = kept_model(request, slug)
    draft = model.draft
    if draft is None:
        return no_draft(request, model) if request.method == "POST" else redirect("edition_desk", model.slug)
    there = next((v for v in draft.variables if v["name"] == name), None)
    if name and there is None:
        if request.method == "POST":
            return stale(request, model)
        raise Http404
    if request.method != "POST":
        form = VariableForm(instance=draft, variable=there)
        return render(request, VARIABLE, _variable_page(model, draft, there, form))
    if "montrer" in request.POST:
        form = VariableForm(request.POST, instance=draft, variable=there)
        form.errors.clear()
        context = _variable_page(model, draft, there, form, versions=request.POST.get("versions", ""))
        alone = request.headers.get("HX-Request") == "true"
        return render(request, "toolbox/edition/_sample.html" if alone else VARIABLE, context)
    try:
        with transaction.atomic():
            held = locked_draft(model, by=request.user)
            now = next((v for v in held.variables if v["name"] == name), None)
            form = VariableForm(request.POST, instance=held, variable=now)
            form.is_valid()
            if name and (now is None or form.outdated()):
                raise StaleError(now, form)
            if not form.errors:
                taken = {v["name"] for v in held.variables} | {v.name for v in CATALOGUE}
                editions.save_variable(held, form.as_declared(taken))
    except NoDraftError:
        return no_draft(request, model)
    except StaleError as error:
        now, typed = error.args
        if now is None:
            return stale(request, model)
        form, differences = side_by_side(request, typed, lambda data: VariableForm(data, instance=draft, variable=now))
        fresh = VariableForm(instance=draft, variable=now).fingerprint()
        context = _variable_page(model, draft, now, form, versions=fresh, conflict=True, differences=differences)
        return render(request, VARIABLE, context, status=409)
    if form.errors:
        context = _variable_page(model, draft, there, form, versions=form.data.get("versions", ""))
        return render(request, VARIABLE, context, status=422)
    messages.success(request, _("La variable « %(label)s » est enregistrée.") % {"label": form.cleaned_data["label"]})
    return redirect(f"{reverse('edition_desk', args=[model.slug])}#variables")


def _variable_page(
    model: ModelAgreement, draft: Edition, there: dict[str, Any] | None, form: VariableForm, **extra: Any
) -> dict[str, Any]:
    used = used_by(draft.clauses.all(), there["name"]) if there else []
    return {"agreement": model, "draft": draft, "variable": there, "form": form, "versions": form.fingerprint(),
            "used": used, "conflict": False, "differences": [], **extra}  # fmt: skip


@require_POST
def variable_remove(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Take a declared variable away, unless a clause names it."""
    model = kept_model(request, slug)
    try:
        gone = editions.remove_variable(model=model, name=name, by=request.user, said=request.POST.get("marque", ""))
    except NoDraftError:
        return no_draft(request, model)
    except StaleError:
        return stale(request, model)
    except InUseError as error:
        titles = ", ".join(_("« %s »") % clause.title for clause in error.args[0])
        said = _("Cette variable sert : elle n’est pas retirée. Enlevez-la d’abord de ces clauses : %(titles)s.")
        messages.warning(request, said % {"titles": titles})
        return redirect(f"{reverse('edition_desk', args=[model.slug])}#variables")
    messages.success(request, _("La variable « %(label)s » est retirée.") % {"label": gone["label"]})
    return redirect(f"{reverse('edition_desk', args=[model.slug])}#variables")


# ---- what the model says of itself


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def model_presentation(request: HttpRequest, slug: str) -> HttpResponse:
    """Title, summary and warning of the edition in preparation: seen once it is published, like its clauses."""
    model = kept_model(request, slug)
    draft = model.draft
    if draft is None and request.method != "POST":
        return redirect("edition_desk", model.slug)
    if request.method != "POST":
        form = PresentationForm(instance=draft)
        return render(request, PRESENTATION, _presentation_page(model, draft, form))
    try:
        with transaction.atomic():
            form = PresentationForm(request.POST, instance=locked_draft(model, by=request.user))
            form.is_valid()
            if form.outdated():
                raise StaleError(form)
            if not form.errors:
                form.save()
    except NoDraftError:
        form = PresentationForm(request.POST, instance=draft or model.current)
        context = _presentation_page(model, draft, form, over=_over())
        return render(request, PRESENTATION, context, status=409)
    except StaleError as error:
        fresh = Edition.objects.get(pk=error.args[0].instance.pk)
        versions = PresentationForm(instance=fresh).fingerprint()
        form, differences = side_by_side(request, error.args[0], lambda data: PresentationForm(data, instance=fresh))
        context = _presentation_page(model, fresh, form, versions=versions, conflict=True, differences=differences)
        return render(request, PRESENTATION, context, status=409)
    if form.errors:
        context = _presentation_page(model, draft, form, versions=form.data.get("versions", ""))
        return render(request, PRESENTATION, context, status=422)
    messages.success(request, _("La présentation est enregistrée : elle paraîtra avec l’édition."))
    return redirect("edition_desk", model.slug)


def _presentation_page(
    model: ModelAgreement, draft: Edition | None, form: PresentationForm, **extra: Any
) -> dict[str, Any]:
    return {"agreement": model, "draft": draft, "form": form, "versions": form.fingerprint(), "conflict": False,
            "differences": [], "over": "", **extra}  # fmt: skip


def _over() -> str:
    return _("Cette édition n’est plus en préparation : rien n’est enregistré. Votre texte est ici, copiez-le.")
