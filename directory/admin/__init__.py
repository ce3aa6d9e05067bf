"""Django's admin, made comfortable for those who curate the directory."""

from django.conf import settings
from django.contrib import admin
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from directory.admin.calendar import ClosureAdmin, ExceptionalHoursAdmin, OccupationAdmin
from directory.admin.category import CategoryAdmin
from directory.admin.organisation import OrganisationAdmin
from directory.admin.practice import PracticeAdmin
from directory.admin.resource import ResourceAdmin
from directory.admin.sector import SectorAdmin
from directory.admin.territory import PostalAreaAdmin, TerritoryAdmin
from directory.admin.vocabulary import SynonymAdmin

__all__ = [
    "CategoryAdmin",
    "ClosureAdmin",
    "ExceptionalHoursAdmin",
    "OccupationAdmin",
    "OrganisationAdmin",
    "PostalAreaAdmin",
    "PracticeAdmin",
    "ResourceAdmin",
    "SectorAdmin",
    "SynonymAdmin",
    "TerritoryAdmin",
]

admin.site.site_header = format_lazy(_("Administration de {name}"), name=settings.PORTAL_NAME)
admin.site.site_title = admin.site.site_header
admin.site.enable_nav_sidebar = False  # the lists need its width; the header leads to each of them
admin.site.index_title = _("Tout ce que l’on peut modifier")
