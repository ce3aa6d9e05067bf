"""Lists as spreadsheets: the columns of each noun, and the rows that this reader may see. Public fields only."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from directory.filters import EntryFilterSet
from directory.models import Kind, Need, Organisation, Practice, Resource
from directory.models.kinds import Accessibility, Language
from mutualisation.kernel.markdown import plain
from mutualisation.kernel.spreadsheets import download

AT_MOST = 5_000
AT_A_TIME = 500


@dataclass(frozen=True)
class Column:
    """One column: its heading, the field of the model it shows (classified public), and how it is read."""

    label: str | Promise
    field: str
    read: Callable[[Any], Any]
    signed_in: bool = False  # public on its page, but not given by the thousand to robots


def _own(field: str, label: str | Promise, *, signed_in: bool = False) -> Column:
    return Column(label, field, lambda e: getattr(e, field), signed_in)


def _choice(field: str, label: str | Promise) -> Column:
    return Column(label, field, lambda e: getattr(e, f"get_{field}_display")())


def _text(field: str, label: str | Promise) -> Column:
    """A Markdown text, without its marks."""
    return Column(label, field, lambda e: html.unescape(plain(getattr(e, field))))


def _names(field: str, label: str | Promise) -> Column:
    return Column(label, field, lambda e: ", ".join(str(x) for x in getattr(e, field).all()))


def _words(field: str, label: str | Promise, known: type[models.TextChoices] | None = None) -> Column:
    """A list kept in one field."""
    return Column(label, field, lambda e: ", ".join(str(known(v).label) if known else v for v in getattr(e, field)))


def _mrc(entry: Any) -> str:
    return entry.territory.parent.name if entry.territory.parent else ""


PLACE = (
    Column(gettext_lazy("Lieu"), "territory", lambda e: e.territory.name),
    Column(gettext_lazy("MRC ou région"), "territory", _mrc),
)
DATES = (
    _own("published_at", gettext_lazy("Publié le")),
    _own("verified_at", gettext_lazy("Vérifié le")),
)

COLUMNS: dict[type[Any], tuple[Column, ...]] = {
    Resource: (
        _own("name", gettext_lazy("Ressource")),
        _choice("kind", gettext_lazy("Sorte")),
        Column(gettext_lazy("Catégorie"), "category", lambda e: e.category.name),
        Column(gettext_lazy("Organisme"), "organisation", lambda e: e.organisation.name),
        _own("summary", gettext_lazy("En une ligne")),
        _text("description", gettext_lazy("Description")),
        _own("quantity", gettext_lazy("Quantité")),
        *PLACE,
        _own("address", gettext_lazy("Adresse civique")),
        _choice("cost_mode", gettext_lazy("Contrepartie")),
        _own("price", gettext_lazy("Montant ($)")),
        _own("price_unit", gettext_lazy("Par")),
        _own("deposit", gettext_lazy("Dépôt ($)")),
        _own("insurance_required", gettext_lazy("Assurance demandée")),
        _own("training_required", gettext_lazy("Formation demandée")),
        _own("license_required", gettext_lazy("Permis demandé")),
        _own("conditions", gettext_lazy("Conditions")),
        _own("is_paused", gettext_lazy("En pause")),
        _own("brand_model", gettext_lazy("Marque et modèle")),
        _choice("condition", gettext_lazy("État")),
        _own("capacity_seated", gettext_lazy("Places assises")),
        _own("capacity_standing", gettext_lazy("Places debout")),
        _words("equipment", gettext_lazy("Sur place")),
        _words("accessibility", gettext_lazy("Accessibilité"), Accessibility),
        _own("time_share", gettext_lazy("Part de temps")),
        _own("schedule", gettext_lazy("Horaire")),
        _choice("format", gettext_lazy("Forme")),
        _words("languages", gettext_lazy("Langues"), Language),
        *DATES,
    ),
    Organisation: (
        _own("name", gettext_lazy("Organisme")),
        _own("acronym", gettext_lazy("Sigle")),
        _choice("legal_form", gettext_lazy("Forme")),
        _own("neq", gettext_lazy("NEQ")),
        _own("mission", gettext_lazy("Mission")),
        _names("sectors", gettext_lazy("Secteurs")),
        *PLACE,
        _names("served_territories", gettext_lazy("Territoires desservis")),
        _own("address", gettext_lazy("Adresse civique")),
        _own("postal_code", gettext_lazy("Code postal")),
        _own("website", gettext_lazy("Site Web")),
        _own("email", gettext_lazy("Courriel de l’organisme"), signed_in=True),
        _own("phone", gettext_lazy("Téléphone de l’organisme"), signed_in=True),
        _own("year_founded", gettext_lazy("Fondé en")),
        *DATES,
    ),
    Need: (
        _own("name", gettext_lazy("Besoin")),
        _choice("kind", gettext_lazy("Sorte")),
        Column(gettext_lazy("Catégorie"), "category", lambda e: e.category.name if e.category else ""),
        Column(gettext_lazy("Organisme"), "organisation", lambda e: e.organisation.name),
        _own("reason", gettext_lazy("Pourquoi")),
        _own("quantity", gettext_lazy("Quantité")),
        *PLACE,
        _own("starts_on", gettext_lazy("Du")),
        _own("ends_on", gettext_lazy("Au")),
        _choice("state", gettext_lazy("Suite")),
        *DATES,
    ),
    Practice: (
        _own("title", gettext_lazy("Pratique")),
        _own("standfirst", gettext_lazy("Chapeau")),
        _own("place", gettext_lazy("Lieu")),
        _names("territories", gettext_lazy("Territoires")),
        _names("sectors", gettext_lazy("Secteurs")),
        _words("kinds", gettext_lazy("Ce qui est partagé"), Kind),
        _choice("stage", gettext_lazy("Place sur le continuum")),
        _choice("legal_form", gettext_lazy("Forme")),
        _own("period_text", gettext_lazy("Période")),
        _text("pooled", gettext_lazy("Ce qui est mis en commun")),
        _own("funders", gettext_lazy("Bailleurs de fonds")),
        _own("source_title", gettext_lazy("Source")),
        *DATES,
    ),
}
WITH: dict[type[Any], tuple[tuple[str, ...], tuple[str, ...]]] = {
    Resource: (("organisation", "category", "territory__parent"), ()),
    Organisation: (("territory__parent",), ("sectors", "served_territories")),
    Need: (("organisation", "category", "territory__parent"), ()),
    Practice: ((), ("territories", "sectors")),
}


def columns_for(model: type[Any], user: Any) -> list[Column]:
    """The columns of a noun that this reader gets."""
    return [c for c in COLUMNS[model] if user.is_authenticated or not c.signed_in]


def export(
    request: HttpRequest, filterset_class: type[EntryFilterSet], queryset: models.QuerySet[Any], *, form: str
) -> HttpResponseBase:
    """The list that the page with the same query string shows, whole (5,000 rows at most), as a file."""
    model = queryset.model
    filterset = filterset_class(request.GET, queryset=queryset)
    found = filterset.results(page=1, version="", size=AT_MOST)
    columns = columns_for(model, request.user)
    name = str(model._meta.verbose_name_plural)
    address = request.build_absolute_uri(request.path.rpartition("/")[0] + "/" + filterset.address()).removesuffix("?")
    total = len(found.page.ids)
    about = [
        f"{settings.PORTAL_NAME} : {name}",
        timezone.localdate().isoformat(),
        ngettext("%(n)d ligne", "%(n)d lignes", total) % {"n": total},
        address,
    ]
    if found.page.total > total:
        more = _("La liste compte %(all)s lignes : voici les %(n)s premières. Filtrez-la pour avoir le reste.")
        about.append(more % {"all": found.page.total, "n": total})
    return download(
        form=form,
        name=name,
        header=[*(c.label for c in columns), _("Page")],
        rows=_rows(queryset, found.page.ids, columns, request.build_absolute_uri),
        about=about,
    )


def _rows(
    queryset: models.QuerySet[Any], ids: list[int], columns: list[Column], absolute: Callable[[str], str]
) -> Iterator[list[Any]]:
    """The rows in the order of the list, read by some hundreds; what went meanwhile is left out."""
    links, lists = WITH[queryset.model]
    unread = ["search", "organisation__search", "organisation__description"] if "organisation" in links else ["search"]
    rows = queryset.order_by().defer(*unread).select_related(*links).prefetch_related(*lists)
    for start in range(0, len(ids), AT_A_TIME):
        wanted = ids[start : start + AT_A_TIME]
        found = {e.pk: e for e in rows.filter(pk__in=wanted)}
        for pk in wanted:
            if pk in found:
                entry = found[pk]
                yield [*(c.read(entry) for c in columns), absolute(entry.get_absolute_url())]
