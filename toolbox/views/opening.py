"""A model agreement opened already filled: from the guided path, for one's organisation, for a resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.memberships import acting_for
from directory.models import Organisation, Resource
from toolbox import facts, paths
from toolbox.composing import Blank
from toolbox.conditions import is_filled
from toolbox.forms.filling import CHOSEN, typed_in
from toolbox.models import Clause, ModelAgreement, Party

PATH, RESOURCE, US = "depuis-parcours", "depuis-fiche", "notre-place"  # no variable has a hyphen
SIDES = (Party.LENDER.value, Party.BORROWER.value)


@dataclass
class Opened:
    """What is known before anything is typed; where it comes from, in sentences (with an address, a word for it)."""

    values: dict[str, Any]
    chosen: list[str]
    sources: list[tuple[str, str, str]] = field(default_factory=list)
    reminders: dict[str, list[str]] = field(default_factory=dict)

    def reminded(self, blanks: Iterable[Blank]) -> list[Blank]:
        """The blanks, what was said on the path written beside those it helps."""
        return [replace(blank, help=self._help(blank)) for blank in blanks]

    def _help(self, blank: Blank) -> str:
        if blank.name not in self.reminders:
            return blank.help
        said = "; ".join(self.reminders[blank.name])
        return f"{blank.help} {_('Au parcours : %(said)s.') % {'said': said}}".strip()


def opened(request: HttpRequest, model: ModelAgreement, asked: Iterable[Blank], optional: Iterable[Clause]) -> Opened:
    """What the address says, then what the portal knows of the resource and of the organisation that it names."""
    asked, keys = list(asked), {clause.key for clause in optional}
    typed = typed_in(request.GET, asked)
    found = Opened({}, [key for key in request.GET.getlist(CHOSEN) if key in keys])
    resource = _resource(request)
    if resource is not None:
        found.values |= _of_resource(resource, model)
        said = _("La fiche « %(name)s » de %(who)s a rempli ce qu’elle dit.")
        words = {"name": resource.name, "who": resource.organisation}
        found.sources.append((said % words, resource.get_absolute_url(), _("Voir la fiche")))
    _ours(request, resource, found)
    _walked(request, found)
    today = {"entente.date": timezone.localdate().isoformat()}
    usual = {blank.name: blank.usual for blank in asked if is_filled(blank.usual)}
    if usual:
        said = _("Le modèle propose ses réponses d’usage : gardez-les ou changez-les.")
        found.sources.append((said, "", ""))
    found.values = {
        name: value for name, value in {**usual, **today, **found.values, **typed}.items()
        if is_filled(value) and any(name == blank.name for blank in asked)
    }  # fmt: skip
    return found


def walked(request: HttpRequest) -> Opened:
    """What the address says of the guided path alone: still told once the form is sent."""
    found = Opened({}, [])
    _walked(request, found)
    return found


def _resource(request: HttpRequest) -> Resource | None:
    """The resource that the address names, if this reader may see it."""
    slug = request.GET.get(RESOURCE, "")
    if not slug or "\x00" in slug:
        return None
    rows = Resource.objects.visible_to(request.user).select_related("organisation__territory", "category", "territory")
    return rows.defer("search", "organisation__search").filter(slug=slug[:120]).first()


def _of_resource(resource: Resource, model: ModelAgreement) -> dict[str, Any]:
    owner = resource.organisation
    known = facts.of_organisation(Party.LENDER.value, owner)
    if resource.kind == model.kind:
        known |= facts.of_resource(resource, owner) | facts.asked_for(resource)
    return known


def _ours(request: HttpRequest, resource: Resource | None, found: Opened) -> None:
    """The organisation that this person acts for: who lends, unless the resource is another's or the address says."""
    acting = acting_for(request)
    if acting is None:
        found.values |= facts.around(resource.organisation) if resource else {}
        return
    ours: Organisation = acting.organisation
    owns = resource is None or resource.organisation_id == ours.pk
    side = request.GET.get(US, "")
    side = side if side in SIDES and resource is None else SIDES[0 if owns else 1]
    people = facts.signatories_of(ours.pk)[ours.pk]
    found.values |= facts.of_organisation(side, ours, people)
    if resource is not None:
        found.values |= facts.around(resource.organisation, None if owns else ours)
        found.sources.append((_("Ce que le portail sait de %(name)s est écrit.") % {"name": ours.name}, "", ""))
        return
    found.values |= facts.around(ours)
    other = QueryDict(mutable=True)
    other.update({US: SIDES[1 - SIDES.index(side)]})
    for key, values in request.GET.lists():
        if key != US:
            other.setlist(key, values)
    said = _("Ce que le portail sait de %(name)s est écrit à la première place.")
    if side == SIDES[1]:
        said = _("Ce que le portail sait de %(name)s est écrit à la seconde place.")
    found.sources.append((said % {"name": ours.name}, f"?{other.urlencode()}", _("Mettre à l’autre place")))


def _walked(request: HttpRequest, found: Opened) -> None:
    """The answers of the guided path, those that no blank takes read again beside the blanks they help."""
    guide = paths.in_force() if request.GET.get(PATH) else None
    if guide is None:
        return
    said = {key: str(value) for key, value in QueryDict(request.GET[PATH][:2000]).items()}
    answers, _question = guide.follow(said)
    if answers:
        found.reminders = paths.reminders(guide, answers)
        back = QueryDict(mutable=True)
        back.update(answers)
        address = f"{reverse('guided_path')}?{back.urlencode()}"
        found.sources.append((_("Vos réponses au parcours guidé sont reprises."), address, _("Les revoir")))
