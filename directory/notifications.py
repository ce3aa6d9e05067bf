"""What the directory writes to people: one function an event, called by the verb, inside its transaction."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from accounts.mail import absolute, write
from directory.models import Decision, Invitation, JoinRequest, Need, Organisation, Report, Resource, Role
from directory.models.curated import Entry, kept_as
from directory.permissions import curators_of, managers_of


def organisation_submitted(organisation: Organisation, *, by: Any) -> None:
    """A new organisation awaits validation → the curators of its place."""
    for curator in curators_of(organisation):
        write(
            event=f"organisation-submitted:{organisation.pk}:{organisation.updated_at.isoformat()}",
            to=curator.email,
            template="organisation_submitted",
            organisation=organisation,
            author=by,
            action_url=absolute("/moderation/"),
        )


def proposed(entry: Entry, *, by: Any) -> None:
    """A story, a tool, whatever a person proposed awaits a decision → the curators of its places."""
    kept = kept_as(entry)
    for curator in curators_of(entry).exclude(pk=by.pk):
        write(
            event=f"{kept.name}-submitted:{entry.pk}:{entry.updated_at.isoformat()}",
            to=curator.email,
            template="proposed",
            entry=entry,
            noun=kept.model._meta.verbose_name,
            lead=getattr(entry, kept.lead),
            author=by,
            action_url=absolute(f"/moderation/?fiche=new.{kept.name}.{entry.pk}"),
        )


def entry_submitted(entry: Resource | Need, *, by: Any) -> None:
    """A resource or a need awaits to be read before it is public → the curators of its places."""
    for curator in curators_of(entry).exclude(pk=by.pk):
        write(
            event=f"entry-submitted:{entry._meta.model_name}:{entry.pk}:{entry.updated_at.isoformat()}",
            to=curator.email,
            template="entry_submitted",
            entry=entry,
            author=by,
            action_url=absolute(f"/moderation/?fiche=new.{entry._meta.model_name}.{entry.pk}"),
        )


def answered(resource: Resource, need: Need) -> None:
    """What one looks for is offered → who asked and the managers, else everyone there; who may see it, once."""
    if not (need.is_public and need.is_asked):
        return
    ours = need.organisation.memberships.filter(user__is_active=True).select_related("user").order_by("pk")
    answering = ours.filter(Q(role=Role.MANAGER) | Q(user=need.created_by_id))
    for person in (membership.user for membership in answering or ours):
        if Resource.objects.visible_to(person).filter(pk=resource.pk).exists():
            write(
                event=f"need-answered:{need.pk}:{resource.pk}",
                to=person.email,
                template="need_answered",
                need=need,
                resource=resource,
                organisation=resource.organisation,
                action_url=absolute(resource.get_absolute_url()),
                need_url=absolute(need.get_absolute_url()),
            )


def join_requested(request: JoinRequest, *, managed: bool) -> None:
    """Someone asks to act for an organisation → its managers; when nobody manages it → its curators."""
    answerers = managers_of(request.organisation) if managed else curators_of(request.organisation)
    for person in answerers:
        write(
            event=f"join-requested:{request.pk}",
            to=person.email,
            template="join_requested",
            organisation=request.organisation,
            author=request.user,
            message=request.message,
            managed=managed,
            action_url=absolute(reverse("organisation_team", args=[request.organisation.slug])),
        )


def join_answered(request: JoinRequest, *, accepted: bool, role: str, note: str) -> None:
    """Yes or no → the person who asked."""
    where = reverse("my_space") if accepted else reverse("organisation_list")
    write(
        event=f"join-answered:{request.pk}",
        to=request.user.email,
        template="join_answered",
        organisation=request.organisation,
        accepted=accepted,
        role=role,
        note=note,
        action_url=absolute(where),
    )


def invited(invitation: Invitation, *, token: str, by: Any) -> None:
    """Come and act with us → the address invited. The only place where the token is ever written."""
    write(
        event=f"invited:{invitation.pk}",
        to=invitation.email,
        template="invitation",
        organisation=invitation.organisation,
        author=by,
        role=invitation.get_role_display(),
        expires_at=invitation.expires_at,
        action_url=absolute(reverse("invitation", args=[token])),
    )


def invitation_accepted(invitation: Invitation, *, by: Any) -> None:
    """The person invited is there → who invited her, as long as she is of the team."""
    inviter = managers_of(invitation.organisation).filter(pk=invitation.invited_by_id or 0).exclude(pk=by.pk).first()
    if inviter is None:
        return
    write(
        event=f"invitation-accepted:{invitation.pk}",
        to=inviter.email,
        template="invitation_accepted",
        organisation=invitation.organisation,
        person=by,
        role=invitation.get_role_display(),
        action_url=absolute(reverse("organisation_team", args=[invitation.organisation.slug])),
    )


def orphaned(organisation: Organisation, *, by: Any) -> None:
    """Nobody manages this organisation any more → the curators of its place."""
    organisation.refresh_from_db(fields=["orphan_since"])
    since = organisation.orphan_since.isoformat() if organisation.orphan_since else ""
    for curator in curators_of(organisation):
        write(
            event=f"orphan:{organisation.pk}:{since}",
            to=curator.email,
            template="organisation_orphan",
            organisation=organisation,
            author=by,
            resource_count=Resource.objects.published().filter(organisation=organisation).count(),
            action_url=absolute(organisation.get_absolute_url()),
        )


def removed(organisation: Organisation, *, person: Any, by: Any, when: str) -> None:
    """A manager took someone off the team → that person."""
    write(
        event=f"removed:{organisation.pk}:{person.pk}:{when}",
        to=person.email,
        template="member_removed",
        organisation=organisation,
        author=by,
        action_url=absolute(reverse("my_space")),
    )


def decided(decision: Decision, *, by: Any) -> None:
    """A curator decided about an entry → its author or managers; about a reported error → who reported it."""
    subject: Any = decision.entry
    entry: Any = subject
    if isinstance(subject, Report):
        people, entry = [subject.email], subject.entry
    elif decision.verb in ("publish", "return", "archive"):
        if isinstance(subject, Organisation):
            people = [u.email for u in managers_of(subject)]
        else:
            author = getattr(subject, "created_by", None) or getattr(subject, "proposed_by", None)
            owner = getattr(subject, "organisation", None)  # a story has none, and its author may be gone
            people = [author.email] if author else [u.email for u in managers_of(owner)] if owner else []
    else:
        return
    for address in people:
        write(
            event=f"decided:{decision.pk}",
            to=address,
            template="decided",
            entry=entry,
            verb=decision.verb,
            note=decision.note,
            action_url=absolute(reverse("my_space") if decision.verb == "return" else entry.get_absolute_url()),
        )


def to_confirm(
    organisation: Organisation, *, step: str, entries: list[Any], more: int, to: Any, when: datetime.datetime, path: str
) -> None:
    """Nobody confirmed these entries lately → one person of the organisation, once for all of them."""
    write(
        event=f"freshness:{step}:{organisation.pk}:{when.isoformat()}",
        to=to.email,
        template="to_confirm",
        organisation=organisation,
        step=step,
        entries=entries,
        more=more,
        action_url=absolute(path),
    )


def joined(
    organisation: Organisation, *, group: Any, others: list[str], needs: list[Need], way: str, message: str, to: Any,
    by: Any, stop: str,
) -> None:  # fmt: skip
    """Others look for the same thing: come and answer it together → one manager of the organisation."""
    write(
        event=f"together:{group.key}:{needs[0].pk}"[:160],
        to=to.email,
        template="together",
        organisation=organisation,
        group=group,
        others=others,
        needs=needs,
        way=way,
        message=message,
        author=by,
        action_url=absolute(group.get_absolute_url()),
        stop_url=absolute(stop),
    )
