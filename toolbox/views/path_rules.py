"""The curators' pages of the guided path: what is in force, the draft changed piece by piece, checks, publication."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from directory.forms.written import put_back, shown
from directory.models import Continuum
from directory.permissions import require
from mutualisation.kernel.lifecycle import AlreadyMoved
from toolbox import rules
from toolbox.forms.path import PieceForm, QuestionForm, RuleForm
from toolbox.models import PathEdition
from toolbox.paths import Guide, in_force

FORMS: dict[str, type[Any]] = {"questions": QuestionForm, "rules": RuleForm}


def _gone(request: HttpRequest) -> HttpResponse:
    messages.warning(request, _("Il n’y a plus rien à changer là : le brouillon a été publié, abandonné ou modifié."))
    return redirect("path_rules")


@require_http_methods(["GET", "HEAD", "POST"])
def path_rules(request: HttpRequest) -> HttpResponse:
    """The questions and rules in plain words: those of the draft when there is one; start or abandon it."""
    require(rules.can_keep(request.user))
    if request.method == "POST":
        if request.POST.get("geste") == "abandonner":
            try:
                rules.abandon(by=request.user)
            except AlreadyMoved:
                return _gone(request)
            messages.success(request, _("Le brouillon est abandonné : rien n’a changé pour qui suit le parcours."))
        elif request.POST.get("geste") == "prendre":
            try:
                rules.take(by=request.user)
            except AlreadyMoved:
                messages.warning(request, _("Un brouillon est déjà là : publiez-le ou abandonnez-le d’abord."))
            else:
                messages.success(request, _("L’édition livrée est dans un brouillon : relisez-la, puis publiez-la."))
        else:
            rules.prepare(by=request.user)
        return redirect("path_rules")
    edition = rules.draft()
    guide = Guide.of(edition) if edition else in_force()
    titles = rules.titles()
    newer = rules.delivered()
    context = {
        "draft": edition,
        "newer": newer,
        "differences": rules.differences(in_force(), newer, titles) if newer else (),
        "editions": PathEdition.objects.filter(published_at__isnull=False).only("number", "changes", "published_at"),
        "questions": [
            {"asked": q, "when": [guide.said(c) for c in q.conditions], "mark": _mark(edition, "questions", q.key)}
            for q in guide.questions
        ],
        "rules": [
            {
                "rule": r,
                "when": [guide.said(c) for c in r["when"]],
                "then": r["then"],
                "stage": Continuum(r["then"]["stage"]).label if r["then"].get("stage") else "",
                "model": titles.get(r["then"].get("model"), r["then"].get("model", "")),
                "tools": [titles.get(slug, slug) for slug in r["then"].get("tools") or ()],
                "mark": _mark(edition, "rules", r["key"]),
            }
            for r in guide.rules
        ],
        "cases": len(guide.cases),
    }
    return render(request, "toolbox/path/rules.html", context)


def _mark(edition: PathEdition | None, kind: str, key: str) -> str:
    return rules.mark(rules.piece_of(edition, kind, key)) if edition else ""


def _form(kind: str, guide: Guide, standing: dict[str, Any] | None, data: Any = None) -> PieceForm:
    given: dict[str, Any] = {"guide": guide, "key": standing["key"] if standing else ""}
    if kind == "questions":
        given["standing"] = standing
    first = FORMS[kind].first(standing) if standing else {}
    made: PieceForm = FORMS[kind](data, initial=first, **given)
    return made


@require_http_methods(["GET", "HEAD", "POST"])
def path_piece(request: HttpRequest, kind: str, key: str = "") -> HttpResponse:
    """Add or change a question or a rule of the draft; what a colleague changed meanwhile is shown, never erased."""
    require(rules.can_keep(request.user))
    edition = rules.draft()
    if edition is None:
        return _over(request, kind, key) if request.method == "POST" else _gone(request)
    standing = rules.piece_of(edition, kind, key) if key else None
    if key and standing is None:
        raise Http404
    guide = Guide.of(edition)
    seen = request.POST.get("seen", rules.mark(standing) if standing else "")
    form = _form(kind, guide, standing)
    status, differences = 200, None
    if "ligne" in request.POST:
        put_back(form, request.POST)
    elif request.method == "POST":
        form = _form(kind, guide, standing, request.POST)
        status = 422
        if form.is_valid():
            try:
                written = rules.write(
                    kind=kind, key=key, piece=form.piece(), after=form.cleaned_data["after"], seen=seen,  # type: ignore[attr-defined]
                    by=request.user,
                )  # fmt: skip
            except AlreadyMoved:
                return _over(request, kind, key)
            except rules.ChangedError as error:
                status, seen = 409, rules.mark(error.args[0])
                form, differences = _beside(request.POST, kind, guide, error.args[0])
            else:
                messages.success(request, _("C’est dans le brouillon : publiez-le quand tout est prêt."))
                return redirect(reverse("path_rules") + f"#{kind}-{written}")
    context = {
        "form": form,
        "rows": form.rows(more=request.POST.get("ligne", "")),
        "kind": kind,
        "standing": standing,
        "seen": seen,
        "conflict": differences is not None,
        "differences": differences,
    }
    return render(request, "toolbox/path/piece.html", context, status=status)


def _over(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """The draft was published or dropped meanwhile: what was typed stays there, to be copied."""
    guide = in_force()
    asked = guide.question(key) if kind == "questions" else None
    answers = [{"value": value, "label": label} for value, label in asked.answers] if asked else []
    form = FORMS[kind](guide=guide, key=key, **({"standing": {"answers": answers}} if kind == "questions" else {}))
    put_back(form, request.POST)
    context = {
        "form": form, "rows": form.rows(), "kind": kind, "standing": None, "seen": "", "conflict": False, "over": True,
    }  # fmt: skip
    return render(request, "toolbox/path/piece.html", context, status=409)


def _beside(
    typed: QueryDict, kind: str, guide: Guide, standing: dict[str, Any]
) -> tuple[PieceForm, list[dict[str, Any]]]:
    """What she typed, an answer that her page did not have kept; and what is saved now beside it where they differ."""
    theirs, data = _form(kind, guide, standing), typed.copy()
    for name in theirs.fields:
        if name.startswith("answer-") and name not in data:
            data[name] = theirs[name].value()
    form = _form(kind, guide, standing, data)
    said = ((name, shown(form[name], form[name].value()), shown(theirs[name], theirs[name].value()))
            for name in theirs.fields)  # fmt: skip
    return form, [
        {"label": theirs[name].label, "field": form[name].id_for_label or form[name].auto_id, "kept": True,
         "mine": mine, "theirs": other}
        for name, mine, other in said if mine != other
    ]  # fmt: skip


@require_POST
def path_piece_move(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Up, down, or out of the draft."""
    require(rules.can_keep(request.user))
    gesture, seen = request.POST.get("geste", ""), request.POST.get("seen", "")
    try:
        if gesture == "retirer":
            rules.withdraw(kind=kind, key=key, seen=seen, by=request.user)
            messages.success(request, _("C’est retiré du brouillon."))
        elif gesture in ("monter", "descendre"):
            rules.shift(kind=kind, key=key, step=-1 if gesture == "monter" else 1, seen=seen, by=request.user)
        else:
            raise Http404
    except (AlreadyMoved, rules.ChangedError):
        return _gone(request)
    return redirect(reverse("path_rules") + (f"#{kind}-{key}" if gesture != "retirer" else f"#{kind}"))


@require_http_methods(["GET", "HEAD", "POST"])
def path_publish(request: HttpRequest) -> HttpResponse:
    """What the checks say of the draft, which worked cases change, and the button that puts it in force."""
    require(rules.can_keep(request.user))
    edition = rules.draft()
    if edition is None:
        return _gone(request)
    error, status = "", 200
    changes = " ".join(request.POST.get("changes", "").split())[:1000]
    if request.method == "POST":
        status = 422
        if not changes:
            error = _("Dites ce qui change et pourquoi : les autres curatrices et curateurs le liront.")
        else:
            try:
                published = rules.publish(changes=changes, seen=request.POST.get("seen", ""), by=request.user)
            except AlreadyMoved:
                return _gone(request)
            except rules.ChangedError:
                status, error = 409, _("Le brouillon a changé depuis : relisez ce qui suit, puis publiez.")
            except rules.UnsoundError:
                error = _("Rien n’est publié : réglez d’abord ce qui suit.")
            else:
                messages.success(request, _("L’édition %(n)s est en vigueur.") % {"n": published.number})
                return redirect("path_rules")
    before, guide, titles = in_force(), Guide.of(edition), rules.titles()
    context = {
        "draft": edition,
        "error": error,
        "changes": changes,
        "seen": rules.mark([edition.questions, edition.rules]),
        "problems": rules.problems(guide),
        "cautions": rules.cautions(guide),
        "differences": rules.differences(before, guide, titles),
        "outcomes": rules.outcomes(before, guide, titles),
        "cases": len(guide.cases),
    }
    return render(request, "toolbox/path/publish.html", context, status=status)
