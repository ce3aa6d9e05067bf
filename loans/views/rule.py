"""Which agreement applies: the rule of each kind (curators), the rule of one resource (its owner)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from directory.models import Kind, Resource
from directory.permissions import can_edit, readable, require
from loans import rules
from loans.forms.agreement import RuleForm
from loans.models import AgreementRule
from loans.models.agreement_rule import default_of


@never_cache
@require_safe
def kind_rules(request: HttpRequest) -> HttpResponse:
    """The rule of each kind, for those who keep them."""
    require(rules.can_rule(request.user))
    known = {r.kind: r for r in AgreementRule.objects.filter(resource=None).select_related("model")}
    rows = [{"kind": kind, "label": kind.label, "rule": known.get(kind) or default_of(kind)} for kind in Kind]
    return render(request, "loans/agreement/rules.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def kind_rule(request: HttpRequest, kind: str) -> HttpResponse:
    """One kind: when an agreement is demanded, from which model."""
    require(rules.can_rule(request.user))
    if kind not in Kind.values:
        raise Http404
    rule = AgreementRule.objects.filter(kind=kind).first() or default_of(kind)
    form = RuleForm(request.POST or None, kind=kind, own=False, initial=_said(rule))
    if request.method == "POST" and form.is_valid():
        rules.rule_kind(kind, by=request.user, **form.rule())
        messages.success(request, _("C’est enregistré : la règle vaut pour les prêts acceptés à partir de maintenant."))
        return redirect("agreement_rules")
    context = {"form": form, "title": Kind(kind).label, "resource": None}
    return render(request, "loans/agreement/rule.html", context, status=422 if request.method == "POST" else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resource_rule(request: HttpRequest, slug: str) -> HttpResponse:
    """One resource: its owner says otherwise than the kind, within the law."""
    resource: Resource | None = readable(Resource.objects.select_related("organisation"), request.user, slug)
    if resource is None:
        raise Http404
    require(can_edit(request.user, resource))
    rule = AgreementRule.objects.filter(resource=resource).first()
    initial = _said(rule) if rule else {"demand": ""}
    form = RuleForm(request.POST or None, kind=resource.kind, own=True, initial=initial)
    if request.method == "POST" and form.is_valid():
        rules.rule_resource(resource, by=request.user, **form.rule())
        messages.success(request, _("C’est enregistré : la règle vaut pour les prêts acceptés à partir de maintenant."))
        return redirect(resource)
    context = {"form": form, "title": resource.name, "resource": resource}
    return render(request, "loans/agreement/rule.html", context, status=422 if request.method == "POST" else 200)


def _said(rule: AgreementRule) -> dict[str, Any]:
    return {"demand": rule.demand, "threshold": rule.threshold, "model": rule.model_id}
