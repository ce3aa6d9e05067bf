"""Needs in common: what several organisations look for, and the invitation to act together."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from directory import grouping
from directory.forms.joint import JointForm
from directory.grouping import Group
from directory.memberships import acting_for
from directory.models import Kind, Need
from directory.models.territory import TerritoryKind
from directory.permissions import require
from directory.taxonomies import portal_territories, territories
from directory.views.listing import conditional
from mutualisation.kernel.requests import may_again

TABLES = ("directory_need", "directory_organisation")
SHOWN = 30
A_DAY = "20/d"


@login_not_required
@require_safe
@conditional(*TABLES)
def need_groups(request: HttpRequest) -> HttpResponse:
    """What several organisations look for at once, the most asked first."""
    mrcs = {node.slug: node for node in portal_territories()}
    mrc, kind = mrcs.get(request.GET.get("mrc", "")), request.GET.get("sorte", "")
    kind = kind if kind in Kind.values else ""
    found = grouping.groups(mrc=mrc.id if mrc else None, kind=kind)
    shown = found[:SHOWN]
    asked = _with_needs(request, shown)
    allowed = grouping.may_invite(request.user, shown)
    left = grouping.left_to_invite(asked, by=request.user) if allowed else set()
    context = {
        "groups": [_told(group, needs, allowed=allowed, left=left) for group, needs in asked],
        "total": len(found),
        "more": max(0, len(found) - SHOWN),
        "mrcs": [(node.slug, node.name, node is mrc) for node in mrcs.values()],
        "kinds": [(k.value, str(k.label), k.value == kind) for k in Kind],
        "filtered": bool(mrc or kind),
    }
    return render(request, "directory/joint/list.html", context)


@login_not_required
@require_safe
@conditional(*TABLES, "projects_project")
def need_group(request: HttpRequest, key: str) -> HttpResponse:
    """One of them: who looks for it, where, since when."""
    group = _found(key)
    asked = _with_needs(request, [group])
    allowed = grouping.may_invite(request.user, [group])
    left = grouping.left_to_invite(asked, by=request.user) if allowed else set()
    return render(request, "directory/joint/detail.html", _told(*asked[0], allowed=allowed, left=left))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def need_group_invite(request: HttpRequest, key: str) -> HttpResponse:
    """Invite them all around a purchase or a project."""
    group = _found(key)
    require(group.key in grouping.may_invite(request.user, [group]))
    audience = grouping.audience(group, by=request.user)
    acting = acting_for(request)
    sender = "\n".join(filter(None, [str(request.user), acting.organisation.name if acting else ""]))
    form = JointForm(
        request.POST or None, group=group, sender=sender, email=request.user.email,  # type: ignore[union-attr]
        among=bool(audience.own),
    )  # fmt: skip
    if request.method == "POST" and not audience.reached:
        messages.info(request, _("Personne de plus à inviter : rien n’est parti."))
        return redirect("need_group_invite", key=key)
    if request.method == "POST" and form.is_valid():
        if not may_again(request, "joint", A_DAY):
            form.add_error(
                None, _("Vous avez déjà beaucoup invité aujourd’hui : revenez demain, votre message est gardé.")
            )
        else:
            sent = grouping.invite(group, by=request.user, **form.cleaned_data)
            _say(request, sent)
            return redirect(group)
    context = {"group": group, "form": form, "audience": audience}
    return render(request, "directory/joint/invite.html", context, status=422 if request.method == "POST" else 200)


def _say(request: HttpRequest, sent: grouping.Audience) -> None:
    if sent.reached:
        n = len(sent.reached)
        said = ngettext("L’invitation est partie à %(n)d organisme.", "L’invitation est partie à %(n)d organismes.", n)
        messages.success(request, said % {"n": n})
    else:  # a colleague was quicker
        messages.info(request, _("Personne de plus à inviter : rien n’est parti."))
    if sent.silent:
        names = ", ".join(asking.organisation.name for asking in sent.silent[:5])
        messages.info(request, _("Sans gestionnaire à qui écrire, à joindre autrement : %(names)s.") % {"names": names})


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def need_group_stop(request: HttpRequest, token: str) -> HttpResponse:
    """« Ne plus m’inviter », from an e-mail: opening it changes nothing, the button does; it can be undone."""
    person = grouping.person_of(token)
    if person is None:
        return render(request, "directory/joint/stop.html", {"problem": True}, status=404)
    if request.method == "POST":
        grouping.refuse(person, wants=request.POST.get("geste") == "reprendre")
        return redirect("need_group_stop", token=token)
    return render(request, "directory/joint/stop.html", {"problem": False, "refuses": grouping.refuses(person)})


def _found(key: str) -> Group:
    group = grouping.group_called(key)
    if group is None:
        raise Http404
    return group


def _with_needs(request: HttpRequest, some: list[Group]) -> list[tuple[Group, list[Need]]]:
    """The needs of each, read at once."""
    wanted = [pk for group in some for pk in group.needs]
    by_id = {n.pk: n for n in Need.objects.visible_to(request.user).filter(pk__in=wanted).for_list().order_by()}
    return [(group, [by_id[pk] for pk in group.needs if pk in by_id]) for group in some]


def _told(group: Group, needs: list[Need], *, allowed: set[str], left: set[str]) -> dict[str, Any]:
    tree = territories()
    named = [tree.by_id[pk].name for pk in group.mrcs if pk and tree.by_id[pk].kind == TerritoryKind.MRC]
    same = {"categorie": group.category} if group.category else {"quoi": group.title}
    return {
        "group": group,
        "needs": needs,
        "mrc_names": sorted(named),
        "may_act": group.key in allowed,
        "may_invite": group.key in allowed & left,
        "same": urlencode({"sorte": group.kind, **same}),
        "idea": urlencode({"titre": group.title, "besoins": ",".join(str(pk) for pk in group.needs)}),
    }
