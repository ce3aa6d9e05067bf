"""The owner’s side of a calendar: block time, give it back, say which days are not ordinary."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from directory import closing
from directory.closing import Held
from directory.forms.closing import BlockForm, HoursForm
from directory.models import Closure, ExceptionalHours, Organisation, Resource
from directory.permissions import can_block, can_edit, require
from directory.views.registration import find_organisation
from directory.views.resource_edit import editable


@require_http_methods(["GET", "HEAD", "POST"])
def resource_closing(request: HttpRequest, slug: str) -> HttpResponse:
    """Block time of a resource; what is blocked."""
    resource = _ours(request, slug)
    form = BlockForm(resource=resource, initial=_first(request))
    status = 200
    if request.method == "POST":
        form = BlockForm(request.POST, resource=resource)
        if _blocked(request, form, resource):
            return redirect("resource_closing", slug=resource.slug)
        status = 422
    context = {"resource": resource, "form": form, "closures": list(closing.closures_of(resource))}
    return render(request, "directory/resource/closing.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def resource_hours(request: HttpRequest, slug: str) -> HttpResponse:
    """The days that are not ordinary for a resource."""
    resource = _ours(request, slug)
    return _hours(request, "directory/resource/hours.html", resource, [resource])


def _hours(request: HttpRequest, template: str, owner: Any, resources: list[Resource]) -> HttpResponse:
    """The page of a resource or an organisation where its days that are not ordinary are said, for these resources."""
    noun, form = owner._meta.model_name, HoursForm(initial=_first(request))
    status = 200
    if request.method == "POST":
        form = HoursForm(request.POST)
        if _said(request, form, owner, resources):
            return redirect(f"{noun}_hours", slug=owner.slug)
        status = 422
    context = {noun: owner, "form": form, "exceptions": list(closing.hours_of(owner))}
    return render(request, template, context, status=status)


def _first(request: HttpRequest) -> dict[str, str]:
    return {"starts_on": request.GET.get("du", "")[:10]}


def _blocked(request: HttpRequest, form: BlockForm, resource: Resource) -> bool:
    """Block what the form says; what holds it becomes an error of the form."""
    if not form.is_valid():
        return False
    data = form.cleaned_data
    try:
        closing.block(
            resource=resource, period=data["period"], quantity=data.get("quantity") or resource.quantity,
            reason=data["reason"], note=data["note"], by=request.user,
        )  # fmt: skip
    except Held as held:
        form.add_error(None, held.sentence)
        return False
    messages.success(request, _("C’est bloqué : on ne peut plus le demander à ce moment-là."))
    return True


def _said(request: HttpRequest, form: HoursForm, owner: Resource | Organisation, resources: list[Resource]) -> bool:
    if not form.is_valid():
        return False
    data = form.cleaned_data
    days = (data["starts_on"], data["ends_on"])
    closing.set_hours(owner=owner, days=days, hours=data["hours"], label=data["label"], by=request.user)
    said = _("C’est inscrit.")
    if loans := closing.loans_on(resources, *days):
        said += " " + ngettext(
            "Un prêt déjà convenu tombe ces jours-là : il tient toujours, prévenez l’autre organisme.",
            "%(n)d prêts déjà convenus tombent ces jours-là : ils tiennent toujours, prévenez les organismes.",
            loans,
        ) % {"n": loans}  # fmt: skip
    messages.success(request, said)
    return True


@require_POST
def closure_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Give blocked time back."""
    resource = _ours(request, slug)
    closure = get_object_or_404(Closure.objects.select_related("resource__organisation"), pk=pk, resource=resource)
    if closing.unblock(closure, by=request.user):
        messages.success(request, _("C’est libre de nouveau."))
    else:
        messages.warning(request, _("Rien n’a changé : ce moment est déjà passé."))
    return redirect("resource_closing", slug=resource.slug)


@require_POST
def resource_hours_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """These days of a resource are ordinary again."""
    resource = _ours(request, slug)
    closing.remove_hours(get_object_or_404(ExceptionalHours, pk=pk, resource=resource), by=request.user)
    messages.success(request, _("L’horaire ordinaire s’applique de nouveau."))
    return redirect("resource_hours", slug=resource.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def organisation_hours(request: HttpRequest, slug: str) -> HttpResponse:
    """The days that are not ordinary for all that an organisation shares."""
    organisation = _owned(request, slug)
    return _hours(request, "directory/organisation/hours.html", organisation, list(organisation.resources.only("pk")))


@require_POST
def organisation_hours_remove(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """These days are ordinary again, for all that an organisation shares."""
    organisation = _owned(request, slug)
    closing.remove_hours(get_object_or_404(ExceptionalHours, pk=pk, organisation=organisation), by=request.user)
    messages.success(request, _("L’horaire ordinaire s’applique de nouveau."))
    return redirect("organisation_hours", slug=organisation.slug)


def _ours(request: HttpRequest, slug: str) -> Resource:
    resource = editable(request, slug)
    require(can_block(request.user, resource))
    return resource


def _owned(request: HttpRequest, slug: str) -> Organisation:
    organisation = find_organisation(request, slug)
    require(can_edit(request.user, organisation))
    return organisation
