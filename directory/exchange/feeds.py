"""Atom feeds of lists: the newest entries, with the same filters as the page."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from directory.filters import EntryFilterSet
from directory.models import Need, Organisation, Resource
from mutualisation.kernel.facets import data_version

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no way to write these


def _words(entry: Any) -> tuple[str, str, str]:
    """Title, summary and author of an entry."""
    if isinstance(entry, Resource):
        place = f"{entry.organisation.name}, {entry.territory.name}"
        return entry.name, f"{entry.get_kind_display()}. {entry.summary} ({place})", entry.organisation.name
    if isinstance(entry, Organisation):
        return entry.name, entry.mission, entry.name
    if isinstance(entry, Need):
        place = f"{entry.organisation.name}, {entry.territory.name}"
        return entry.name, f"{entry.get_kind_display()}. {entry.reason} ({place})", entry.organisation.name
    return entry.title, entry.standfirst, settings.PORTAL_NAME  # a story, a project


def atom(request: HttpRequest, filterset_class: type[EntryFilterSet], queryset: models.QuerySet[Any]) -> HttpResponse:
    """The 20 newest entries that the page with the same query string would list."""
    data = request.GET.copy()
    data["tri"] = "recent"
    filterset = filterset_class(data, queryset=queryset)
    # As on the page, what is found is remembered for anonymous readers only.
    version = data_version(request, *filterset.tables) if not request.user.is_authenticated else ""
    found = filterset.results(page=1, version=version)
    entries = queryset.for_list().in_order_of(found.page.ids)  # type: ignore[attr-defined]
    name = str(queryset.model._meta.verbose_name_plural)
    page = request.build_absolute_uri(request.path.removesuffix("atom/") + filterset.address(tri=""))
    feed = Atom1Feed(
        title=f"{settings.PORTAL_NAME} : {name}",
        link=page.removesuffix("?"),
        description=_("Les derniers ajouts."),
        language="fr-ca",
        feed_url=request.build_absolute_uri(),
    )
    for entry in entries:
        title, summary, author = (_NOT_XML.sub("", text) for text in _words(entry))
        link = request.build_absolute_uri(entry.get_absolute_url())
        feed.add_item(
            title=title,
            link=link,
            description=summary,
            author_name=author,
            pubdate=entry.published_at,
            updateddate=entry.updated_at,
            unique_id=link,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
