"""Writing an agreement: the one short form of the party that knows, and the changes that either side proposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.drafts import as_post, forget, hold, recall
from directory.forms.written import put_back
from directory.permissions import require
from loans import agreements, filling, remembering
from loans.forms.agreement import ChangeForm
from loans.forms.merging import Merged, merged, merged_choice
from loans.models import Agreement, AgreementStatus, AgreementVersion
from loans.permissions import PARTY_OF, organisation_of, other
from loans.possible import Impossible
from loans.views.agreement import moved, side_of, the_agreement
from loans.views.loan import version_of
from mutualisation.kernel.lifecycle import AlreadyMoved
from toolbox.composing import BLANK, Blank, roles_of
from toolbox.conditions import is_filled
from toolbox.forms.filling import FillingForm, form_for
from toolbox.models import Clause

SECONDS_A_QUESTION = 25


def _opened(
    request: HttpRequest, number: str, word: str, page: Callable[[HttpRequest, Agreement, str], HttpResponse]
) -> HttpResponse:
    """The page of a draft, for one of its sides; what was typed in an expired session is kept."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, _key(number, word))
        return redirect_to_login(request.get_full_path())
    agreement = the_agreement(request, number)
    side = side_of(request, agreement)
    require(bool(side))
    if agreement.status != AgreementStatus.DRAFT and request.method != "POST":
        messages.info(request, _("Le texte de cette entente ne s’écrit plus : le voici."))
        return redirect(agreement)
    return page(request, agreement, side)


def _key(number: str, word: str) -> str:
    return f"entente:{number.lower()}:{word}"


def _typed(request: HttpRequest, key: str) -> tuple[Any, Any]:
    """The draft to offer, and what it holds when asked for."""
    draft = recall(request, key) if request.method == "GET" else None
    taken = bool(draft) and "reprendre" in request.GET
    return (None if taken else draft), (as_post(draft) if draft and taken else None)


# ---- answering


@login_not_required  # a form sent after the session expired is kept, then one signs in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_answer(request: HttpRequest, number: str) -> HttpResponse:
    """What one side alone knows, in one short form; some may be left for later."""
    return _opened(request, number, "repondre", _answer)


def _answer(request: HttpRequest, agreement: Agreement, side: str) -> HttpResponse:
    key = _key(agreement.number, "repondre")
    asked = agreements.lacks_of(agreement, side)
    known = filling.values(agreement.loan, agreement.number)
    given = _given(agreement, side, known)
    blanks = agreements.blanks(agreement).values()
    usual = {blank.name: blank.usual for blank in blanks if is_filled(blank.usual)}
    if request.method != "POST":
        if not asked and not given:
            messages.info(request, _("Rien ne vous est demandé : le texte a toutes vos réponses."))
            return redirect(agreement)
        draft, typed = _typed(request, key)
        earlier = remembering.answers(agreement, side, asked)
        said_before = {name: one.value for name, one in earlier.items()}
        form = form_for([*asked, *given], values=usual | said_before | agreement.values | known)
        if typed is not None:
            put_back(form, typed)
        return _answer_page(request, agreement, side, form, asked=asked, draft=draft, earlier=earlier)
    sent = [b for b in blanks if b.name in request.POST and side in filling.sides_that_know(b)]
    form = form_for(sent or asked, request.POST, beside={**agreement.values, **known})
    joined = _is_stale(request, agreement)
    if joined:
        # what was left as it was proposed yields to what the other side answered
        kept = {name: value for name, value in form.answers().items() if value == usual.get(name)}
        before, now = kept | _before(agreement, request), kept | agreement.values
        found = merged(form, [*asked, *given], before=before, now=now)
        if not _joins(request, agreement, side, found):
            again = _stale(request, agreement, found)
            return _answer_page(request, agreement, side, found.form, asked=found.typed, status=409, **again)
        form = found.form

    def wrong() -> HttpResponse:
        earlier = remembering.answers(agreement, side, asked)
        return _answer_page(request, agreement, side, form, asked=asked, status=422, earlier=earlier)

    if not (form.is_valid() & _nothing_emptied(form, agreement)):
        return wrong()
    said = {name: v for name, v in form.values().items() if is_filled(v) or is_filled(agreement.values.get(name))}
    number = _new_neq(agreement, side, form)
    try:
        agreements.answer(agreement, by=request.user, side=side, values=said, version=agreement.version)
    except AlreadyMoved:  # since this page was read: looked at again, with what is there now
        return _answer(request, the_agreement(request, agreement.number), side)
    except Impossible as impossible:
        _told_impossible(form, impossible)
        return wrong()
    forget(user=request.user, key=key)
    _tell_contradiction(request, agreement, side, number)
    if joined:
        messages.info(request, _("D’autres réponses ont été données en même temps que les vôtres : elles sont aussi "
                                 "dans le texte."))  # fmt: skip
    left = agreements.lacks_of(agreement, side)
    if not left:
        done = _("Vos réponses sont dans le texte. Relisez-le.")
        if not asked:
            done = _("C’est corrigé dans le texte. Relisez-le.")
        if agreements.has_agreed(agreement, side):
            done = _("Votre proposition est complète, et vous l’acceptez. %(who)s voit ce qui diffère, puis accepte ou "
                     "propose à son tour.") % {"who": organisation_of(agreement.loan, other(side)).name}  # fmt: skip
        messages.success(request, done)
        return redirect(agreement)
    said_left = ngettext(
        "C’est enregistré. Il reste %(n)d réponse à donner.", "C’est enregistré. Il reste %(n)d réponses à donner.",
        len(left),
    )  # fmt: skip
    messages.success(request, said_left % {"n": len(left)})
    whole = all(is_filled(said.get(b.name)) for b in sent)
    return redirect("agreement_answer", number=agreement.number) if whole else redirect(agreement)


def _joins(request: HttpRequest, now: Agreement, side: str, found: Merged) -> bool:
    """Whether what a stale page answers is added to the answers given since: none of the same question, none that
    accepts a text that its author did not read."""
    return (
        _only_answered(request, now) and found.form.is_valid() and not any(row["kept"] for row in found.rows)
        and not agreements.completes(now, side)
    )  # fmt: skip


def _only_answered(request: HttpRequest, now: Agreement) -> bool:
    """Whether the page showed this draft, where only answers were given since: no proposal, no change of the loan."""
    if now.status != AgreementStatus.DRAFT or _shown(now, request) is None:
        return False
    since = [e.kind for e in now.journal.all() if e.data.get("version", 0) > version_of(request)]
    return not {"changed", "refreshed"} & {*since}


def _given(agreement: Agreement, side: str, known: Mapping[str, Any]) -> list[Blank]:
    """The answers that a side gave itself, or that an earlier agreement kept: hers to correct until it freezes."""
    authors = remembering.authors((version.side, version.values) for version in agreement.versions.all())
    return [
        blank for blank in agreements.changeable(agreement, known)
        if is_filled(agreement.values.get(blank.name)) and side in filling.sides_that_know(blank)
        and authors.get(blank.name, "") in (side, "")
    ]  # fmt: skip


def _answer_page(
    request: HttpRequest, agreement: Agreement, side: str, form: FillingForm, *, asked: Iterable[Blank],
    status: int = 200, earlier: Mapping[str, remembering.Earlier] | None = None, **extra: Any,
) -> HttpResponse:  # fmt: skip
    """What nobody else knows first; then, folded unless there is nothing above, what is proposed (by the model, or from
    its earlier agreements) and what was answered already."""
    again = {name: said for name, said in (earlier or {}).items() if name in form.fields}
    for name, said in again.items():
        source = _("Repris de l’entente %(number)s.") % {"number": said.number}
        form.fields[name].help_text = f"{form.fields[name].help_text} {source}".strip()
    wanted = {blank.name: is_filled(blank.usual) or blank.name in again for blank in asked if blank.name in form.blanks}
    first = [name for name, proposed in wanted.items() if not proposed]
    proposed = [name for name, proposed in wanted.items() if proposed]
    given = [name for name in form.blanks if name not in wanted]
    roles = roles_of(agreements.clauses_of(agreement))
    context = {
        **_common(request, agreement, side, "repondre"), "form": form, "groups": form.groups(roles, only=first),
        "proposed": form.groups(roles, only=proposed), "given": form.groups(roles, only=given), "draft": None,
        "completes": agreements.completes(agreement, side),
        "taken_up": len(again), "questions": len(first), "proposals": len(proposed), "asked": len(wanted),
        "minutes": max(1, round(len(first) * SECONDS_A_QUESTION / 60)),
        "opened_proposed": not first or any(name in form.errors for name in proposed),
        "opened": not wanted or "corriger" in request.GET or any(name in form.errors for name in given),
        **extra,
    }  # fmt: skip
    return render(request, "loans/agreement/answer.html", context, status=status)


# ---- changing


@login_not_required  # a form sent after the session expired is kept, then one signs in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement_change(request: HttpRequest, number: str) -> HttpResponse:
    """Other answers, other optional clauses: the other side sees the difference, and accepts or not."""
    return _opened(request, number, "changer", _change)


def _change(request: HttpRequest, agreement: Agreement, side: str) -> HttpResponse:
    key = _key(agreement.number, "changer")
    rows = agreements.clauses_of(agreement)
    clause = next((c for c in rows if c.key == request.GET.get("clause", "")), None)
    known = filling.values(agreement.loan, agreement.number)
    blanks = _of_clause(clause, agreements.changeable(agreement, known))
    optional = [(c.key, c.title) for c in rows if c.when == "optional" and (clause is None or c.key == clause.key)]
    if request.method != "POST":
        draft, typed = _typed(request, key)
        form = form_for(blanks, values=agreement.values)
        more = ChangeForm(optional=optional, initial={"clauses": list(agreement.chosen)})
        for one in (form, more) if typed is not None else ():
            put_back(one, typed)
        return _change_page(request, agreement, side, form, more, clause=clause, draft=draft)
    form = form_for(blanks, request.POST, beside={**agreement.values, **known})
    more = ChangeForm(request.POST, optional=optional)
    page = _change_page

    def stale() -> HttpResponse:
        now = the_agreement(request, agreement.number)
        wanted = _of_clause(clause, agreements.changeable(now, known))
        found = merged(form, wanted, before=_before(now, request), now=now.values)
        data = request.POST.copy()
        ticked = merged_choice(data.getlist("clauses"), before=_chosen_before(now, request), now=now.chosen)
        data.setlist("clauses", ticked)
        again = ChangeForm(data, optional=optional)
        return page(request, now, side, found.form, again, clause=clause, status=409, **_stale(request, now, found))

    if _is_stale(request, agreement):
        return stale()
    if not (form.is_valid() & more.is_valid() & _nothing_emptied(form, agreement)):
        return page(request, agreement, side, form, more, clause=clause, status=422)
    number = _new_neq(agreement, side, form)
    offered = [c for c, _title in optional]
    chosen = [c for c in agreement.chosen if c not in offered] + more.cleaned_data.get("clauses", [])
    try:
        agreements.change(
            agreement, by=request.user, side=side, values=form.values(), chosen=chosen,
            note=more.cleaned_data["note"], version=version_of(request),
        )  # fmt: skip
    except AlreadyMoved:
        return stale()
    except Impossible as impossible:
        _told_impossible(form, impossible)
        return page(request, agreement, side, form, more, clause=clause, status=422)
    except ValidationError as error:
        more.add_error(None, error)
        return page(request, agreement, side, form, more, clause=clause, status=422)
    forget(user=request.user, key=key)
    _tell_contradiction(request, agreement, side, number)
    messages.success(request, _proposed(agreement, side))
    if agreements.lacks_of(agreement, side):
        return redirect("agreement_answer", number=agreement.number)
    return redirect(agreement)


def _proposed(agreement: Agreement, side: str) -> str:
    """What follows a change that was proposed: who must still say something, who accepts then."""
    said = _("Le changement est proposé. %(who)s voit ce qui diffère, puis accepte ou propose à son tour.")
    if agreements.completes(agreement, side):
        said = _("Le changement est enregistré. Il demande encore une réponse de vous : en la donnant, vous acceptez "
                 "le texte, et %(who)s voit ce qui diffère.")  # fmt: skip
    elif agreements.lacks_of(agreement, side):
        said = _("Le changement est enregistré. Il demande encore une réponse de vous : vous relirez ensuite le texte "
                 "entier avant de l’accepter.")  # fmt: skip
    elif agreements.lacks(agreement):
        said = _("Le changement est proposé. %(who)s doit encore répondre : vous relirez ensuite le texte entier avant "
                 "de l’accepter.")  # fmt: skip
    return said % {"who": organisation_of(agreement.loan, other(side)).name}


def _of_clause(clause: Clause | None, blanks: list[Blank]) -> list[Blank]:
    """Those that one clause names, or that decide whether it is in; all of them without a clause."""
    if clause is None:
        return blanks
    names = set(BLANK.findall(clause.body)) | ({clause.when["field"]} if isinstance(clause.when, dict) else set())
    return [blank for blank in blanks if blank.name in names]


def _nothing_emptied(form: FillingForm, agreement: Agreement) -> bool:
    """An answer that the text needs is changed for another, never taken out."""
    for name, blank in form.blanks.items():
        given = form.cleaned_data.get(name)
        needed = blank.is_demanded or blank.from_portal
        if needed and is_filled(agreement.values.get(name)) and not is_filled(given) and name not in form.errors:
            form.add_error(name, _("Le texte a besoin d’une réponse ici : écrivez-en une autre, même « aucun »."))
    return not form.errors


def _told_impossible(form: FillingForm, impossible: Impossible) -> None:
    for name, sentence in impossible.why.items():
        form.add_error(name, sentence)


def _new_neq(agreement: Agreement, side: str, form: FillingForm) -> str:
    """The number of enterprise that a side gives of itself, when its text did not have it yet."""
    name = f"{PARTY_OF[side]}.neq"
    said: str = form.cleaned_data.get(name) or ""
    return "" if said == agreement.values.get(name) else said


def _tell_contradiction(request: HttpRequest, agreement: Agreement, side: str, number: str) -> None:
    """Another number than the one it gave before is kept, and said."""
    if number and (told := remembering.contradicted(agreement, side, number)):
        messages.warning(request, told)


def _change_page(
    request: HttpRequest, agreement: Agreement, side: str, form: FillingForm, more: ChangeForm, *,
    clause: Clause | None, status: int = 200, **extra: Any,
) -> HttpResponse:  # fmt: skip
    context = {
        **_common(request, agreement, side, "changer"), "form": form, "more": more, "clause": clause, "draft": None,
        "groups": form.groups(roles_of(agreements.clauses_of(agreement))),
        "terms": agreement.values.get("pret.conditions", ""), **extra,
    }  # fmt: skip
    return render(request, "loans/agreement/change.html", context, status=status)


# ---- both


def _common(request: HttpRequest, agreement: Agreement, side: str, word: str) -> dict[str, Any]:
    return {
        "agreement": agreement,
        "loan": agreement.loan,
        "them": organisation_of(agreement.loan, other(side)),
        "guidance": agreements.written(agreement),
        "version": agreement.version,
        "draft_key": _key(agreement.number, word),
        "problem": "",
        "rows": [],
        "closed": False,
        "differences": None,
    }


def _is_stale(request: HttpRequest, agreement: Agreement) -> bool:
    """The page showed another text than the one of now; the verb looks again, with the row held."""
    return agreement.status != AgreementStatus.DRAFT or agreement.version != version_of(request)


def _shown(agreement: Agreement, request: HttpRequest) -> AgreementVersion | None:
    """The version that the page showed."""
    return next((v for v in agreement.versions.all() if v.number == version_of(request)), None)


def _before(agreement: Agreement, request: HttpRequest) -> dict[str, Any]:
    row = _shown(agreement, request)
    return row.values if row else {}


def _chosen_before(agreement: Agreement, request: HttpRequest) -> list[str]:
    row = _shown(agreement, request)
    return row.chosen if row else []


def _stale(request: HttpRequest, now: Agreement, found: Merged) -> dict[str, Any]:
    """The text changed meanwhile: what differs, beside what was typed, which is still in the form."""
    draft = now.status == AgreementStatus.DRAFT
    labels = " », « ".join(row["label"] for row in found.rows if row["kept"])
    problem = moved(now)
    if labels and _only_answered(request, now):
        problem = _("Rien n’est enregistré : entre-temps, quelqu’un d’autre a répondu autrement à « %(labels)s ». "
                    "Comparez les deux réponses.") % {"labels": labels}  # fmt: skip
    return {
        "problem": problem, "rows": found.rows, "closed": not draft,
        "differences": agreements.differences(now, version_of(request)) if draft else None,
    }  # fmt: skip
