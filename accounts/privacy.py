"""A person’s rights over what she gave: take a copy of all of it, close her account (P-39.1, art. 27, 28).

Each app says what it holds of a person (``holds``) and what it must do when she leaves (``before_closing``),
from the ``ready()`` of its configuration: accounts imports none of them.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import secrets
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import notifications
from accounts.models import Consent, Draft, Mail, User
from mutualisation.kernel.moments import moment_in_words

DRAFTS_KEPT_DAYS = 90
UNVERIFIED_KEPT_DAYS = 7

Row = dict[str, Any]
Rows = Iterable[Row]


class CannotClose(Exception):  # noqa: N818 - it is an answer, not a fault
    """The account can’t be closed as things stand; nothing was changed. Its text is a sentence for the person."""


@dataclass(frozen=True)
class Part:
    """One list of what is held of a person: a file of the export."""

    name: str
    title: str | Promise
    rows: Callable[[User], Rows]


@dataclass(frozen=True)
class Consequence:
    """What closing the account would cause, and the page where it can be avoided."""

    sentence: str
    address: str = ""


@dataclass(frozen=True)
class Leaving:
    """What an app does when a person leaves: warn her before, let go of what is hers, in the same transaction."""

    warn: Callable[[User], list[Consequence]]
    let_go: Callable[[User], None]


_parts: dict[str, Part] = {}
_leavings: dict[str, Leaving] = {}


def holds(name: str, title: str | Promise, rows: Callable[[User], Rows]) -> None:
    """Declare a list of what is held of a person. ``name`` is the file’s; twice the same name replaces it."""
    _parts[name] = Part(name, title, rows)


def before_closing(name: str, *, warn: Callable[[User], list[Consequence]], let_go: Callable[[User], None]) -> None:
    """Declare what an app does when a person leaves."""
    _leavings[name] = Leaving(warn, let_go)


def parts() -> list[Part]:
    return list(_parts.values())


def export(*, by: User) -> bytes:
    """Everything held of a person, as a ZIP: each list in JSON and in CSV, and a page that says what is what."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = [_("Vos données, exportées le %s.") % moment_in_words(timezone.now()), ""]
        for part in parts():
            rows = list(part.rows(by))
            lines.append(f"{part.name}.json, {part.name}.csv : {part.title} ({len(rows)})")
            archive.writestr(
                f"{part.name}.json", json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2) + "\n"
            )
            archive.writestr(f"{part.name}.csv", _as_csv(rows))
        archive.writestr("LISEZ-MOI.txt", "\n".join(lines) + "\n")
    return buffer.getvalue()


def _as_csv(rows: list[Row]) -> str:
    """With the byte-order mark that spreadsheets need to read accents, and no cell that they would run."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        value = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def consequences(user: User) -> list[Consequence]:
    """What closing this account will cause, said before."""
    return [found for leaving in _leavings.values() for found in leaving.warn(user)]


def refusal(user: User) -> str:
    """Why this account can’t be closed; nothing when it can."""
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        return _("Vous êtes la seule personne qui administre le portail : donnez d’abord ce rôle à une autre.")
    return ""


@transaction.atomic
def close(*, by: User) -> User:
    """Close one’s own account: what is personal is erased, what must stay says no more whose it was."""
    user = User.objects.select_for_update().get(pk=by.pk)
    if user.closed_at:
        return user
    if sentence := refusal(user):
        raise CannotClose(sentence)
    address = user.email
    for leaving in _leavings.values():
        leaving.let_go(user)
    _forget_what_accounts_hold(user)
    user.email = f"compte-ferme-{secrets.token_hex(8)}@invalid"
    user.name = user.function = user.phone = ""
    user.language = "fr"
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.closed_at = timezone.now()
    user.set_unusable_password()
    user.save()
    notifications.account_closed(user=user, address=address)
    return user


def _forget_what_accounts_hold(user: User) -> None:
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    for address in addresses:
        Mail.objects.filter(to__iexact=address).delete()
    Consent.objects.filter(user=user, withdrawn_at__isnull=True).update(withdrawn_at=timezone.now())
    Draft.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    held = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=list(held.values_list("session_key", flat=True))).delete()
    held.delete()
    user.groups.clear()
    user.user_permissions.clear()
    about_her = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    about_her.update(object_repr=_("compte fermé"), change_message="")


@transaction.atomic
def purge() -> int:
    """Erase what is kept no longer: old mail, forms nobody came back to, sessions, accounts never verified."""
    now = timezone.now()
    Draft.objects.filter(updated_at__lt=now - datetime.timedelta(days=DRAFTS_KEPT_DAYS)).delete()
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    new = now - datetime.timedelta(days=UNVERIFIED_KEPT_DAYS)
    old = Mail.objects.filter(created_at__lt=now - datetime.timedelta(days=settings.MAIL_KEPT_DAYS))
    never = User.objects.filter(
        created_at__lt=new,
        last_login__isnull=True,
        closed_at__isnull=True,
        is_staff=False,
    ).filter(emailaddress__verified=False)
    never = never.exclude(emailaddress__verified=True)
    return old.delete()[0] + never.delete()[0]


def _account(user: User) -> Rows:
    yield {
        "courriel": user.email, "nom": user.name, "fonction": user.function, "telephone": user.phone,
        "langue": user.language, "cree_le": user.created_at, "derniere_connexion": user.last_login,
        "equipe": user.is_staff, "administration": user.is_superuser,
        "groupes": list(user.groups.values_list("name", flat=True)),
    }  # fmt: skip


def _addresses(user: User) -> Rows:
    for a in EmailAddress.objects.filter(user=user).order_by("pk"):
        yield {"courriel": a.email, "verifie": a.verified, "principal": a.primary}


def _consents(user: User) -> Rows:
    for c in Consent.objects.filter(user=user):
        yield {
            "finalite": c.purpose, "libelle": str(c.get_purpose_display()), "version_du_texte": c.version,
            "donne_le": c.given_at, "retire_le": c.withdrawn_at,
        }  # fmt: skip


def _sessions(user: User) -> Rows:
    for s in UserSession.objects.filter(user=user).order_by("pk"):
        yield {"ouverte_le": s.created_at, "vue_le": s.last_seen_at, "adresse_ip": s.ip, "navigateur": s.user_agent}


def _factors(user: User) -> Rows:
    """That they exist, never their secrets."""
    for a in Authenticator.objects.filter(user=user).order_by("pk"):
        yield {"type": a.type, "ajoute_le": a.created_at, "utilise_le": a.last_used_at}


def _mails(user: User) -> Rows:
    for m in Mail.objects.filter(to__iexact=user.email):
        yield {"objet": m.subject, "texte": m.text, "ecrit_le": m.created_at, "envoye_le": m.sent_at}


def _drafts(user: User) -> Rows:
    for d in Draft.objects.filter(user=user):
        yield {"formulaire": d.key, "contenu": d.data, "tape_le": d.updated_at}


def _admin_log(user: User) -> Rows:
    for entry in LogEntry.objects.filter(user=user).order_by("pk"):
        yield {"date": entry.action_time, "objet": entry.object_repr, "geste": str(entry.get_action_flag_display())}


def declare() -> None:
    """What accounts itself holds."""
    holds("compte", gettext_lazy("Votre compte et votre profil"), _account)
    holds("adresses", gettext_lazy("Vos adresses courriel"), _addresses)
    holds("accords", gettext_lazy("Vos accords, donnés et retirés"), _consents)
    holds("sessions", gettext_lazy("Vos sessions ouvertes"), _sessions)
    holds("double_verification", gettext_lazy("Vos moyens de double vérification, sans leurs secrets"), _factors)
    holds("courriels", gettext_lazy("Les courriels que le portail vous a écrits"), _mails)
    holds("brouillons", gettext_lazy("Vos saisies en cours"), _drafts)
    holds("journal", gettext_lazy("Vos gestes dans l’administration"), _admin_log)
