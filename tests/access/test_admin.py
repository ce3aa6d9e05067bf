"""Who may open what in the admin: every page and every model × every role → status."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import consents
from accounts.models import Consent, Mail
from accounts.models.consent import Purpose
from accounts.privacy_map import SECRET, classes_of
from directory.models import Closure, ExceptionalHours, Occupation, PostalArea, Synonym
from loans.models import Checklist, JournalEntry, Loan
from projects.models import Community
from tests.cast import answers, names, statuses_of
from tests.factories import CategoryFactory, SectorFactory, TerritoryFactory, UserFactory
from tests.loans.signing import frozen, sign
from toolbox.models import Term, Tool

# The admin's own pages; those of its models are computed below.
AUTOCOMPLETE = "?app_label=directory&model_name=resource&field_name=organisation"
ADMIN: dict[str, tuple[int, int, int, int]] = {
    "admin:index": (302, 302, 200, 200),
    "admin:login": (302, 403, 302, 302),  # its own form is closed: one signs in at /compte/, or may not
    "admin:logout": (302, 302, 405, 405),  # signing out is a POST
    "admin:password_change": (302, 302, 200, 200),
    "admin:password_change_done": (302, 302, 200, 200),
    "admin:autocomplete": (302, 302, 200, 200),
    "admin:jsi18n": (302, 302, 200, 200),
    "admin:view_on_site": (302, 302, 302, 302),
    "admin:app_list": (302, 302, 200, 200),
    "admin:auth_user_password_change": (302, 302, 403, 200),
}
# What a curator writes; the rest of the directory she reads; accounts and groups are the administrator's.
CURATED = {"organisation", "resource", "practice", "synonym", "checklist", "tool", "term", "project", "community"}
# Apps whose admin is the directory’s own: completing fields, read by curators.
OURS = ("directory", "loans", "projects", "toolbox")
# What administrators read and nobody rewrites.
READ_ONLY = {
    "mail",
    "consent",
    "loan",
    "signature",
    "journalentry",
    "procrastinatejob",
    "occupation",
    "closure",
    "exceptionalhours",
    "edition",
    "modelagreement",
}
# What belongs to organisations: curators don’t read it.
PRIVATE = {"occupation", "closure", "loan", "signature", "journalentry"}
VERBS = ("changelist", "add", "history", "delete", "change", "choose")
# Completing fields: who points to the model; the others have nobody to complete, and refuse.
CHOOSERS = {
    "organisation": ("resource", "organisation"),
    "resource": ("resource", "part_of"),
    "practice": ("practicepartner", "practice"),
    "territory": ("organisation", "territory"),
    "category": ("resource", "category"),
    "sector": ("organisation", "sectors"),
}


def of_all(four: tuple[int, int, int, int]) -> tuple[int, ...]:
    """In the admin, who isn't of the team is a stranger, and curators are the same everywhere."""
    anonymous, stranger, curator, administrator = four
    return (anonymous, stranger, stranger, stranger, curator, curator, administrator)


def admin_models() -> list[Any]:
    return sorted(admin.site._registry, key=lambda m: m._meta.label_lower)


def admin_names() -> set[str]:
    """The addresses that the registered models have."""
    return {
        f"admin:{m._meta.app_label}_{m._meta.model_name}_{verb}"
        for m in admin_models()
        for verb in VERBS
        if verb != "choose" or m._meta.app_label in OURS
    }


def test_every_address_has_its_row() -> None:
    found = {name for name in names() if name.startswith("admin:")}
    assert found == set(ADMIN) | admin_names()
    assert len(found) > 80


@pytest.mark.parametrize("name", sorted(ADMIN))
def test_admin_pages(name: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    from django.contrib.contenttypes.models import ContentType

    kwargs: dict[str, Any] = {}
    if name == "admin:view_on_site":
        kind = ContentType.objects.get_for_model(type(world["resource"]))
        kwargs = {"content_type_id": kind.pk, "object_id": world["resource"].pk}
    elif name == "admin:app_list":
        kwargs = {"app_label": "directory"}
    elif name == "admin:auth_user_password_change":
        kwargs = {"id": UserFactory().pk}
    address = reverse(name, kwargs=kwargs) + (AUTOCOMPLETE if name == "admin:autocomplete" else "")
    found = answers(cast, address)
    assert statuses_of(found) == of_all(ADMIN[name])
    assert found["anonymous"]["Location"].startswith((reverse("admin:login"), reverse("account_login"))), found


def test_unknown_admin_pages_tell_nothing(cast: dict[str, Client]) -> None:
    assert cast["anonymous"].get("/admin/nulle-part/").status_code == 302
    assert cast["stranger"].get("/admin/nulle-part/").status_code == 302
    assert cast["administrator"].get("/admin/nulle-part/").status_code == 404


def a_row(model: Any, world: dict[str, Any]) -> Any:
    """A row of any model of the admin."""
    makers: dict[str, Callable[[], Any]] = {
        "organisation": lambda: world["organisation"],
        "resource": lambda: world["resource"],
        "practice": lambda: world["practice"],
        "territory": TerritoryFactory,
        "postalarea": lambda: PostalArea.objects.get(code="J6S"),
        "sector": SectorFactory,
        "category": CategoryFactory,
        "checklist": lambda: Checklist.objects.create(kind="materiel", moment="handover", items=["Propre"]),
        "synonym": lambda: Synonym.objects.create(terms=["char", "camion"]),
        "occupation": lambda: Occupation.objects.latest("id"),
        "closure": lambda: Closure.objects.get(pk=world["blocked"]),
        "exceptionalhours": lambda: ExceptionalHours.objects.get(pk=world["exception"]),
        "tool": lambda: Tool.objects.create(slug="guide", title="Guide", kind="guide", why="Aide."),
        "term": lambda: Term.objects.create(slug="pret", term="prêt", definition="Confier pour un temps."),
        "edition": lambda: world["edition"],
        "modelagreement": lambda: world["edition"].model,
        "project": lambda: world["project"],
        "community": lambda: Community.objects.get(slug="entraide"),
        "user": UserFactory,
        "group": lambda: Group.objects.create(name="Essai"),
        "mail": lambda: Mail.objects.get(pk=world["mail"]),
        "consent": lambda: consents.give(by=UserFactory(), purpose=Purpose.TERMS) or Consent.objects.get(),
        "loan": lambda: Loan.objects.get(pk=world["agenda_loan"]),
        "signature": lambda: sign(frozen()).signatures.get(),
        "journalentry": lambda: JournalEntry.objects.latest("id"),
        "procrastinatejob": lambda: ProcrastinateJob.objects.latest("id"),
        "emailaddress": lambda: EmailAddress.objects.latest("id"),
    }
    return makers[model._meta.model_name]()


def expected_of(model: Any, verb: str) -> tuple[int, int, int, int]:
    """Strangers sign in; curators read the directory and write what they curate; administrators do all."""
    name = model._meta.model_name
    ours = model._meta.app_label in OURS and name not in PRIVATE
    if verb == "choose":
        return (302, 302, 200, 200) if name in CHOOSERS else (302, 302, 403, 403)
    reads = verb in ("changelist", "change", "history")
    administrator = 200 if reads or name not in READ_ONLY else 403
    return (302, 302, 200 if ours and (reads or name in CURATED) else 403, administrator)


@pytest.mark.parametrize(
    ("model", "verb"),
    [pytest.param(m, verb, id=f"{m._meta.model_name}-{verb}") for m in admin_models() for verb in VERBS
     if f"admin:{m._meta.app_label}_{m._meta.model_name}_{verb}" in admin_names()],
)  # fmt: skip
def test_admin_of_models(model: Any, verb: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    args = [] if verb in ("changelist", "add", "choose") else [a_row(model, world).pk]
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{verb}", args=args)
    if verb == "choose":
        source, field = CHOOSERS.get(model._meta.model_name, ("resource", "name"))
        address += f"?app_label=directory&model_name={source}&field_name={field}"
    assert statuses_of(answers(cast, address)) == of_all(expected_of(model, verb))


def test_what_is_read_only_takes_nothing(cast: dict[str, Client], world: dict[str, Any]) -> None:
    """Not even from an administrator, not even sent by hand."""
    for model in (m for m in admin_models() if m._meta.model_name in READ_ONLY):
        row, meta = a_row(model, world), model._meta
        for verb, args in (("add", []), ("change", [row.pk]), ("delete", [row.pk])):
            address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{verb}", args=args)
            response = answers(cast, address, {"post": "yes"})["administrator"]
            assert response.status_code == 403, address


def test_no_secret_is_shown(cast: dict[str, Client], world: dict[str, Any]) -> None:
    """Neither seeds and codes of the second factor nor sessions; a password only as « it is set »."""
    hidden = {Authenticator, UserSession, Session}
    assert not hidden & set(admin_models())
    for model in hidden:
        meta = model._meta
        assert cast["administrator"].get(f"/admin/{meta.app_label}/{meta.model_name}/").status_code == 404
    held = {m for m in admin_models() if {n for n, kind in classes_of(m).items() if kind == SECRET} - {"password"}}
    assert held == set()
    person = UserFactory()
    page = cast["administrator"].get(reverse("admin:accounts_user_change", args=[person.pk])).content.decode()
    assert person.password not in page
    assert person.password.rpartition("$")[2] not in page


def test_the_index_of_a_curator_is_the_directory(cast: dict[str, Client]) -> None:
    shown = {role: cast[role].get(reverse("admin:index")).context["app_list"] for role in ("curator", "administrator")}
    assert {app["app_label"] for app in shown["curator"]} == {"directory", "loans", "projects", "toolbox"}
    assert {"accounts", "auth", "directory"} <= {app["app_label"] for app in shown["administrator"]}
