"""Gatherings: the page of one, announcing it, taking a place, who came, the minutes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from directory.memberships import NotPossible, acting_for
from directory.views.written import both_versions
from directory.writing import OutdatedError
from mutualisation.kernel import ical
from mutualisation.kernel.lifecycle import AlreadyMoved
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects import announcing, gatherings
from projects.forms.gathering import GatheringForm, MinutesForm, PlaceForm
from projects.models import CommunityMember, Gathering, GatheringStatus, Registration, RegistrationStatus
from projects.permissions import can_facilitate, can_hold
from projects.views.community import fetch

STALE = gettext_lazy(
    "Quelqu’un a changé cette rencontre entre-temps : voici où elle en est. "
    "Rien de ce que vous venez de faire n’a été enregistré."
)

TEMPLATE = "projects/gathering/form.html"


def found(request: HttpRequest, pk: int) -> Gathering:
    """The gathering, for who may read it."""
    rows = Gathering.objects.visible_to(request.user).select_related(
        "community__organisation", "community__territory", "territory"
    )
    row = rows.defer("community__search", "community__organisation__search").filter(pk=pk).first()
    if row is None:
        hidden = Gathering.objects.select_related("community__organisation", "community__territory", "territory")
        row = hidden.filter(pk=pk).first()
        if row is None or not can_hold(request.user, row):
            raise Http404
    return row


@login_not_required
@require_safe
@never_cache
def gathering_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One gathering: when, where, how many places are left, and one's own place."""
    return _page(request, found(request, pk))


def _page(request: HttpRequest, gathering: Gathering, *, status: int = 200, **bound: Any) -> HttpResponse:
    live = list(
        gathering.registrations.live()
        .select_related("organisation", "user")
        .defer("organisation__search", "organisation__description")
    )
    having = [r for r in live if r.status == RegistrationStatus.REGISTERED]
    waiting = sorted((r for r in live if r.status == RegistrationStatus.WAITING), key=lambda r: (r.at, r.pk))
    mine = next((r for r in live if r.user_id == request.user.pk), None)
    holds = can_hold(request.user, gathering)
    acting = acting_for(request)
    organisations = {r.organisation_id: r.organisation for r in having}
    public = [pk for pk, one in organisations.items() if one.status == Status.PUBLISHED]
    attended = Counter(r.organisation_id for r in having if r.attended)
    begun = gathering.status == GatheringStatus.ANNOUNCED and gathering.starts_at <= timezone.now()
    to_count = begun and all(r.attended is None for r in having)
    context = {
        "gathering": gathering,
        "community": gathering.community,
        "left": None if gathering.limit is None else max(0, gathering.limit - len(having)),
        "taken": len(having),
        "mine": mine,
        "rank": waiting.index(mine) + 1 if mine in waiting else 0,
        "waiting_n": len(waiting),
        "holds": holds,
        "having": having if holds else [],
        "waiting": waiting if holds else [],
        "organisations": [organisations[pk] for pk in public],
        "present": [organisations[pk] for pk in public if attended[pk]],
        "attended": [(organisations[pk], n) for pk, n in attended.items()] if holds else [],
        "acting": acting,
        "may_register": gathering.is_open and acting is not None and acting.organisation.status == Status.PUBLISHED,
        "place_form": bound.get("place_form") or PlaceForm(initial={"needs": mine.needs if mine else ""}),
        "minutes_form": bound.get("minutes_form")
        or MinutesForm(initial={"minutes": gathering.minutes, "sequence": gathering.sequence}),
        "refused": bound.get("place_form") or bound.get("minutes_form"),
        "begun": begun,
        "to_count": to_count,
        "to_tell": gathering.is_past and begun and gathering.minutes_at is None,
        "hindrance": gatherings.hindrance(gathering) if gathering.status == GatheringStatus.DRAFT else "",
        "shown": gathering.community.is_public or holds,
    }
    response = render(request, "projects/gathering/detail.html", context, status=status)
    if not gathering.community.is_public or gathering.status == GatheringStatus.DRAFT:
        response["X-Robots-Tag"] = "noindex"
    return response


@login_not_required
@require_safe
def gathering_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Its calendar file; with the connection link for who has a place."""
    gathering = found(request, pk)
    has_place = request.user.is_authenticated and gathering.registrations.filter(
        user=request.user, status=RegistrationStatus.REGISTERED
    ).exists()  # fmt: skip
    content = ical.calendar([announcing.event_of(gathering, link=has_place)])
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="rencontre.ics"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def gathering_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Prepare one; it is announced from its page, once it has been read over."""
    community = fetch(request, slug)
    if not can_facilitate(request.user, community):
        raise PermissionDenied
    form = GatheringForm(request.POST or None, instance=Gathering(community=community))
    if request.method == "POST" and form.is_valid():
        try:
            gathering = gatherings.prepare(community, form=form, by=request.user)
        except gatherings.Past as refusal:
            form.add_error("day", str(refusal))
        else:
            messages.success(request, _("La rencontre est prête : relisez-la, puis annoncez-la."))
            return redirect(gathering)
    context = {"form": form, "community": community, "gathering": None}
    refused = request.method == "POST"
    return render(request, TEMPLATE, context, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def gathering_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one; what someone else changed meanwhile is shown, never erased."""
    gathering = found(request, pk)
    if not can_hold(request.user, gathering):
        raise PermissionDenied

    def form_for(data: Any, row: Gathering) -> GatheringForm:
        return GatheringForm(data, instance=row)

    def drawn(form: GatheringForm, row: Gathering, **extra: Any) -> dict[str, Any]:
        return {"form": form, "community": gathering.community, "gathering": row, **extra}

    if request.method != "POST":
        form = form_for(None, gathering)
        return render(request, TEMPLATE, drawn(form, gathering, versions=form.fingerprint()))
    versions = request.POST.get("versions", "")
    try:
        form = gatherings.change(gathering, form_for=lambda row: form_for(request.POST, row), by=request.user)
    except OutdatedError as error:
        return both_versions(request, error.args[0], gathering, template=TEMPLATE, form_for=form_for, drawn=drawn)
    except AlreadyMoved:
        form = form_for(request.POST, gathering)
        return render(request, TEMPLATE, drawn(form, gathering, versions=versions, cancelled=True), status=409)
    if form.errors:
        return render(request, TEMPLATE, drawn(form, gathering, versions=versions), status=422)
    told = _("Vos changements sont enregistrés; les personnes inscrites l’apprennent par courriel.")
    messages.success(request, told if gatherings.tells(form) else _("Vos changements sont enregistrés."))
    return redirect(gathering)


@posted_from("gathering_detail", "pk")
def gathering_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Announce it, or cancel it."""
    gathering = found(request, pk)
    name = request.POST.get("geste", "")
    try:
        if name == "annoncer":
            gatherings.announce(gathering, by=request.user)
            messages.success(request, _("La rencontre est annoncée : les membres sont prévenus."))
        elif name == "annuler":
            gatherings.cancel(gathering, by=request.user, note=request.POST.get("note", ""))
            told = _("La rencontre est annulée : les personnes inscrites sont prévenues.")
            concerned = gathering.registrations.live().exists()
            messages.success(request, told if concerned else _("La rencontre est annulée."))
        else:
            raise Http404
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
    except AlreadyMoved:
        messages.warning(request, str(STALE))
    return redirect(gathering)


@posted_from("gathering_detail", "pk")
def gathering_register(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a place for the organisation that one acts for, or a rank in the waiting list; say how to be welcomed."""
    gathering = found(request, pk)
    acting = acting_for(request)
    if acting is None:
        return render(request, "directory/need/nobody.html")
    form = PlaceForm(request.POST)
    if not form.is_valid():
        return _page(request, gathering, status=422, place_form=form)
    already = gathering.registrations.live().filter(user=request.user.pk).exists()
    try:
        registration = gatherings.register(
            gathering, by=request.user, organisation=acting.organisation, needs=form.cleaned_data["needs"]
        )
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
        return redirect(gathering)
    if already:
        messages.success(request, _("Votre inscription tient toujours : ce que vous avez écrit est noté."))
    elif registration.status == RegistrationStatus.REGISTERED:
        messages.success(request, _("Votre place est réservée. Un courriel vous donne le rendez-vous à noter."))
    else:
        messages.info(request, _("C’est complet : vous êtes en liste d’attente. Un courriel vous dira si une place "
                                 "se libère."))  # fmt: skip
    return redirect(gathering)


@posted_from("gathering_detail", "pk")
def gathering_give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Give one's place back."""
    gathering = found(request, pk)
    try:
        had_place = gatherings.give_up(gathering, by=request.user)
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
        return redirect(gathering)
    messages.success(
        request,
        _("Votre place est libérée. Merci de l’avoir dit.")
        if had_place
        else _("Vous n’êtes plus sur la liste d’attente."),
    )
    return redirect(gathering)


@posted_from("gathering_detail", "pk")
def gathering_attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """Who came."""
    gathering = found(request, pk)
    present = [int(value) for value in request.POST.getlist("present") if value.isdecimal()]
    try:
        n = gatherings.count_present(gathering, by=request.user, present=present)
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
    else:
        said = ngettext("Présences inscrites : %(n)d personne.", "Présences inscrites : %(n)d personnes.", n)
        messages.success(request, said % {"n": n})
    return redirect(gathering)


@posted_from("gathering_detail", "pk")
def gathering_minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the minutes, or correct them."""
    gathering = found(request, pk)
    if not can_hold(request.user, gathering):
        raise PermissionDenied
    form = MinutesForm(request.POST)
    if not form.is_valid():
        return _page(request, gathering, status=422, minutes_form=form)
    data = form.cleaned_data
    try:
        gatherings.publish_minutes(gathering, by=request.user, text=data["minutes"], sequence=data["sequence"])
    except NotPossible as refusal:
        form.add_error("minutes", str(refusal))
        return _page(request, gathering, status=422, minutes_form=form)
    except AlreadyMoved:
        standing = get_object_or_404(Gathering, pk=pk)
        form.data = {**form.data.dict(), "sequence": str(standing.sequence)}  # type: ignore[attr-defined]
        form.add_error("minutes", _("Quelqu’un a changé cette rencontre entre-temps : votre texte est gardé ici. "
                                    "Relisez, puis publiez de nouveau."))  # fmt: skip
        return _page(request, found(request, pk), status=409, minutes_form=form)
    messages.success(request, _("Le compte rendu est publié."))
    return redirect(gathering)


def coming_for(user: Any) -> list[Gathering]:
    """The gatherings to come that one goes to (``registered_as``) or facilitates (``is_held``), for « Mon espace »."""
    hers = Registration.objects.live().filter(user=user, gathering=OuterRef("pk")).values("status")
    held = CommunityMember.objects.standing().filter(user=user, is_facilitator=True, community=OuterRef("community"))
    rows = Gathering.objects.to_come().annotate(registered_as=Subquery(hers[:1]), is_held=Exists(held))
    return list(rows.filter(Q(registered_as__isnull=False) | Q(is_held=True)).for_list()[:5])
