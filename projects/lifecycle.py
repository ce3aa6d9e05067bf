"""The life of a project: its stages as one table, what each one takes, and what comes next.

A move is one conditional UPDATE: a stale page is refused (``AlreadyMoved``), never applied twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from directory.lifecycle import edited
from directory.models import Need, NeedState
from directory.permissions import require
from mutualisation.kernel.lifecycle import AlreadyMoved
from projects.models import ASIDE, STEPS, Project, Stage
from projects.permissions import can_lead, leading


@dataclass(frozen=True)
class StageMove:
    """One move: from which stages, to which (None: where it stood), in which words."""

    name: str
    sources: tuple[str, ...]
    target: str | None
    label: Promise | str
    main: bool = False


TABLE = (
    *(
        StageMove(f"avancer-{after}", (before,), after, _("Passer à l’étape « %(stage)s »"), main=True)
        for before, after in pairwise(STEPS)
    ),
    *(
        StageMove(f"revenir-{before}", (after,), before, _("Revenir à « %(stage)s »"))
        for before, after in pairwise(STEPS)
    ),
    StageMove("reprendre", (Stage.PAUSED,), None, _("Reprendre"), main=True),
    StageMove("rouvrir", (Stage.ENDED,), None, _("Rouvrir")),
    StageMove("pause", tuple(STEPS), Stage.PAUSED, _("Mettre en pause")),
    StageMove("terminer", (*STEPS, Stage.PAUSED), Stage.ENDED, _("Terminer le projet")),
)
BY_NAME = {m.name: m for m in TABLE}


@dataclass(frozen=True)
class Possible:
    """A move that this person may make now, in the words of its button."""

    name: str
    label: str
    main: bool


def stage_moves(user: Any, project: Project) -> list[Possible]:
    """What this person may do with the stage of the project as it stands."""
    if not can_lead(user, project):
        return []
    return [
        Possible(m.name, str(m.label) % {"stage": Stage(m.target or project.reached).label}, m.main)
        for m in TABLE
        if project.stage in m.sources
    ]


@transaction.atomic
def move_stage(project: Project, name: str, *, by: Any) -> Project:
    """Make one move; the end closes what the project still asks for.

    Raises PermissionDenied, or AlreadyMoved when the project no longer stands where the page said.
    """
    require(can_lead(by, project))
    chosen = BY_NAME[name]
    standing = Project.objects.select_for_update(of=("self",), no_key=True).get(pk=project.pk)
    if standing.stage not in chosen.sources:
        raise AlreadyMoved
    target = chosen.target or standing.stood_at
    stood_at = (standing.stood_at or standing.stage) if target in ASIDE else ""
    changes = {"stage": target, "stood_at": stood_at, "stage_since": timezone.localdate()}
    Project.objects.filter(pk=project.pk, stage=standing.stage).update(**changes)
    project.refresh_from_db(fields=["stage", "stood_at", "stage_since", "updated_at", "review_since", "status"])
    if target == Stage.ENDED:  # what its partners look for besides stays as it is
        asked = Need.objects.filter(project_link__project=project, organisation__in=leading(project))
        asked.filter(state=NeedState.OPEN).update(state=NeedState.CLOSED)
    edited(project, by=by)
    return project


# ---- what each stage takes

RETOLD = _("Ce que nous avons répondu au parcours guidé :")


def _in_own_words(project: Project) -> bool:
    """Whether the sheet says more than the answers that the guided path copied there."""
    lines = [line.strip() for line in project.description.splitlines()]
    retold = str(RETOLD) in lines
    return any(line and line != RETOLD and not (retold and line.startswith("- ")) for line in lines)


@dataclass(frozen=True)
class Facts:
    """What the checklists look at, counted once by the page."""

    bearers: int = 0
    partners: int = 0
    roles: int = 0
    evaluators: int = 0
    fundings: int = 0
    granted: int = 0
    milestones: int = 0
    reached: int = 0
    news: int = 0
    effects: int = 0
    promised: int = 0
    delivered: int = 0
    territories: int = 0


@dataclass(frozen=True)
class Check:
    """One thing that a stage takes, and whether the sheet says that it is there."""

    label: Promise | str
    holds: Callable[[Project, Facts], bool]


CHECKS: dict[str, tuple[Check, ...]] = {
    Stage.IDEA: (
        Check(_("L’idée se comprend sans vous : pourquoi et comment sont écrits"), lambda p, f: _in_own_words(p)),
        Check(_("On sait où : au moins un territoire"), lambda p, f: f.territories > 0),
        Check(_("Un organisme la porte"), lambda p, f: f.bearers > 0),
        Check(_("La place des personnes concernées est dite"), lambda p, f: bool(p.inclusion)),
    ),
    Stage.COCONSTRUCTION: (
        Check(_("Au moins deux partenaires sont là"), lambda p, f: f.partners >= 2),
        Check(_("Trois des six rôles sont tenus"), lambda p, f: f.roles >= 3),
        Check(_("Les conditions de réussite sont écrites"), lambda p, f: bool(p.conditions)),
        Check(_("Un bailleur ou un programme est visé"), lambda p, f: f.fundings > 0),
        Check(_("Des jalons donnent le calendrier"), lambda p, f: f.milestones > 0),
    ),
    Stage.EXPERIMENT: (
        Check(_("Chacun a dit ce qu’il apporte"), lambda p, f: f.promised > 0),
        Check(_("Quelqu’un mesure les effets : un évaluateur"), lambda p, f: f.evaluators > 0),
        Check(_("Un premier jalon est atteint"), lambda p, f: f.reached > 0),
        Check(_("Le journal raconte l’essai"), lambda p, f: f.news > 0),
    ),
    Stage.DEPLOYMENT: (
        Check(_("Des chiffres disent l’effet"), lambda p, f: f.effects > 0),
        Check(_("Un financement est obtenu"), lambda p, f: f.granted > 0),
        Check(_("Des apports promis sont venus"), lambda p, f: f.delivered > 0),
        Check(_("La forme de partage visée est choisie"), lambda p, f: bool(p.continuum)),
    ),
    Stage.LASTING: (
        Check(_("La dépense et les décisions se partagent : mutualisation ou fusion"),
              lambda p, f: p.continuum in ("mutualisation", "fusion")),
        Check(_("Des chiffres disent l’effet"), lambda p, f: f.effects > 0),
        Check(_("Plusieurs organismes portent le projet"), lambda p, f: f.bearers > 1),
    ),
}  # fmt: skip


def checklist(project: Project, facts: Facts) -> list[tuple[Promise | str, bool]]:
    """What the stage takes, each with whether it is there."""
    return [(check.label, check.holds(project, facts)) for check in CHECKS[project.reached]]
