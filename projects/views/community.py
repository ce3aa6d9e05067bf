"""Communities: the list, the page of one, and what its members do there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from directory.lifecycle import moves
from directory.memberships import NotPossible, acting_for
from directory.permissions import awaits_reading, can_edit, readable
from directory.taxonomies import sectors, territories
from directory.views.listing import conditional, listing, respond
from directory.views.written import follows
from mutualisation.kernel import ical
from mutualisation.kernel.publication import Status
from mutualisation.kernel.requests import posted_from
from projects import announcing, communities
from projects.filters import CommunityFilterSet
from projects.forms.community import IdeaForm, PivotForm, QuestionForm, ShelfForm
from projects.models import Community, CommunityMember, Gathering, Idea, IdeaSupport, LibraryItem, Pivot
from projects.permissions import can_join, can_withdraw, member_of
from toolbox.models import Tool

TABLES = (*CommunityFilterSet.tables, "projects_gathering")
PIVOTS_SHOWN = 12
MOVES = ("publish", "submit", "archive")


def rows_of(request: HttpRequest) -> Any:
    return Community.objects.visible_to(request.user).listed()


@login_not_required
@require_safe
@conditional(*TABLES)
def community_list(request: HttpRequest) -> HttpResponse:
    """The communities, filtered."""
    found = listing(request, CommunityFilterSet, rows_of(request))
    coming = [] if request.GET else list(Gathering.objects.visible_to(request.user).to_come().for_list()[:5])
    pivots = _answering(request, found.filterset.cleaned)
    return respond(request, "projects/community/list.html", found, coming=coming, pivots=pivots)


def _answering(request: HttpRequest, cleaned: Any) -> list[Pivot]:
    """Whom to ask, in any community: for the sectors and the places chosen, and those who answer for all of them."""
    rows = Pivot.objects.standing().filter(community__in=rows_of(request))
    if chosen := cleaned.get("secteur"):
        rows = rows.filter(Q(sector__isnull=True) | Q(sector__in=sectors().within(chosen)))
    if chosen := cleaned.get("territoire"):
        around = {node.id for pk in territories().within(chosen) for node in territories().above(pk)}
        rows = rows.filter(Q(territory__isnull=True) | Q(territory__in=around | set(territories().within(chosen))))
    shown = rows.select_related("organisation", "community", "sector", "territory").only(
        "function", "organisation__name", "organisation__slug", "community__slug", "community__name", "sector__name",
        "territory__name",
    )  # fmt: skip
    return list(shown.order_by("sector__name", "function", "id")[:PIVOTS_SHOWN])


def fetch(request: HttpRequest, slug: str) -> Community:
    """The community at this address, for who may read it; 404 otherwise."""
    rows = Community.objects.select_related("organisation", "territory").defer("search", "organisation__search")
    found = readable(rows, request.user, slug)
    if found is None:
        raise Http404
    return found


@login_not_required
@require_safe
@never_cache
def community_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One community: its purpose, its gatherings, whom to ask, its library, its ideas, the organisations in it."""
    return _page(request, fetch(request, slug))


def _page(request: HttpRequest, community: Community, *, status: int = 200, **bound: Any) -> HttpResponse:
    gatherings = list(Gathering.objects.visible_to(request.user).filter(community=community).for_list()[:40])
    pivots = Pivot.objects.standing().filter(community=community).select_related("organisation", "sector", "territory")
    own = CommunityMember.objects.standing().filter(community=community, user=request.user.pk).values("organisation")
    ours = IdeaSupport.objects.filter(idea=OuterRef("pk"), organisation__in=own)
    ideas = (
        Idea.objects.filter(community=community, withdrawn_at__isnull=True)
        .select_related("organisation", "project__organisation")
        .annotate(
            supports_n=Count("supports", filter=Q(supports__organisation__status=Status.PUBLISHED)),
            is_supported=Exists(ours),
        )
        .order_by("-supports_n", "-at", "-id")
    )
    members = list(
        CommunityMember.objects.standing()
        .filter(community=community)
        .select_related("organisation", "user")
        .defer("organisation__search", "organisation__description")
    )
    named = [m for m in members if m.organisation.is_published]
    mine = next((m for m in members if m.user_id == request.user.pk), None)
    edits = request.user.is_authenticated and can_edit(request.user, community)
    facilitates = edits or (mine is not None and mine.is_facilitator)
    acting = acting_for(request)
    possible = [t for t in moves(request.user, community) if t.name in MOVES] if edits else []
    over = {g.pk for g in gatherings if g.status == "cancelled" or (g.is_past and g.status != "draft")}
    context = {
        "community": community,
        "coming": [g for g in reversed(gatherings) if g.pk not in over],
        "past": [g for g in gatherings if g.pk in over],
        "pivots": list(pivots.defer("organisation__search", "organisation__description")),
        "library": _library(request, community),
        "ideas": list(ideas.defer("organisation__search", "organisation__description", "project__search")),
        "members": members if facilitates else [],
        "organisations": list({m.organisation_id: m.organisation for m in named}.values()),
        "animated_by": sorted({m.organisation.name for m in named if m.is_facilitator}),
        "mine": mine,
        "facilitates": facilitates,
        "acting": acting,
        "may_join": mine is None and acting is not None and can_join(request.user, community, acting.organisation),
        "edits": edits,
        "moves": [
            t for t in possible if t.name == ("submit" if awaits_reading(request.user, community) else "publish")
        ],
        "waits": community.organisation.status != Status.PUBLISHED,
        "follows": follows(request.user, community) if edits else "",
        "may_archive": any(t.name == "archive" for t in possible),
        "pivot_form": bound.get("pivot_form") or (PivotForm() if mine else None),
        "idea_form": bound.get("idea_form") or (IdeaForm() if mine else None),
        "refused": bound.get("pivot_form") or bound.get("idea_form"),
    }
    response = render(request, "projects/community/detail.html", context, status=status)
    if not community.is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


def _library(request: HttpRequest, community: Community) -> list[LibraryItem]:
    """What it keeps at hand; a tool that became one with another leads to that other, once."""
    public = Tool.objects.visible_to(request.user).published()
    rows = LibraryItem.objects.filter(Q(tool__in=public) | Q(tool__merged_into__in=public), community=community)
    shown: dict[int, LibraryItem] = {}
    for row in rows.select_related("tool__merged_into").defer("tool__search", "tool__merged_into__search"):
        row.tool = row.tool.merged_into or row.tool
        shown.setdefault(row.tool_id, row)
    return list(shown.values())


def _tools(request: HttpRequest) -> Any:
    return Tool.objects.visible_to(request.user).published().only("slug", "title").order_by("sort_key", "id")


@login_not_required
@require_safe
def community_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """Its gatherings, past ones too, for calendars to follow."""
    community = get_object_or_404(Community.objects.visible_to(request.user), slug=slug)
    return calendar_of(community.gatherings.all(), request, name=community.name)


@login_not_required
@require_safe
def gathering_calendar(request: HttpRequest) -> HttpResponse:
    """Every gathering that anyone may come to, for calendars to follow."""
    return calendar_of(Gathering.objects.all(), request, name=_("Rencontres"))


def calendar_of(rows: Any, request: HttpRequest, *, name: str) -> HttpResponse:
    shown = rows.visible_to(request.user).exclude(status="draft").select_related("territory").order_by("starts_at")
    content = ical.calendar([announcing.event_of(g) for g in shown[:500]], name=name)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, max-age=300"
    return response


# ---- what members do


def act(verb: Callable[..., HttpResponse | None]) -> Callable[..., HttpResponse]:
    """A button of a community: one domain call, a sentence, back to its page."""

    @posted_from("community_detail", "slug")
    def view(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponse:
        community = fetch(request, slug)
        try:
            return verb(request, community, **kwargs) or redirect(community)
        except NotPossible as refusal:
            messages.warning(request, str(refusal))
            return redirect(community)

    view.__name__, view.__doc__ = verb.__name__, verb.__doc__
    return view


@act
def community_join(request: HttpRequest, community: Community) -> HttpResponse | None:
    """Belong to it, for the organisation one acts for."""
    acting = acting_for(request)
    if acting is None:
        return render(request, "directory/need/nobody.html")
    communities.join(community, by=request.user, organisation=acting.organisation)
    said = _("Vous en êtes, au nom de %(name)s. Les annonces vous viendront par courriel.")
    messages.success(request, said % {"name": acting.organisation.name})
    return None


@act
def community_leave(request: HttpRequest, community: Community) -> HttpResponse | None:
    communities.leave(community, by=request.user)
    messages.success(request, _("Vous n’en êtes plus. Vos idées restent; ce dont vous répondiez n’est plus affiché."))
    return None


@act
def community_tell(request: HttpRequest, community: Community) -> HttpResponse | None:
    """Announcements by e-mail, or no longer."""
    told = request.POST.get("annonces") == "oui"
    communities.tell(community, by=request.user, told=told)
    messages.success(
        request,
        _("Les annonces vous viendront par courriel.") if told else _("Vous ne recevrez plus les annonces."),
    )
    return None


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def community_stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link of each announcement: says what it will do, then does it, without signing in."""
    read = communities.read_stop(token)
    if read is None:
        return render(request, "projects/community/stop.html", {"community": None}, status=404)
    community, person = read
    done = request.method == "POST"
    if done:
        communities.tell(community, by=person, told=False)
    return render(request, "projects/community/stop.html", {"community": community, "done": done})


@act
def community_entrust(request: HttpRequest, community: Community, pk: int) -> HttpResponse | None:
    """Make a member a facilitator, or no longer."""
    member = get_object_or_404(CommunityMember.objects.select_related("community"), pk=pk, community=community)
    facilitates = request.POST.get("anime") == "oui"
    communities.entrust(member, by=request.user, facilitates=facilitates)
    messages.success(request, _("C’est fait."))
    return None


@act
def pivot_add(request: HttpRequest, community: Community) -> HttpResponse | None:
    if member_of(request.user, community) is None:
        raise Http404
    form = PivotForm(request.POST)
    if not form.is_valid():
        return _page(request, community, status=422, pivot_form=form)
    data = form.cleaned_data
    communities.be_pivot(
        community, by=request.user, function=data["function"], sector=data["sector"], territory=data["territory"]
    )
    messages.success(request, _("Merci : on peut maintenant vous écrire par le portail."))
    return None


@act
def pivot_remove(request: HttpRequest, community: Community, pk: int) -> HttpResponse | None:
    pivot = get_object_or_404(Pivot.objects.select_related("community"), pk=pk, community=community)
    communities.be_pivot_no_more(pivot, by=request.user)
    messages.success(request, _("Cette fonction n’est plus affichée."))
    return None


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def pivot_ask(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Write to a pivot through the portal."""
    community = fetch(request, slug)
    rows = Pivot.objects.standing().select_related("organisation", "community__organisation", "user")
    pivot = rows.filter(pk=pk, community=community).first()
    form = QuestionForm(request.POST or None, initial={"once": uuid.uuid4()})
    if pivot is None:
        if not request.POST.get("message"):
            raise Http404
        gone = {"community": community, "pivot": None, "form": form}
        return render(request, "projects/community/ask.html", gone, status=409)
    acting = acting_for(request)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            communities.ask_pivot(
                pivot, by=request.user, organisation=acting.organisation if acting else None,
                message=form.cleaned_data["message"], once=str(form.cleaned_data["once"]),
            )  # fmt: skip
        except NotPossible as refusal:
            problem = str(refusal)
        else:
            messages.success(request, _("Votre question est partie. La réponse viendra par courriel."))
            return redirect(community)
    context = {"community": community, "pivot": pivot, "form": form, "problem": problem}
    refused = request.method == "POST"
    return render(request, "projects/community/ask.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def shelf_add(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep a tool of the toolbox at hand."""
    community = fetch(request, slug)
    if member_of(request.user, community) is None:
        raise Http404
    form = ShelfForm(request.POST or None, tools=_tools(request))
    if form.is_valid():
        communities.shelve(community, form.cleaned_data["tool"], by=request.user, why=form.cleaned_data["why"])
        messages.success(request, _("L’outil est dans la bibliothèque."))
        return redirect(community)
    context = {"community": community, "form": form}
    refused = request.method == "POST"
    return render(request, "projects/community/shelf.html", context, status=422 if refused else 200)


@act
def shelf_remove(request: HttpRequest, community: Community, pk: int) -> HttpResponse | None:
    item = get_object_or_404(LibraryItem.objects.select_related("community"), pk=pk, community=community)
    communities.unshelve(item, by=request.user)
    messages.success(request, _("L’outil n’est plus dans la bibliothèque; il reste dans la boîte à outils."))
    return None


@act
def idea_add(request: HttpRequest, community: Community) -> HttpResponse | None:
    if member_of(request.user, community) is None:
        raise Http404
    form = IdeaForm(request.POST)
    if not form.is_valid():
        return _page(request, community, status=422, idea_form=form)
    communities.put_idea(community, by=request.user, **form.cleaned_data)
    messages.success(request, _("L’idée est dans la boîte. Votre organisme l’appuie déjà."))
    return None


@act
def idea_support(request: HttpRequest, community: Community, pk: int) -> HttpResponse | None:
    """One's organisation would take part, or no longer."""
    idea = get_object_or_404(Idea, pk=pk, community=community, withdrawn_at__isnull=True)
    wanted = request.POST.get("appui") != "non"
    communities.support(idea, by=request.user, wanted=wanted)
    messages.success(request, _("Votre organisme appuie l’idée.") if wanted else _("L’appui est retiré."))
    return None


@act
def idea_withdraw(request: HttpRequest, community: Community, pk: int) -> HttpResponse | None:
    idea = get_object_or_404(Idea.objects.select_related("community"), pk=pk, community=community)
    if not can_withdraw(request.user, idea):
        raise Http404
    communities.withdraw(idea, by=request.user)
    messages.success(request, _("L’idée est retirée."))
    return None
