"""Proposing a project and writing its sheet: created once, never over a colleague’s words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from directory.lifecycle import move, moves
from directory.permissions import is_member, require
from directory.writing import first_sending, free_address, insert, made_by, remember, rewrite
from mutualisation.kernel.publication import Status
from projects.models import Part, Participation, Project

RESERVED = {"proposer", "atom", "carte", "export", "nouveau", "suivi"}


def address_of(project: Project) -> str:
    return free_address(Project, project.title, fallback="projet", reserved=RESERVED, own=project.slug)


@transaction.atomic
def propose(
    *, form_for: Callable[[Project], Any], blank: Project, by: Any, once: str, publish: bool = False, roles: Any = ()
) -> Any:
    """Create a project in the name of an organisation, which carries it or only supports the idea, as the form says.

    Gives the form, valid and saved, or with its errors. The same form sent twice creates one; sent again after the
    Back button, it changes what the first sending made. ``publish`` makes it public at once where that may be.
    """
    require(is_member(by, blank.organisation))
    form = form_for(blank)
    if not form.is_valid():
        return form
    mark = first_sending(once, by=by)
    if mark is None and (made := made_by(once, Project, by=by)):
        form = rewrite(made, form_for=form_for, by=by, address=address_of)
    else:
        project = form.save(commit=False)
        project.proposed_by = by
        project.is_demo = project.organisation.is_demo
        insert(project, lambda: address_of(project))
        form.save_m2m()
        now = timezone.now()
        Participation.objects.create(
            project=project, organisation=project.organisation, offered_by=by, answered_by=by, answered_at=now,
            part=Part.CARRIES if form.cleaned_data["carries"] == "oui" else Part.SUPPORTS,
            status=Participation.Status.WELCOMED, roles=list(roles),
        )  # fmt: skip
        remember(mark, project)
    if publish and not form.errors:
        publish_if_may(form.instance, by=by)
    return form


@transaction.atomic
def change(project: Project, *, form_for: Callable[[Project], Any], by: Any, publish: bool = False) -> Any:
    """Save what a form says, unless another bearer changed the same fields; ``publish`` as in ``propose``."""
    form = rewrite(project, form_for=form_for, by=by, address=address_of)
    if publish and not form.errors:
        publish_if_may(form.instance, by=by)
    return form


def publish_if_may(project: Project, *, by: Any) -> None:
    """Make it public when it may be, or send it where curators read first; leave it while its organisation waits."""
    project.refresh_from_db(fields=["status"])
    possible = {t.name for t in moves(by, project)}
    if "publish" in possible:
        move(project, "publish", by=by)
    elif "submit" in possible and project.organisation.status == Status.PUBLISHED:
        move(project, "submit", by=by)
