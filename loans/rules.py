"""Which model agreement applies to a resource, and whether it is demanded before the hand-over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from directory.models import Kind, Resource
from directory.permissions import can_edit, curated_territories, require
from loans.models import Agreement, AgreementRule, Demand, Loan
from loans.models.agreement import LIVE
from loans.models.agreement_rule import BY_LAW, default_of
from loans.models.status import ENDED
from mutualisation.kernel.memo import memo
from toolbox.models import ModelAgreement


@dataclass(frozen=True)
class Applying:
    """What applies to a resource; ``own``: its owner said so. ``wanted``: the models that the rules name, by rank."""

    resource: Resource
    demand: str
    threshold: Decimal | None
    wanted: tuple[int, ...] = ()
    own: bool = False
    known: tuple[ModelAgreement, ...] | None = None

    @cached_property
    def model(self) -> ModelAgreement | None:
        """The model that the rules name, else the next one of the kind in force; None when there is none.

        What a network made for itself applies where a rule names it, nowhere by itself. One query, unless the models
        in force are ``known``.
        """
        among = Q(pk__in=self.wanted) | Q(kind=self.resource.kind)
        rows = ModelAgreement.objects.in_force().filter(among) if self.known is None else self.known
        models = {m.pk: m for m in rows}  # in the order of the toolbox
        chosen = next((models[pk] for pk in self.wanted if pk in models), None)
        everyone = (m for m in models.values() if m.kind == self.resource.kind and m.owner_id is None)
        return chosen or next(everyone, None)

    @cached_property
    def withdrawn(self) -> ModelAgreement | None:
        """Where there is no model: the one that was withdrawn, if that is why. One query."""
        among = Q(pk__in=self.wanted) | Q(kind=self.resource.kind, owner=None)
        gone = ModelAgreement.objects.filter(among, withdrawn_at__isnull=False)
        return gone.order_by("-withdrawn_at").first()

    def demanded(self, quantity: int = 1) -> bool:
        """Whether so many units are handed over only once an agreement is signed."""
        if self.demand != Demand.ABOVE:
            return self.demand == Demand.ALWAYS
        value = self.resource.replacement_value
        return value is not None and self.threshold is not None and value * quantity > self.threshold

    @property
    def reason(self) -> str:
        """Why it is demanded, or when it would be, in a sentence."""
        if self.demand == Demand.NEVER:
            return _("Aucune entente n’est exigée : les deux organismes peuvent en signer une s’ils le veulent.")
        if self.demand == Demand.ABOVE:
            said = _("Une entente est signée avant la remise quand ce qui est prêté vaut plus de %(amount)s\u00a0$.")
            return said % {"amount": _dollars(self.threshold or 0)}
        if self.resource.kind == Kind.LOCAUX:
            return _("Une entente est toujours signée pour un local : sans écrit, la loi présume un bail.")
        if self.resource.kind == Kind.HUMAIN:
            return _("Une entente est toujours signée quand une personne est prêtée, et elle la signe aussi.")
        return _("Le prêteur demande une entente signée avant la remise.")

    def reason_for(self, quantity: int) -> str:
        """The same of so many units: what they are worth, where it is what decides."""
        value = self.resource.replacement_value
        if self.demand != Demand.ABOVE:
            return self.reason
        if value is None:
            said = _("Aucune entente n’est exigée : la fiche ne dit pas ce que vaut ce qui est prêté.")
            return f"{said} {self.reason}"
        said = _("Ce qui est prêté vaut %(worth)s\u00a0$, plus de %(amount)s\u00a0$ : une entente est signée avant la "
                 "remise.")  # fmt: skip
        if not self.demanded(quantity):
            said = _("Aucune entente n’est exigée : ce qui est prêté vaut %(worth)s\u00a0$, pas plus de "
                     "%(amount)s\u00a0$.")  # fmt: skip
        return said % {"worth": _dollars(value * quantity), "amount": _dollars(self.threshold or 0)}


def _dollars(amount: Decimal | int) -> str:
    return number_format(amount, decimal_pos=0, use_l10n=True, force_grouping=True)


def applying(resource: Resource) -> Applying:
    """The rule of the resource, else of its kind, else the default. One query, and one when its model is asked for."""
    return _of(resource, AgreementRule.objects.filter(Q(resource=resource) | Q(kind=resource.kind)))


@memo(60)
def _announced() -> tuple[list[AgreementRule], tuple[ModelAgreement, ...]]:
    """Every rule and every model in force."""
    return list(AgreementRule.objects.all()), tuple(ModelAgreement.objects.in_force())


def announced(resource: Resource) -> Applying:
    """The same for pages that only tell it: known for a minute, it costs them nothing. What decides reads anew."""
    every, models = _announced()
    return _of(resource, (r for r in every if resource.pk == r.resource_id or resource.kind == r.kind), known=models)


def _of(
    resource: Resource, rules: Iterable[AgreementRule], known: tuple[ModelAgreement, ...] | None = None
) -> Applying:
    rows = list(rules)
    own = next((row for row in rows if row.resource_id), None)
    general = next((row for row in rows if not row.resource_id), None) or default_of(resource.kind)
    rule = general if own is None else own
    if resource.kind in BY_LAW and rule.demand != Demand.ALWAYS:
        rule = default_of(resource.kind)
    wanted = tuple(pk for pk in (own.model_id if own else None, general.model_id) if pk)
    return Applying(resource, rule.demand, rule.threshold, wanted, own=own is not None, known=known)


def withdrawn_since(agreement: Agreement) -> ModelAgreement | None:
    """The model of an agreement that lives, when it no longer serves: the agreement keeps its text."""
    model = agreement.edition.model
    lives = agreement.status in LIVE and agreement.loan.status not in ENDED
    return model if lives and model.withdrawn_at else None


def is_demanded(loan: Loan) -> bool:
    """Whether this loan is handed over only once its agreement is signed."""
    return applying(loan.resource).demanded(loan.quantity)


def choices_for(kind: str) -> list[ModelAgreement]:
    """The models among which a rule of this kind chooses."""
    return list(ModelAgreement.objects.in_force().filter(kind=kind))


def can_rule(user: Any) -> bool:
    """Curators and administrators change the rules of kinds."""
    return curated_territories(user) != []


@transaction.atomic
def rule_kind(
    kind: str, *, by: Any, demand: str, threshold: Decimal | None = None, model: ModelAgreement | None = None
) -> AgreementRule:
    """Curators say what applies to a kind."""
    require(can_rule(by))
    given = {"demand": demand, "threshold": threshold, "model": model, "updated_by": by}
    rule, _fresh = AgreementRule.objects.update_or_create(kind=kind, resource=None, defaults=given)
    _announced.clear()
    return rule


@transaction.atomic
def rule_resource(
    resource: Resource, *, by: Any, demand: str, threshold: Decimal | None = None, model: ModelAgreement | None = None
) -> AgreementRule | None:
    """The owner says what applies to one resource; an empty ``demand`` goes back to the rule of the kind."""
    require(can_edit(by, resource))
    _announced.clear()
    if not demand:
        AgreementRule.objects.filter(resource=resource).delete()
        return None
    given = {"demand": demand, "threshold": threshold, "model": model, "updated_by": by}
    rule, _fresh = AgreementRule.objects.update_or_create(resource=resource, defaults={**given, "kind": ""})
    return rule
