"""An organisation registers by itself, and its managers change what it says."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.drafts import as_post, forget, hold, recall
from accounts.models import Draft
from directory.forms.organisation import OrganisationForm
from directory.forms.places import places_named, suggestions
from directory.forms.written import one_line
from directory.matching import Candidate, probable_duplicates
from directory.memberships import NotPossible, act_for
from directory.models import Organisation
from directory.permissions import can_edit, can_read, membership_of, require
from directory.registration import (
    EditedMeanwhile,
    Said,
    change_organisation,
    create_organisation,
    just_registered,
    submit_again,
)
from mutualisation.kernel.publication import Status

NEW = "organisme:nouveau"  # the draft of an organisation that isn't registered yet


def find_organisation(request: HttpRequest, slug: str) -> Organisation:
    """The organisation, when this person may know that it exists: visible, or of a territory she curates."""
    organisation = get_object_or_404(Organisation.objects.select_related("territory").defer("search"), slug=slug)
    if not can_read(request.user, organisation):
        raise Http404
    return organisation


def look_alikes(request: HttpRequest, typed: Any) -> tuple[list[Candidate], bool]:
    """Those that may be the same one, among what this person may read; and whether she said that none is."""
    neq = "".join(c for c in typed.get("neq", "")[:20] if c.isdigit())
    places = places_named(typed.get("territory", "")[:140])
    found = probable_duplicates(
        name=typed.get("name", "").replace("\x00", "")[:160],
        acronym=typed.get("acronym", "").replace("\x00", "")[:20],
        neq=neq,
        territory_id=places[0].id if len(places) == 1 else None,
        among=Organisation.objects.visible_to(request.user),
    )
    said = set(typed.get("distinct", "").split(","))
    return found, {str(c.organisation.pk) for c in found} <= said


def _registered_already(request: HttpRequest) -> Organisation | None:
    """The button was pressed twice: the first press, perhaps at this very moment, made it."""
    places = [p.id for p in places_named(request.POST.get("territory", "")[:140])]
    name = one_line(request.POST.get("name", "")[:160].replace("\x00", ""))
    return just_registered(by=request.user, name=name, territory_ids=places)  # type: ignore[arg-type]


def _put_back(form: OrganisationForm, draft: Draft) -> None:
    """Fill a form that nobody sent with what was being typed."""
    typed = as_post(draft)
    for name in form.Meta.fields:
        if name == "sectors":
            form.initial[name] = [v for v in typed.getlist(name) if v.isdigit()]
        elif name in typed:
            form.initial[name] = typed[name]


def _alike_context(found: list[Candidate], distinct: bool) -> dict[str, Any]:
    return {
        "candidates": found,
        "distinct": distinct,
        "distinct_value": ",".join(str(c.organisation.pk) for c in found),
    }


@never_cache
@require_safe
def organisation_duplicates(request: HttpRequest) -> HttpResponse:
    """What looks like the organisation being typed: a piece of page, for htmx."""
    return render(
        request, "directory/organisation/_duplicates.html", _alike_context(*look_alikes(request, request.GET))
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_create(request: HttpRequest) -> HttpResponse:
    """Register an organisation, once one has seen that it isn't there yet."""
    if not request.user.is_authenticated:
        return hold(request, NEW) if request.method == "POST" else redirect_to_login(request.get_full_path())
    found: list[Candidate] = []
    distinct = True
    form = OrganisationForm(request.POST or None, initial={"name": request.GET.get("nom", "")[:160]})
    if request.method == "POST":
        form = OrganisationForm(request.POST)
        if again := _registered_already(request):
            return redirect("organisation_team", slug=again.slug)
        found, distinct = look_alikes(request, request.POST)
        if form.is_valid() and distinct:
            try:
                organisation = create_organisation(
                    organisation=form.save(commit=False),
                    sectors=form.cleaned_data["sectors"],
                    by=request.user,
                )
            except NotPossible as refusal:
                form.add_error(None, str(refusal))
            else:
                membership = membership_of(request.user, organisation)
                forget(user=request.user, key=NEW)
                if membership:
                    act_for(request, membership)
                messages.success(
                    request,
                    _(
                        "%(name)s est inscrit. La CDC de votre territoire le valide d’abord : rien n’est public "
                        "d’ici là, mais vous pouvez déjà préparer vos ressources et inviter votre équipe."
                    )
                    % {"name": organisation.name},
                )
                return redirect("organisation_team", slug=organisation.slug)
        if again := _registered_already(request):
            return redirect("organisation_team", slug=again.slug)
    draft = recall(request, NEW) if request.method != "POST" else None
    if draft and "reprendre" in request.GET:
        _put_back(form, draft)
    return render(
        request,
        "directory/organisation/form.html",
        {
            "form": form,
            "municipalities": suggestions(),
            "create": True,
            "draft": draft,
            "draft_key": NEW,
            **_alike_context(found, distinct),
        },
        status=422 if request.method == "POST" else 200,
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what an organisation says. Of two people at once, the second is shown the difference."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            pk = Organisation.objects.filter(slug=slug).values_list("pk", flat=True).first()
            return hold(request, f"organisme:{pk or 0}")
        return redirect_to_login(request.get_full_path())
    organisation = find_organisation(request, slug)
    require(can_edit(request.user, organisation))
    before = organisation.name
    form = OrganisationForm(request.POST if request.method == "POST" else None, instance=organisation)
    base = form.base()
    key = f"organisme:{organisation.pk}"
    draft = recall(request, key) if request.method != "POST" else None
    if draft and "reprendre" in request.GET:
        _put_back(form, draft)
        base = draft.data.get("base", [base])[-1]
    differences: list[dict[str, str]] = []
    if request.method == "POST" and form.is_valid():
        said = OrganisationForm.read_base(request.POST.get("base", ""))
        try:
            organisation = change_organisation(form=form, base=said, by=request.user)
            if "renvoyer" in request.POST:
                submit_again(organisation=organisation, by=request.user)
        except EditedMeanwhile as meanwhile:
            stored = Organisation.objects.defer("search").get(pk=organisation.pk)
            fresh = OrganisationForm(instance=stored)
            differences = _differences(fresh, said, meanwhile.now, form.typed())
            form = OrganisationForm(_merged(request.POST, said, meanwhile.now, form.typed()), instance=stored)
            form.is_valid()
            base = fresh.base()
        except NotPossible as refusal:
            messages.warning(request, str(refusal))
            return redirect("organisation_edit", slug=slug)
        else:
            forget(user=request.user, key=key)
            messages.success(request, _saved(organisation, sent="renvoyer" in request.POST))
            shown = Organisation.objects.visible_to(request.user).filter(pk=organisation.pk).exists()
            return redirect("organisation_detail" if shown else "organisation_edit", slug=organisation.slug)
    elif request.method == "POST":
        base = request.POST.get("base", "")
    return render(
        request,
        "directory/organisation/form.html",
        {
            "form": form,
            "organisation": organisation,
            "title": before,
            "municipalities": suggestions(),
            "base": base,
            "differences": differences,
            "returned": organisation.status == Status.RETURNED,
            "draft": draft,
            "draft_key": key,
        },
        status=409 if differences else 422 if request.method == "POST" else 200,
    )


def _saved(organisation: Organisation, *, sent: bool) -> str:
    if sent:
        return _("Enregistré et renvoyé à la CDC de votre territoire.")
    if organisation.review_since and organisation.is_published:
        return _("Enregistré et publié. La CDC de votre territoire relira ce qui a changé.")
    return _("Enregistré.")


def _merged(data: QueryDict, base: Said | None, now: Said, typed: Said) -> QueryDict:
    """What she typed, and what the other one saved wherever she touched nothing."""
    merged = data.copy()
    for name, value in now.items():
        if base is not None and typed[name] == base.get(name):
            if isinstance(value, list):
                merged.setlist(name, value)
            else:
                merged[name] = value
    return merged


def _differences(form: OrganisationForm, base: Said | None, now: Said, typed: Said) -> list[dict[str, str]]:
    """Each field that someone else changed meanwhile: what is stored, and what she typed if she touched it."""
    rows = []
    for name, value in now.items():
        changed = typed[name] != value if base is None else base.get(name) != value
        if changed:
            mine = typed[name] if base is None or typed[name] != base.get(name) else None
            rows.append(
                {
                    "label": str(form.fields[name].label),
                    "before": form.readable(name, base.get(name, "")) if base is not None else "",
                    "stored": form.readable(name, value),
                    "typed": "" if mine is None else form.readable(name, mine),
                    "touched": "oui" if mine is not None and mine != value else "",
                }
            )
    return rows
