"""Posting a resource: choose the kind, fill the form, change it, pause, duplicate, publish; and the list of mine."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.drafts import forget, hold, recall
from directory.completeness import completeness
from directory.forms.kinds import FORMS
from directory.forms.resource import VISIBILITY_HELP, ResourceForm
from directory.freshness import confirm_path, is_stale
from directory.lifecycle import move, moves
from directory.memberships import acting_for, memberships_of
from directory.models import Kind, Need, Organisation, Resource
from directory.permissions import awaits_reading, can_block, can_edit
from directory.posting import change, duplicate, pause, post
from directory.views.written import asked_for, editable_among, first_values, follows, side_by_side
from directory.writing import OutdatedError
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.pagination import asked_page, pager
from mutualisation.kernel.publication import Status

PAGE_SIZE = 30
MOVES = ("publish", "submit", "archive")  # returning needs a note: the curators' pages do it
OFFERS = {
    Kind.MATERIEL: gettext_lazy("Chaudrons, tente, fourgonnette, projecteur : ce qui se prête et se rend."),
    Kind.LOCAUX: gettext_lazy("Salle, cuisine, bureau, entrepôt : un lieu libre à certaines heures."),
    Kind.HUMAIN: gettext_lazy("Du temps d’une personne salariée : poste partagé, remplacement, relève."),
    Kind.EXPERTISE: gettext_lazy("Un savoir-faire : formation, conseil, accompagnement, gouvernance."),
}


def editable(request: HttpRequest, slug: str) -> Resource:
    """The resource, for who may change it: 403 for who may only read it, 404 for who may not know of it."""
    return editable_among(request, Resource.objects.select_related("organisation", "category", "territory"), slug)


def _new_key(kind: str, organisation_id: Any) -> str:
    return f"ressource:nouvelle:{kind}:{organisation_id}"


def _drawn(request: HttpRequest, form: ResourceForm, organisation: Organisation, key: str, **extra: Any) -> dict:
    """What the form's page needs."""
    draft = extra.pop("draft", None)
    return {
        "form": form,
        "kind": Kind(form.kind),
        "organisation": organisation,
        "sections": [
            (anchor, label, [form[name] for name in names], any(n in form.errors for n in _names(form, anchor, names)))
            for anchor, label, names in form.sections
        ],
        "essential": [form[name] for name in form.essential],
        "visibility_help": VISIBILITY_HELP,
        "draft_key": key,
        "draft": draft,
        "versions": form.fingerprint(),
        "once": request.POST.get("once") or str(uuid.uuid4()),
        "acting": acting_for(request),
        "resource": None,
        "need": None,
        "follows": follows(request.user, form.instance),
        "conflict": False,
        "differences": [],
        **extra,
    }


def _names(form: ResourceForm, anchor: str, names: tuple[str, ...]) -> list[str]:
    return [n for n in form.fields if n[0] == "h" and n[1].isdigit()] if anchor == "heures" else list(names)


@require_safe
def resource_offer(request: HttpRequest) -> HttpResponse:
    """What do you offer? One of the four kinds."""
    offers = [{"kind": kind, "examples": OFFERS[kind]} for kind in Kind]
    return render(request, "directory/resource/offer.html", {"offers": offers, "acting": acting_for(request)})


@login_not_required  # a form sent after the session expired is kept, then one signs in
@require_http_methods(["GET", "HEAD", "POST"])
def resource_create(request: HttpRequest, kind: str) -> HttpResponse:
    """Fill the form of a kind; what comes out is a draft, in the name of the organisation one acts for."""
    if kind not in FORMS:
        raise Http404
    if not request.user.is_authenticated:
        if request.method == "POST":
            return hold(request, _new_key(kind, request.POST.get("organisation", "")[:20]))
        return redirect_to_login(request.get_full_path())
    acting = asked_for(request)
    if acting is None:
        return redirect("resource_offer")
    organisation = acting.organisation
    key = _new_key(kind, organisation.pk)
    need = _need(request, kind, organisation)
    blank = Resource(kind=kind, organisation=organisation, answers=need)
    if request.method == "POST":
        form = post(
            form_for=lambda row: FORMS[kind](request.POST, instance=row, organisation=organisation),
            blank=blank,
            by=request.user,
            once=request.POST.get("once", ""),
        )
        if form.errors:
            context = _drawn(request, form, organisation, key, need=need)
            return render(request, "directory/resource/form.html", context, status=422)
        forget(user=request.user, key=key)
        messages.success(request, _("Votre brouillon est enregistré. Il reste à ajouter des photos et à publier."))
        return redirect("resource_photos", slug=form.instance.slug)
    draft = recall(request, key)
    said = {"name": need.name, "category": need.category_id} if need else {}
    form = FORMS[kind](instance=blank, organisation=organisation, initial=said)
    first_values(request, form, draft)
    context = _drawn(request, form, organisation, key, draft=draft, need=need)
    return render(request, "directory/resource/form.html", context)


def _need(request: HttpRequest, kind: str, organisation: Organisation) -> Need | None:
    """The need of another organisation that one answers, as the address says."""
    slug = request.GET.get("besoin", "")
    if not slug or "\x00" in slug:
        return None
    asked = Need.objects.visible_to(request.user).filter(slug=slug[:200], kind=kind).exclude(organisation=organisation)
    return asked.select_related("organisation").defer("search", "organisation__search").first()


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def resource_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a resource; a colleague's change made meanwhile is shown, never erased."""
    if not request.user.is_authenticated:
        if request.method == "POST":
            pk = Resource.objects.filter(slug=slug).values_list("pk", flat=True).first()
            return hold(request, f"ressource:{pk or 0}")
        return redirect_to_login(request.get_full_path())
    resource = editable(request, slug)
    organisation = resource.organisation
    key = f"ressource:{resource.pk}"
    form_class = FORMS[resource.kind]
    template = "directory/resource/form.html"
    if request.method == "POST":
        try:
            form = change(
                resource,
                form_for=lambda row: form_class(request.POST, instance=row, organisation=organisation),
                by=request.user,
            )
        except OutdatedError as error:
            return render(request, template, _conflict(request, error.args[0], resource, form_class, key), status=409)
        if form.errors:
            context = _drawn(request, form, organisation, key, resource=resource, versions=form.data.get("versions"))
            return render(request, template, context, status=422)
        forget(user=request.user, key=key)
        messages.success(request, _("Vos changements sont enregistrés."))
        shown = Resource.objects.visible_to(request.user).filter(pk=resource.pk).exists()
        return redirect("resource_detail" if shown else "resource_edit", slug=form.instance.slug)
    draft = recall(request, key)
    form = form_class(instance=resource, organisation=organisation)
    context = _drawn(request, form, organisation, key, draft=draft, resource=resource)
    if draft and "reprendre" in request.GET:
        first_values(request, form, draft)
        context["versions"] = draft.data.get("versions", [context["versions"]])[-1]
    return render(request, template, context)


def _conflict(
    request: HttpRequest, typed: ResourceForm, resource: Resource, form_class: type[ResourceForm], key: str
) -> dict[str, Any]:
    """The form again: what the other changed beside what she typed; what she left alone takes the new value."""
    now = Resource.objects.select_related("organisation").get(pk=resource.pk)

    def form_for(data: Any) -> ResourceForm:
        return form_class(data, instance=now, organisation=now.organisation)

    again, differences = side_by_side(request, typed, form_for)
    return _drawn(
        request, again, now.organisation, key,
        resource=now, conflict=True, differences=differences, versions=form_for(None).fingerprint(),
    )  # fmt: skip


@require_POST
def resource_move(request: HttpRequest, slug: str) -> HttpResponse:
    """Publish, send to the curators, archive."""
    resource = editable(request, slug)
    name = request.POST.get("geste", "")
    if name not in MOVES:
        raise Http404
    try:
        move(resource, name, by=request.user)
    except AlreadyMoved:
        state = Resource.objects.get(pk=resource.pk).get_status_display()
        messages.warning(request, _("Rien n’a changé : cette fiche est déjà « %(state)s ».") % {"state": state})
    else:
        said = {
            "publish": _("C’est publié. Merci de partager!"),
            "submit": _("C’est envoyé à la curation : un courriel vous dira quand la fiche paraît."),
            "archive": _("La fiche est archivée : on ne la voit plus. Vous pouvez la publier de nouveau."),
        }
        messages.success(request, said[name])
    return _back(request, resource)


@require_POST
def resource_pause(request: HttpRequest, slug: str) -> HttpResponse:
    """Stop requests for a while, or take them again."""
    resource = editable(request, slug)
    paused = request.POST.get("pause") == "1"
    pause(resource, paused=paused, by=request.user)
    messages.success(
        request,
        _("En pause : on voit la fiche, on ne peut pas la demander.")
        if paused
        else _("On peut de nouveau la demander."),
    )
    return _back(request, resource)


@require_POST
def resource_duplicate(request: HttpRequest, slug: str) -> HttpResponse:
    """The same, as a draft."""
    resource = editable(request, slug)
    copy = duplicate(resource, by=request.user, once=request.POST.get("once", ""))
    messages.success(request, _("Voici une copie, en brouillon et sans photos. Changez ce qui diffère."))
    return redirect("resource_edit", slug=copy.slug)


def _back(request: HttpRequest, resource: Resource) -> HttpResponse:
    if request.POST.get("retour") == "liste":
        return redirect("my_resources")
    seen = Resource.objects.visible_to(request.user).filter(pk=resource.pk).exists()
    return redirect("resource_detail" if seen else "resource_edit", slug=resource.slug)


@require_safe
def my_resources(request: HttpRequest) -> HttpResponse:
    """What my organisation posts: where each entry stands, how fresh, how complete, what to add."""
    acting = acting_for(request)
    if acting is None:
        return render(request, "directory/resource/mine.html", {"acting": None})
    mine = Resource.objects.filter(organisation=acting.organisation_id)
    counts = dict(mine.order_by().values_list("status").annotate(n=Count("*")))
    state = request.GET.get("etat", "")
    state = state if state in Status.values else ""
    chosen = mine.filter(status=state) if state else mine.exclude(status=Status.ARCHIVED)
    total = counts.get(state, 0) if state else sum(n for s, n in counts.items() if s != Status.ARCHIVED)
    last = max(1, -(-total // PAGE_SIZE))
    number = min(asked_page(request.GET.get("page")) or 1, last)
    rows = chosen.select_related("organisation", "category").defer("search").prefetch_related("photos", "opening_hours")
    rows = rows.order_by("sort_key", "id")[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    query = f"etat={state}&" if state else ""
    return render(
        request,
        "directory/resource/mine.html",
        {
            "acting": acting,
            "rows": [{"r": r, "done": completeness(r)} for r in rows],
            "total": total,
            "state": state,
            "states": [(s.value, s.label, counts[s.value]) for s in Status if counts.get(s.value)],
            "count": sum(n for s, n in counts.items() if s != Status.ARCHIVED),
            "pager": pager(number, total, PAGE_SIZE, lambda n: f"?{query}page={n}"),
        },
    )


def owner_panel(request: HttpRequest, resource: Resource) -> dict[str, Any] | None:
    """What those who may change an entry see on its page; None for everyone else."""
    if not request.user.is_authenticated or not can_edit(request.user, resource):
        return None
    return {
        "moves": [t for t in moves(request.user, resource) if t.name in MOVES],
        "done": completeness(resource),
        "once": str(uuid.uuid4()),
        "waits": resource.organisation.status != Status.PUBLISHED,
        "read_first": awaits_reading(request.user, resource),
        "follows": follows(request.user, resource),
        "confirm": confirm_path(resource) if is_stale(resource) else "",
        "blocks": can_block(request.user, resource),
        "member": any(m.organisation_id == resource.organisation_id for m in memberships_of(request)),
    }
