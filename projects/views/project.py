"""Collective projects: the list, the page of one, to print too; follow one, support it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from directory.exchange.feeds import atom
from directory.exchange.geojson import places
from directory.exchange.spreadsheets import export
from directory.memberships import acting_for
from directory.models import Need, NeedState, Organisation
from directory.permissions import can_read
from directory.views.export import spreadsheet
from directory.views.listing import conditional, listing, respond
from mutualisation.kernel.requests import posted_from
from projects.contributions import NotPossible, missing_roles, offer
from projects.exchange import project_jsonld
from projects.filters import ProjectFilterSet
from projects.financing import financing
from projects.forms.fields import written
from projects.ledger import lines_of
from projects.lifecycle import Facts
from projects.linking import brought_to
from projects.models import (
    ROLE_HELP,
    STEPS,
    Community,
    ContributionRole,
    Determinant,
    Document,
    Effect,
    Follower,
    Idea,
    NewsPhoto,
    Part,
    Participation,
    Project,
)
from projects.news import follow, read_stop, unfollow
from projects.views.project_edit import owner_panel
from toolbox.models import ModelAgreement

TABLES = ProjectFilterSet.tables
NEWS_SHOWN = 10
MODEL_AGREEMENT = "protocole-de-partenariat"


def _rows(request: HttpRequest) -> QuerySet[Project]:
    return Project.objects.visible_to(request.user).listed()


@login_not_required
@require_safe
@conditional(*TABLES)
def project_list(request: HttpRequest) -> HttpResponse:
    """What is built together, filtered."""
    return respond(request, "projects/project/list.html", listing(request, ProjectFilterSet, _rows(request)))


@login_not_required
@require_safe
@conditional(*TABLES)
def project_feed(request: HttpRequest) -> HttpResponse:
    """The newest projects of the same list, as an Atom feed."""
    return atom(request, ProjectFilterSet, _rows(request))


@login_not_required
@require_safe
@conditional(*TABLES)
def project_places(request: HttpRequest) -> JsonResponse:
    """Where the projects of the same list are, by place, as GeoJSON."""
    return places(listing(request, ProjectFilterSet, _rows(request)).territory_counts())


@spreadsheet
def project_export(request: HttpRequest, form: str) -> HttpResponseBase:
    """The same list as a spreadsheet."""
    return export(request, ProjectFilterSet, _rows(request), form=form)


def found(request: HttpRequest, slug: str) -> Project:
    """The project at this address, for who may read it; 404 otherwise."""
    project = Project.objects.select_related("organisation").defer("search", "organisation__search").filter(slug=slug)
    one = project.first()
    if one is None or not (one.is_public or can_read(request.user, one)):
        raise Http404
    return one


def _whole() -> QuerySet[Project]:
    """With the small things that hang from it, in the same query."""
    links = Project.territories.through.objects.filter(project_id=OuterRef("pk")).order_by("territory__name")
    effects = Effect.objects.filter(project_id=OuterRef("pk")).order_by("position", "id")
    documents = Document.objects.filter(project_id=OuterRef("pk")).order_by("-added_at", "-id")
    said = JSONObject(uid="uid", title="title", kind="kind", size="size")
    became = Idea.objects.filter(project=OuterRef(OuterRef("pk"))).values("community")
    boxes = Community.objects.visible_to(AnonymousUser()).filter(pk__in=became).order_by("name")
    return (
        Project.objects.select_related("organisation")
        .defer("search", "organisation__search", "organisation__description")
        .annotate(
            territory_names=ArraySubquery(links.values("territory__name")),
            effect_rows=ArraySubquery(effects.values(said=JSONObject(value="value", label="label"))),
            document_rows=ArraySubquery(documents.values(said=said)),
            community_rows=ArraySubquery(boxes.values(said=JSONObject(name="name", slug="slug"))),
        )
    )


@login_not_required
@require_safe
@conditional(*TABLES, "directory_need", "toolbox_term")
def project_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """The sheet of one project: where it stands, who does what, what each brings, what is told, what it lacks."""
    project: Any = _whole().filter(slug=slug).first()
    if project is None:
        return _renamed(request, slug)
    if not project.is_public and not can_read(request.user, project):
        raise Http404
    taking_part = list(
        Participation.objects.welcomed()
        .filter(project=project, organisation__in=Organisation.objects.visible_to(request.user).published())
        .select_related("organisation")
        .defer("organisation__search", "organisation__description")
        .order_by("answered_at", "id")
    )
    photos = NewsPhoto.objects.filter(news_id=OuterRef("pk")).order_by("id")
    measured = JSONObject(uid="uid", alt="alt", width="width", height="height")
    news = list(
        project.news.annotate(photo_rows=ArraySubquery(photos.values(said=measured))).order_by("-published_at", "-id")[
            : NEWS_SHOWN + 1
        ]
    )
    milestones, fundings = list(project.milestones.all()), list(project.fundings.all())
    needs = list(
        Need.objects.visible_to(request.user)
        .published()
        .filter(project_link__project=project)
        .for_list()
        .order_by("state", "-published_at", "-id")
    )
    lines, total = lines_of(project)
    brought = brought_to(needs, request.user)
    facts = Facts(
        bearers=sum(p.part == Part.CARRIES for p in taking_part),
        partners=sum(p.part == Part.PARTNERS for p in taking_part),
        roles=len({role for p in taking_part for role in p.roles}),
        evaluators=sum("evaluateur" in p.roles for p in taking_part),
        fundings=len(fundings),
        granted=sum(f.state == "obtenu" for f in fundings),
        milestones=len(milestones),
        reached=sum(m.done_on is not None for m in milestones),
        news=len(news),
        effects=len(project.effect_rows),
        promised=len(lines),
        delivered=sum(line.came for line in lines),
        territories=len(project.territory_names),
    )
    acting = acting_for(request)
    mine = _mine(acting, project)
    takes_part = acting is not None and any(p.organisation_id == acting.organisation_id for p in taking_part)
    leads = owner_panel(request, project, facts)
    leading = {project.organisation_id, *(p.organisation_id for p in taking_part if p.part == Part.CARRIES)}
    response = render(
        request,
        "projects/project/detail.html",
        {
            "project": project,
            "owner": leads,
            "steps": _steps(project),
            "parts": [
                (part, str(label), [p for p in taking_part if p.part == part])
                for part, label in PART_WORDS
                if any(p.part == part for p in taking_part)
            ],
            "carriers": [p for p in taking_part if p.part == Part.CARRIES],
            "roles": [
                {
                    "role": role.value, "label": role.label, "help": ROLE_HELP[role],
                    "who": list({p.organisation_id: p.organisation for p in taking_part if role in p.roles}.values()),
                }
                for role in ContributionRole
            ],
            "missing": missing_roles(taking_part),
            "determinants": [Determinant(d).label for d in project.determinants],
            "milestones": milestones,
            "fundings": fundings,
            "news": news[:NEWS_SHOWN],
            "needs": [(n, brought[n.pk]) for n in needs if n.organisation_id in leading and n.state == NeedState.OPEN],
            "met": [(n, brought[n.pk]) for n in needs if n.organisation_id in leading and n.state != NeedState.OPEN],
            "answers": [n for n in needs if n.organisation_id not in leading],
            "lines": lines,
            "total": total,
            "money": financing(project, fundings, lines, total),
            "jsonld": project_jsonld(project, taking_part, request.build_absolute_uri) if project.is_public else "",
            "acting": acting,
            "mine": mine,
            "takes_part": takes_part,
            "follows": request.user.is_authenticated
            and Follower.objects.filter(project=project, user=request.user).exists(),
            "agreement": _agreement(project, taking_part) if leads or takes_part else "",
        },
    )  # fmt: skip
    if not project.is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


PART_WORDS = (
    (Part.CARRIES, gettext_lazy("Portent le projet")),
    (Part.PARTNERS, gettext_lazy("Partenaires")),
    (Part.FUNDS, gettext_lazy("Financent")),
    (Part.SUPPORTS, gettext_lazy("Appuient le projet")),
)


def _agreement(project: Project, taking_part: list[Participation]) -> str:
    """The agreement between the first bearer and the partners."""
    bearers = [p.organisation.name for p in taking_part if p.part == Part.CARRIES]
    partners = [p.organisation.name for p in taking_part if p.part == Part.PARTNERS]
    bearer, *others = bearers or [project.organisation.name]
    return agreement_address(project, bearer, [*others, *partners])


def _mine(acting: Any, project: Project) -> list[Participation]:
    """The participations of the organisation one acts for, those that end aside."""
    if acting is None:
        return []
    rows = Participation.objects.filter(project=project, organisation=acting.organisation_id)
    kept = [Participation.Status.OFFERED, Participation.Status.WELCOMED, Participation.Status.DECLINED]
    return list(rows.filter(status__in=kept).order_by("id"))


def _steps(project: Project) -> list[dict[str, Any]]:
    """The five stages, those that are behind and the one where it is, or where it stood."""
    here = STEPS.index(project.reached)
    return [
        {"label": stage.label, "done": n < here or project.is_ended, "here": n == here and not project.is_ended}
        for n, stage in enumerate(STEPS)
    ]


def agreement_address(project: Project, bearer: str, partners: Iterable[str]) -> str:
    """Where the partnership agreement is filled in, what the project knows already written; nothing without a model."""
    if not ModelAgreement.objects.in_force().filter(slug=MODEL_AGREEMENT).exists():
        return ""
    first, *others = [*partners, ""]
    said = {
        "projet_nom": project.title, "besoin": project.standfirst, "preteur.nom": bearer, "emprunteur.nom": first,
        "autres_partenaires": "\n".join(filter(None, others)), "territoire": project.place,
        "budget": "" if project.budget is None else written(project.budget),
    }  # fmt: skip
    known = urlencode({name: value for name, value in said.items() if value})
    return reverse("model_agreement_fill", args=[MODEL_AGREEMENT]) + f"?{known}"


def _renamed(request: HttpRequest, slug: str) -> HttpResponse:
    """Where a project that bore this address went, for who may see it (301); 404 otherwise."""
    event = apps.get_model("projects", "ProjectEvent")
    once = event.objects.filter(slug=slug).order_by("-pgh_created_at", "-pgh_id").values_list("pgh_obj_id", flat=True)
    visible = Project.objects.visible_to(request.user)
    moved = visible.filter(pk=pk).only("slug").first() if (pk := once.first()) else None
    if moved is None:
        raise Http404
    return redirect(moved, permanent=True)


# ---- follow, support


@posted_from("project_detail", "slug")
def project_follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Be told of its news by e-mail, or no more."""
    project = found(request, slug)
    if request.POST.get("suivre") == "non":
        unfollow(project=project, by=request.user)
        messages.success(request, _("Vous ne suivez plus ce projet."))
    else:
        follow(project=project, by=request.user)
        messages.success(request, _("Vous suivez ce projet : chaque nouvelle vous arrivera par courriel."))
    return redirect(project)


@posted_from("project_detail", "slug")
def project_support(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that the organisation one acts for supports it: nothing more is asked, nobody has to answer."""
    project = found(request, slug)
    acting = acting_for(request)
    if acting is None:
        messages.warning(request, _("Appuyer un projet se fait au nom d’un organisme : joignez-vous d’abord au vôtre."))
        return redirect(project)
    try:
        offer(project=project, organisation=acting.organisation, part=Part.SUPPORTS, by=request.user)
    except NotPossible as answer:
        messages.warning(request, str(answer))
    else:
        said = _("Merci! %(who)s appuie maintenant ce projet.")
        messages.success(request, said % {"who": acting.organisation.name})
    return redirect(project)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def project_unfollow(request: HttpRequest, token: str) -> HttpResponse:
    """The link of each e-mail: says what it will do, then does it, without signing in."""
    read = read_stop(token)
    if read is None:
        return render(request, "projects/project/unfollow.html", {"project": None}, status=404)
    project, person = read
    done = request.method == "POST"
    if done:
        unfollow(project=project, by=person)
    return render(request, "projects/project/unfollow.html", {"project": project, "done": done})
