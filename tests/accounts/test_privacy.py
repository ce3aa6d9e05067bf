"""Taking everything one gave; closing one’s account; what is erased, what stays and says no more whose it was."""

from __future__ import annotations

import csv
import datetime
import io
import json
import zipfile

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import consents, mail, privacy
from accounts.models import Consent, Draft, Mail, User
from accounts.models.consent import Purpose
from directory.models import Curatorship, Decision, Invitation, JoinRequest, Membership, Report
from tests.accounts.people import confirm, is_in, sign_in, someone
from tests.factories import OrganisationFactory, PracticeFactory, ResourceFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"


def a_full_life() -> User:
    """A person about whom every list holds something, and every secret exists."""
    user = someone(function="coordination", phone="450 555-0199", language="fr")
    consents.give(by=user, purpose=Purpose.TERMS)
    consents.give(by=user, purpose=Purpose.PHONE)
    Draft.objects.create(user=user, key="ressource:neuve", data={"name": ["=1+1 camion"]})
    TOTP.activate(user, SECRET)
    mail.write(event="essai", to=user.email, template="account_login_code", code="AB12-CD34")
    organisation = OrganisationFactory(name="Le Carrefour d’essai", created_by=user)
    Membership.objects.create(user=user, organisation=organisation, role="gestionnaire")
    JoinRequest.objects.create(user=user, organisation=OrganisationFactory(), message="Je suis bénévole ici")
    lasts = timezone.now() + datetime.timedelta(days=9)
    Invitation.objects.create(
        organisation=OrganisationFactory(), email=user.email, token_hash="f" * 64, expires_at=lasts
    )
    Curatorship.objects.create(user=user, territory=TerritoryFactory(name="MRC d’essai"))
    Report.objects.create(entry=organisation, message="Le téléphone a changé", email=user.email)
    Decision.objects.create(entry=organisation, verb="publish", note="Tout est clair", decided_by=user)
    PracticeFactory(title="Le frigo du quartier", proposed_by=user)
    return user


def unzip(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_the_export_holds_all_of_it_in_json_and_in_csv(client: Client) -> None:
    user = a_full_life()
    client.force_login(user)
    answer = client.post("/compte/mes-donnees/")
    assert answer["Content-Type"] == "application/zip"
    files = unzip(answer.content)
    for part in privacy.parts():
        rows = json.loads(files[f"{part.name}.json"])
        assert len(list(csv.DictReader(io.StringIO(files[f"{part.name}.csv"])))) == len(rows)
        assert str(part.title) in files["LISEZ-MOI.txt"]
    everything = "".join(files.values())
    for given in (
        user.email, user.name, "coordination", "450 555-0199", "telephone", "camion", "totp", "AB12-CD34",
        "Le Carrefour d’essai", "Je suis bénévole ici", "MRC d’essai", "Le téléphone a changé", "Tout est clair",
        "Le frigo du quartier",
    ):  # fmt: skip
        assert given in everything, given


def test_the_export_holds_no_secret_and_nothing_of_others(client: Client) -> None:
    user = a_full_life()
    other = someone("autre@ici.example", name="Personne d’autre", phone="450 555-0100")
    Draft.objects.create(user=other, key="x", data={"secret": ["d’autrui"]})
    mail.write(event="autre", to=other.email, template="account_login_code", code="ZZ99-ZZ99")
    client.force_login(user)
    session = client.session.session_key
    everything = "".join(unzip(privacy.export(by=user)).values())
    assert user.email in everything
    for never in (
        user.password, SECRET, "f" * 64, session, other.email, other.name, "450 555-0100", "d’autrui", "ZZ99",
    ):  # fmt: skip
        assert never not in everything, never


def test_a_spreadsheet_runs_nothing_of_the_export() -> None:
    user = someone(name="=HYPERLINK(1)", function="+1", phone="")
    files = unzip(privacy.export(by=user))
    row = next(csv.DictReader(io.StringIO(files["compte.csv"])))
    assert row["nom"] == "'=HYPERLINK(1)"
    assert row["fonction"] == "'+1"
    assert json.loads(files["compte.json"])[0]["nom"] == "=HYPERLINK(1)"


def test_reading_the_page_says_how_much_and_gives_nothing(client: Client) -> None:
    client.force_login(a_full_life())
    page = client.get("/compte/mes-donnees/").content.decode()
    for part in privacy.parts():
        assert str(part.title) in page


def close(client: Client, **data: str):
    confirm(client)
    return client.post("/compte/fermer/", {"sure": "on", **data})


def test_closing_asks_who_one_is_again(client: Client) -> None:
    user = someone()
    sign_in(client)
    answer = client.post("/compte/fermer/", {"sure": "on"})
    assert answer.url.startswith("/compte/confirmer/")
    user.refresh_from_db()
    assert user.closed_at is None


def test_closing_asks_to_be_sure(client: Client) -> None:
    user = someone()
    sign_in(client)
    page = close(client, sure="").content.decode()
    assert "rien n’a été changé" in page
    user.refresh_from_db()
    assert user.is_active


def test_a_closed_account_leaves_no_trace_of_the_person_anywhere(client: Client) -> None:
    user = a_full_life()
    Authenticator.objects.all().delete()  # the password alone signs in again below
    resource = ResourceFactory(created_by=user)
    sign_in(client)
    Client().post("/compte/connexion/code/", {"email": user.email})
    email, name = user.email, user.name
    assert close(client).url == "/compte/ferme/"
    assert not is_in(client)
    assert client.get("/compte/ferme/").status_code == 200
    user.refresh_from_db()
    assert user.closed_at
    assert not user.is_active
    assert not user.has_usable_password()
    resource.refresh_from_db()
    assert resource.created_by == user  # the history keeps its author, who is nobody now
    assert Decision.objects.get().decided_by == user
    assert not Consent.objects.filter(user=user, withdrawn_at__isnull=True).exists()
    last = Mail.objects.get(to=email)
    assert "est fermé" in last.subject
    last.delete()
    assert found_in_the_database(email) == []
    assert found_in_the_database(name) == []
    assert found_in_the_database("450 555-0199") == []


def found_in_the_database(text: str) -> list[str]:
    """Every table that holds this text in any column: nothing is taken on trust."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT 1 FROM "{table}" AS t WHERE t::text ILIKE %s LIMIT 1', [f"%{text}%"])  # noqa: S608
            if cursor.fetchone():
                found.append(table)
    return found


def test_the_search_of_the_test_above_finds_what_is_there() -> None:
    user = a_full_life()
    assert {"accounts_user", "account_emailaddress", "accounts_mail"} <= set(found_in_the_database(user.email))


def test_a_closed_account_opens_no_more_and_its_address_is_free_again(client: Client) -> None:
    user = someone()
    elsewhere = Client()
    sign_in(elsewhere)
    sign_in(client)
    close(client)
    assert elsewhere.get("/compte/profil/").status_code == 302
    assert not Session.objects.exists() or not is_in(elsewhere)
    again = Client()
    sign_in(again)
    assert not is_in(again)
    from tests.accounts.people import sign_up

    sign_up(Client(), user.email)
    assert User.objects.filter(email="ana@ici.example").exclude(pk=user.pk).exists()


def test_the_last_manager_is_warned_and_the_organisation_becomes_an_orphan(client: Client) -> None:
    user = someone()
    alone = OrganisationFactory(name="Sans relève")
    shared = OrganisationFactory(name="Avec relève")
    for organisation in (alone, shared):
        Membership.objects.create(user=user, organisation=organisation, role="gestionnaire")
    Membership.objects.create(user=UserFactory(), organisation=shared, role="gestionnaire")
    sign_in(client)
    confirm(client)
    page = client.get("/compte/fermer/").content.decode()
    assert "gestionnaire de « Sans relève »" in page
    assert "« Avec relève »" not in page
    close(client)
    alone.refresh_from_db()
    shared.refresh_from_db()
    assert not Membership.objects.filter(user=user).exists()
    assert not alone.memberships.exists()
    assert shared.orphan_since is None
    assert alone.orphan_since is not None


def test_the_only_administrator_stays(client: Client) -> None:
    user = someone(admin=True)
    sign_in(client)
    page = close(client).content.decode()
    assert "seule personne qui administre" in page
    user.refresh_from_db()
    assert user.is_active
    UserFactory(admin=True)
    close(client)
    user.refresh_from_db()
    assert user.closed_at


def test_closing_twice_is_closing_once() -> None:
    user = someone()
    assert privacy.close(by=user).closed_at == privacy.close(by=user).closed_at
    assert Mail.objects.count() == 1


def test_nothing_is_erased_when_something_fails_on_the_way(settings) -> None:
    user = someone()
    Draft.objects.create(user=user, key="x", data={})

    def unwell(_user: User) -> None:
        raise RuntimeError

    before = dict(privacy._leavings)
    privacy.before_closing("zz", warn=lambda _user: [], let_go=unwell)
    try:
        with pytest.raises(RuntimeError):
            privacy.close(by=user)
    finally:
        privacy._leavings.clear()
        privacy._leavings.update(before)
    user.refresh_from_db()
    assert user.is_active
    assert Draft.objects.exists()


def test_old_mail_and_accounts_never_verified_are_purged() -> None:
    long_ago = timezone.now() - datetime.timedelta(days=100)
    mail.write(event="vieux", to="a@ici.example", template="account_login_code", code="AAAA")
    Mail.objects.update(created_at=long_ago)
    kept = mail.write(event="neuf", to="a@ici.example", template="account_login_code", code="BBBB")
    verified = someone("verifiee@ici.example")
    never = UserFactory(email="jamais@ici.example")
    EmailAddress.objects.create(user=never, email=never.email, verified=False, primary=True)
    by_hand = UserFactory(email="creee-par-l-administration@ici.example")
    recent = UserFactory(email="hier@ici.example")
    EmailAddress.objects.create(user=recent, email=recent.email, verified=False, primary=True)
    User.objects.exclude(pk=recent.pk).update(created_at=long_ago)
    privacy.purge()
    assert list(Mail.objects.all()) == [kept]
    assert set(User.objects.all()) == {verified, by_hand, recent}


def test_forms_nobody_came_back_to_and_ended_sessions_are_purged(client: Client) -> None:
    user = someone()
    now = timezone.now()
    for key, days in (("vieux", 91), ("recent", 89)):
        Draft.objects.create(user=user, key=key, data={"name": ["x"]})
        Draft.objects.filter(key=key).update(updated_at=now - datetime.timedelta(days=days))
    client.force_login(user)
    client.get("/mon-espace/")
    living = client.session.session_key
    Session.objects.create(session_key="finie", session_data="", expire_date=now - datetime.timedelta(minutes=1))
    UserSession.objects.create(user=user, ip="127.0.0.1", session_key="finie", user_agent="Essai")
    privacy.purge()
    assert [d.key for d in Draft.objects.all()] == ["recent"]
    assert [s.session_key for s in Session.objects.all()] == [living]
    assert not UserSession.objects.filter(session_key="finie").exists()
    assert client.get("/mon-espace/").status_code == 200
