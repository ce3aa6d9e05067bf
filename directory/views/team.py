"""The people of an organisation: who they are, who asks to join, who is invited, who leaves."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from directory.changes import team_timeline
from directory.forms.team import AnswerForm, InviteForm, JoinForm, LeaveForm, MemberForm
from directory.invitations import invite, revoke_invitation
from directory.memberships import (
    NotPossible,
    act_for,
    answer_request,
    ask_to_join,
    change_role,
    is_managed,
    leave,
    memberships_of,
    remove,
    set_signatory,
    withdraw_request,
)
from directory.models import Invitation, JoinRequest, Membership, Organisation, Role
from directory.permissions import can_answer, can_curate, can_manage, can_see_team, is_member, require
from directory.views.registration import find_organisation


def _team(request: HttpRequest, organisation: Organisation, form: InviteForm | None = None) -> HttpResponse:
    manages = can_manage(request.user, organisation)
    people = Membership.objects.filter(organisation=organisation, user__is_active=True).select_related("user")
    waiting = JoinRequest.objects.waiting().filter(organisation=organisation).select_related("user", "organisation")
    managers_first = sorted(people.order_by("created_at", "id"), key=lambda m: not m.is_manager)
    return render(
        request,
        "directory/organisation/team.html",
        {
            "organisation": organisation,
            "members": managers_first,
            "manages": manages,
            "mine": next((m for m in managers_first if m.user_id == request.user.pk), None),
            "requests": [r for r in waiting if can_answer(request.user, r)],
            "invitations": list(Invitation.objects.open().filter(organisation=organisation)) if manages else [],
            "form": form or InviteForm(),
            "roles": Role.choices,
            "managed": any(m.is_manager for m in managers_first),
            "moments": team_timeline(organisation) if manages or can_curate(request.user, organisation) else [],
        },
        status=422 if form and form.errors else 200,
    )


@never_cache
@require_http_methods(["GET", "HEAD"])
def organisation_team(request: HttpRequest, slug: str) -> HttpResponse:
    """Members, roles, mandates; for managers, requests and invitations."""
    organisation = find_organisation(request, slug)
    require(can_see_team(request.user, organisation))
    return _team(request, organisation)


@require_POST
def team_invite(request: HttpRequest, slug: str) -> HttpResponse:
    organisation = find_organisation(request, slug)
    require(can_manage(request.user, organisation))
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _team(request, organisation, form)
    try:
        invitation = invite(organisation=organisation, by=request.user, **form.cleaned_data)
    except NotPossible as refusal:
        form.add_error("email", str(refusal))
        return _team(request, organisation, form)
    messages.success(
        request,
        _("L’invitation est partie à %(email)s. Le lien vaut 14 jours.") % {"email": invitation.email},
    )
    return redirect("organisation_team", slug=slug)


@require_POST
def team_revoke(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    organisation = find_organisation(request, slug)
    require(can_manage(request.user, organisation))
    invitation = get_object_or_404(Invitation, pk=pk, organisation=organisation)
    try:
        revoke_invitation(invitation=invitation, by=request.user)
        messages.success(request, _("L’invitation de %(email)s est retirée.") % {"email": invitation.email})
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
    return redirect("organisation_team", slug=slug)


@require_POST
def team_answer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Accept or refuse someone who asks to join."""
    organisation = find_organisation(request, slug)
    require(can_see_team(request.user, organisation))
    asked = get_object_or_404(
        JoinRequest.objects.select_related("user", "organisation"), pk=pk, organisation=organisation
    )
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Choisissez d’accepter ou de refuser : rien n’a changé."))
        return redirect("organisation_team", slug=slug)
    try:
        answer_request(request=asked, by=request.user, **form.cleaned_data)
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
    else:
        accepted = form.cleaned_data["accepted"]
        sentence = _("%(name)s fait maintenant partie de l’organisme.") if accepted else _("La demande est refusée.")
        messages.success(request, sentence % {"name": asked.user.name or asked.user.email} if accepted else sentence)
    return redirect("organisation_team", slug=slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def team_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """The role of one person and her mandate to sign."""
    organisation = find_organisation(request, slug)
    require(can_manage(request.user, organisation))
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, organisation=organisation)
    initial = {"role": member.role, "is_signatory": member.is_signatory, "resolution_on": member.resolution_on}
    form = MemberForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _apply(member, form.cleaned_data, request.user)
        except NotPossible as refusal:
            form.add_error("role", str(refusal))
        else:
            messages.success(request, _("Le rôle de %(name)s est enregistré.") % {"name": member.user})
            if member.user_id == request.user.pk and form.cleaned_data["role"] != Role.MANAGER:
                return redirect("my_space")
            return redirect("organisation_team", slug=slug)
    return render(
        request,
        "directory/organisation/member.html",
        {"organisation": organisation, "member": member, "form": form, "self": member.user_id == request.user.pk},
        status=422 if form.errors else 200,
    )


def _apply(member: Membership, said: dict[str, Any], by: Any) -> None:
    """Mandate first: who gives up the role of manager can't give a mandate any more."""
    with transaction.atomic():
        set_signatory(membership=member, signatory=said["is_signatory"], resolution_on=said["resolution_on"], by=by)
        change_role(membership=member, role=said["role"], by=by)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def team_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take someone off the team, after saying what that does."""
    organisation = find_organisation(request, slug)
    require(can_manage(request.user, organisation))
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, organisation=organisation)
    if member.user_id == request.user.pk:
        return redirect("organisation_leave", slug=slug)
    if request.method == "POST":
        try:
            remove(membership=member, by=request.user)
            messages.success(request, _("%(name)s ne fait plus partie de l’organisme.") % {"name": member.user})
        except NotPossible as refusal:
            messages.warning(request, str(refusal))
        return redirect("organisation_team", slug=slug)
    return render(request, "directory/organisation/remove.html", {"organisation": organisation, "member": member})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_join(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to act for an organisation; claim it when nobody manages it."""
    organisation = find_organisation(request, slug)
    if is_member(request.user, organisation):
        messages.info(request, _("Vous faites déjà partie de %(name)s.") % {"name": organisation.name})
        return redirect("organisation_team", slug=slug)
    managed = is_managed(organisation)
    waiting = JoinRequest.objects.waiting().filter(user=request.user, organisation=organisation).first()  # type: ignore[misc]
    form = JoinForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ask_to_join(organisation=organisation, by=request.user, message=form.cleaned_data["message"])  # type: ignore[arg-type]
        except NotPossible as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Votre demande est partie. La réponse vous viendra par courriel."))
            return redirect("organisation_join", slug=slug)
    return render(
        request,
        "directory/organisation/join.html",
        {"organisation": organisation, "form": form, "managed": managed, "waiting": waiting},
        status=422 if form.errors else 200,
    )


@require_POST
def join_withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Take one's own request back."""
    asked = get_object_or_404(JoinRequest.objects.waiting(), user=request.user, organisation__slug=slug)
    try:
        withdraw_request(request=asked, by=request.user)
        messages.success(request, _("Votre demande est retirée."))
    except NotPossible as refusal:
        messages.warning(request, str(refusal))
    return redirect("my_space")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave; the last manager hands over, or says that nobody takes over."""
    organisation = find_organisation(request, slug)
    membership = get_object_or_404(Membership, user=request.user, organisation=organisation)
    managers = Membership.objects.filter(organisation=organisation, role=Role.MANAGER, user__is_active=True)
    last = membership.is_manager and not managers.exclude(pk=membership.pk).exists()
    form = None
    if last:
        data = request.POST if request.method == "POST" else None
        form = LeaveForm(data, organisation=organisation, leaving=membership)
    if request.method == "POST" and (form is None or form.is_valid()):
        said = form.cleaned_data if form else {}
        try:
            leave(
                membership=membership,
                by=request.user,
                successor=said.get("successor"),
                orphan=said.get("orphan", False),
            )
        except NotPossible as refusal:
            messages.warning(request, str(refusal))
            return redirect("organisation_leave", slug=slug)
        messages.success(request, _("Vous ne faites plus partie de %(name)s.") % {"name": organisation.name})
        return redirect("my_space")
    return render(
        request,
        "directory/organisation/leave.html",
        {"organisation": organisation, "form": form, "last": last},
        status=422 if form and form.errors else 200,
    )


@require_POST
def act_for_organisation(request: HttpRequest) -> HttpResponse:
    """« J’agis pour » : choose, among one's own organisations, the one in whose name one acts."""
    asked = request.POST.get("organisation", "")
    chosen = next((m for m in memberships_of(request) if str(m.organisation_id) == asked), None)
    if chosen is None:
        messages.warning(request, _("Vous ne faites pas partie de cet organisme : vous agissez pour le même qu’avant."))
        return redirect("my_space")
    act_for(request, chosen)
    messages.success(request, _("Vous agissez maintenant pour %(name)s.") % {"name": chosen.organisation.name})
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "my_space")
