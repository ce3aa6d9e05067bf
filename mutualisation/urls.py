"""Every address of the portal."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps.views import index, sitemap
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.urls import mail_patterns
from accounts.views import draft
from mutualisation.pages import health, home, legal, my_space, search
from mutualisation.pages.portrait import views as portrait
from mutualisation.pages.sitemaps import SITEMAPS

public_hour = cache_control(max_age=3600, public=True)

urlpatterns = [
    path("", home.home, name="home"),
    path("recherche/", search.search, name="search"),
    path("mon-espace/", my_space.my_space, name="my_space"),
    path("compte/", include("accounts.urls")),
    path("courriels/", include(mail_patterns)),
    path("brouillons/", draft.draft_keep, name="draft_keep"),
    path("brouillons/effacer/", draft.draft_forget, name="draft_forget"),
    path("", include("loans.urls")),
    path("", include("projects.urls")),
    path("", include("toolbox.urls")),
    path("", include("directory.urls")),
    path("portrait/", portrait.portrait, name="portrait"),
    path("portrait/donnees.csv", portrait.portrait_data, name="portrait_data"),
    path("portrait/methode/", portrait.portrait_method, name="portrait_method"),
    path("a-propos/", legal.about, name="about"),
    path("mentions-legales/", legal.legal, name="legal"),
    path("renseignements-personnels/", legal.privacy, name="privacy"),
    path("accessibilite/", legal.accessibility, name="accessibility"),
    path("credits/", legal.credits_page, name="credits"),
    path("sante/", health.health, name="health"),
    path("robots.txt", legal.robots, name="robots"),
    path(
        "sitemap.xml",
        login_not_required(require_safe(public_hour(index))),
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap_section"},
        name="sitemap",
    ),
    path(
        "sitemap-<section>.xml",
        login_not_required(require_safe(public_hour(sitemap))),
        {"sitemaps": SITEMAPS},
        name="sitemap_section",
    ),
    path("admin/", admin.site.urls),
]

handler400 = "mutualisation.pages.errors.bad_request"
handler403 = "mutualisation.pages.errors.forbidden"
handler404 = "mutualisation.pages.errors.not_found"
handler500 = "mutualisation.pages.errors.server_error"
