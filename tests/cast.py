"""Who is who when access is tested: a person for each role, something of everything, tables of statuses."""

from __future__ import annotations

import copy
import datetime
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from fido2.cose import CoseKey
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from accounts.models import Mail, User
from directory import closing
from directory.freshness import confirm_path
from directory.grouping import stop_path
from directory.invitations import invite
from directory.models import Decision, ResourcePhoto
from directory.photos import add
from loans import agreements, links
from loans.feeds import create
from loans.models import CalendarFeed, Loan
from mutualisation.kernel.memo import forget_all
from mutualisation.kernel.moments import whole_days
from projects.models import Participation, Project, ProjectLoan
from projects.news import add_document, tell
from projects.notifications import stop_token
from tests.directory.pictures import picture
from tests.factories import (
    CategoryFactory,
    CuratorshipFactory,
    JoinRequestFactory,
    MembershipFactory,
    NeedFactory,
    OrganisationFactory,
    PracticeFactory,
    ResourceFactory,
    ToolFactory,
    UserFactory,
    lend,
    some_day,
)
from tests.loans.lending import lent_out
from tests.loans.signed import two_written
from tests.loans.signing import to_sign_by
from tests.projects.meeting import a_meeting_of
from toolbox import paths, rules
from toolbox.models import Clause, Edition, ModelAgreement

# In the order of the tables. The member and the manager are those of the organisation that the row is about;
# the outsider curates another territory than the curator's.
ROLES = ("anonymous", "stranger", "member", "manager", "outsider", "curator", "administrator")


def everyone(places: dict[str, Any]) -> dict[str, User]:
    """A person for each role but the first."""
    call_command("curators", verbosity=0)
    people = {role: UserFactory(email=f"{role}@essai.example") for role in ("stranger", "member", "manager")}
    for role, territory in (("outsider", "mrc-roussillon"), ("curator", "mrc-beauharnois-salaberry")):
        people[role] = UserFactory(staff=True, email=f"{role}@essai.example")
        people[role].groups.add(Group.objects.get(name="Équipe CDC"))
        CuratorshipFactory(user=people[role], territory=places[territory])
    people["administrator"] = UserFactory(admin=True)
    for user in people.values():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return people


def browsers(people: dict[str, User]) -> dict[str, Client]:
    """A browser for each role; everyone signed in just now, with a password."""
    clients = {role: Client() for role in ROLES}
    for role, user in people.items():
        clients[role].force_login(user)
        session = clients[role].session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time()}]
        session.save()
    return clients


def passkey(user: User) -> Authenticator:
    """A passkey, well formed."""
    public = CoseKey.for_alg(-7)({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)})
    attested = AttestedCredentialData.create(bytes(16), b"cle", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    proof = AttestationObject.create("none", AuthenticatorData.create(bytes(32), flags, 0, attested), {})
    said = {"type": "webauthn.create", "challenge": "", "origin": "http://testserver"}
    credential = {
        "id": websafe_encode(b"cle"),
        "rawId": websafe_encode(b"cle"),
        "type": "public-key",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(json.dumps(said).encode()),
            "attestationObject": websafe_encode(bytes(proof)),
        },
    }
    return Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": "Clé", "passwordless": False, "credential": credential},
    )


def link_to(email: str) -> str:
    """What the link of the invitation sent to this address holds."""
    found = re.search(r"/invitations/([^/\s]+)/", Mail.objects.filter(to=email).first().text)
    assert found
    return found[1]


def drafts_of_models(model: ModelAgreement, here: Any) -> dict[str, Any]:
    """An edition in preparation of the portal's model, and of one that a network made for itself."""
    network = OrganisationFactory(slug="reseau", territory=here, is_network=True)
    own = ModelAgreement.objects.create(
        slug="a-soi", title="À soi", kind="materiel", parties=["preteur"], summary="Pour soi.", owner=network,
        copied_from=model.editions.get(),
    )  # fmt: skip
    variables = [{"name": "panier", "label": "Panier", "type": "text", "required": True, "asked_of": "both"}]
    made = {}
    for name, of, number in (("clause", model, 2), ("own_clause", own, 1)):
        draft = Edition.objects.create(model=of, number=number, variables=variables)
        made[name] = Clause.objects.create(edition=draft, position=1, key="objet", title="Objet", body="[[panier]]").pk
    return made


def something_of_everything(places: dict[str, Any], people: dict[str, User]) -> dict[str, Any]:
    """What the addresses of the tables are about: one that everybody sees and one that is not published, of each."""
    here = places["beauharnois"]
    shown = OrganisationFactory(slug="cdc", territory=here)
    hidden = OrganisationFactory(slug="cachee", territory=here, status="submitted", published_at=None)
    for role in ("member", "manager"):
        for organisation in (shown, hidden):
            MembershipFactory(
                user=people[role], organisation=organisation, role="gestionnaire" if role == "manager" else "membre"
            )
    colleague = MembershipFactory(organisation=shown)
    tent = ResourceFactory(slug="tente", organisation=shown)
    reserved = ResourceFactory(slug="reservee", organisation=shown, visibility="membres")
    draft = ResourceFactory(slug="brouillon", organisation=shown, status="draft", published_at=None)
    for resource in (tent, reserved, draft):
        add(resource, [picture(size=(60, 40))], by=people["manager"])
    soon = timezone.localdate() + datetime.timedelta(days=45)
    blocked = closing.block(resource=tent, period=whole_days(soon, soon), quantity=1, by=people["manager"])
    exception = closing.set_hours(owner=tent, days=(soon, soon), hours=None, by=people["manager"])
    holiday = closing.set_hours(owner=shown, days=(soon, soon), hours=None, by=people["manager"])
    NeedFactory(slug="besoin", organisation=shown)
    NeedFactory(slug="besoin-cache", organisation=shown, status="draft", published_at=None)
    story = PracticeFactory(slug="surplus", territories=[here], proposed_by=people["member"])
    hidden_story = PracticeFactory(
        slug="recit-cache", territories=[here], proposed_by=people["member"], status="draft", published_at=None
    )
    common = CategoryFactory(slug="materiel-camion", name="Camion")
    for organisation in (shown, OrganisationFactory(territory=here)):
        NeedFactory(organisation=organisation, category=common)
    agenda = create(by=people["member"], organisation=shown)
    loan = lend(ResourceFactory(organisation=shown), OrganisationFactory(), some_day())
    add(hidden_story, [picture(size=(60, 40))], by=people["member"])
    lent = lent_out(ResourceFactory(organisation=shown), people["manager"])
    model = ModelAgreement.objects.create(
        slug="pret-de-velo", title="Prêt de vélo", kind="materiel", parties=["preteur"], summary="Pour un vélo."
    )
    edition = Edition.objects.create(model=model, number=1)
    Clause.objects.create(edition=edition, position=1, key="objet", title="Objet", body="Un vélo.")
    edition.published_at = timezone.now()
    edition.save()
    paths.load()
    rules.prepare(by=people["curator"])
    ToolFactory(slug="outil", with_file=True, proposed_by=people["member"])
    ToolFactory(slug="outil-cache", with_file=True, proposed_by=people["member"], status="draft", published_at=None)
    built = something_built(shown, people)
    return {
        **drafts_of_models(model, here),
        **lent,
        **to_sign_by(shown, people["manager"]),
        **built,
        **a_meeting_of(shown, people["member"]),
        **two_written("pret-de-velo", shown),
        "agreement": agreements.draw_up(Loan.objects.get(pk=lent["loan_kept"]), by=people["manager"]).number,
        "edition": edition,
        "joint": common.slug,
        "stop": stop_path(people["member"]).strip("/").split("/")[-1],
        "agenda": agenda,
        "agenda_pk": CalendarFeed.objects.get(user=people["member"]).pk,
        "agenda_loan": lend(ResourceFactory(organisation=shown), OrganisationFactory(), some_day()).pk,
        "loan": loan.pk,
        "answer": links.path(loan, people["manager"], "accept").strip("/").split("/")[-1],
        "organisation": shown,
        "resource": tent,
        "practice": story,
        "colleague": colleague.pk,
        "blocked": blocked.pk,
        "exception": exception.pk,
        "holiday": holiday.pk,
        "asked": JoinRequestFactory(organisation=shown).pk,
        "withdrawn": JoinRequestFactory(organisation=shown, user=people["stranger"]).pk,
        "invitation": invite(organisation=shown, email="nouvelle@essai.example", by=people["manager"]).pk,
        "invited": invite(organisation=shown, email=people["stranger"].email, by=people["manager"]).pk,
        "token": link_to("nouvelle@essai.example"),
        "confirm": confirm_path(tent).strip("/").split("/")[1],
        "decision": Decision.objects.create(entry=tent, verb="read", decided_by=people["curator"]).pk,
        "mail": Mail.objects.create(
            event="essai", to="ana@essai.example", subject="Bonjour", text="Bonjour", html="<p>Bonjour"
        ).pk,
        "photo_told": hidden_story.photos.get().uid,
        "key": passkey(people["member"]).pk,
        **{f"photo_{r.slug}": ResourcePhoto.objects.get(resource=r).uid for r in (tent, reserved, draft)},
    }  # fmt: skip


def something_built(shown: Any, people: dict[str, User]) -> dict[str, Any]:
    """A public project of « cdc » with a partner, a promise that came in part, a news, a document; and a draft."""
    now = timezone.now()
    known = {"standfirst": "Un camion.", "organisation": shown, "proposed_by": people["member"]}
    project = Project.objects.create(slug="camion", title="Camion", status="published", published_at=now, **known)
    Project.objects.create(slug="projet-cache", title="Caché", **known)
    welcomed = {"project": project, "status": "welcomed", "answered_at": now}
    Participation.objects.create(organisation=shown, part="porteur", **welcomed)
    partner = Participation.objects.create(organisation=OrganisationFactory(), **welcomed)
    promise = partner.contributions.create(
        nature="temps", label="Bras", hours=4, starts_on=now.date(), status="welcomed", answered_at=now
    )
    news = tell(project=project, title="Il roule", body="Enfin.", by=people["manager"], photos=[picture(size=(60, 40))])
    file = SimpleUploadedFile("plan.pdf", b"%PDF-1.7 %%EOF")
    document = add_document(project=project, title="Plan", file=file, by=people["manager"])
    link = ProjectLoan.objects.create(
        project=project, loan=lend(ResourceFactory(organisation=shown), OrganisationFactory(), some_day())
    )
    return {
        "project": project, "taking_part": partner.pk, "promise": promise.pk, "news": news.pk,
        "news_photo": news.photos.get().uid, "project_document": document.uid, "linked_loan": link.pk,
        "came": promise.deliveries.create(on=now.date(), hours=1).pk,
        "missing": NeedFactory(slug="besoin-du-projet", organisation=shown).pk,
        "stop_news": stop_token(project, people["stranger"]),
    }  # fmt: skip


def names(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """The name of every address of the portal."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            inside = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from names(pattern.url_patterns, inside)
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield prefix + pattern.name


@dataclass(frozen=True)
class Row:
    """One line of a table: an address, then what each role gets when it reads it and when it sends to it."""

    name: str
    arguments: tuple[str, ...]
    read: tuple[int, ...]
    sent: tuple[int, ...]

    def __str__(self) -> str:
        return " ".join((self.name, *self.arguments))

    def address(self, world: dict[str, Any]) -> str:
        pairs = (argument.format(**world).split("=", 1) for argument in self.arguments)
        return reverse(self.name, kwargs=dict(pairs))


def table(text: str) -> list[Row]:
    """Lines « name argument=value | statuses when read | statuses when sent to ».

    One status is everybody's; two, who is not signed in and everybody else; otherwise one for each of ``ROLES``.
    """

    def statuses(part: str) -> tuple[int, ...]:
        found = tuple(int(word) for word in part.split())
        assert len(found) in (1, 2, len(ROLES)), part
        return found if len(found) == len(ROLES) else found[:1] + found[-1:] * (len(ROLES) - 1)

    rows = []
    for line in text.strip().splitlines():
        if line.strip() and not line.startswith("#"):
            address, read, sent = line.split("|")
            name, *arguments = address.split()
            rows.append(Row(name, tuple(arguments), statuses(read), statuses(sent)))
    return rows


def answers(clients: dict[str, Client], address: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """What each role gets, in a transaction of its own: nothing that one changed is left for the next.

    Pages are read from the most powerful down, caches warm: what was kept for one would show to those who may less.
    """
    found = {}
    forget_all()
    caches["memory"].clear()
    for role in reversed(ROLES):
        if data is not None:
            forget_all()
            caches["memory"].clear()
        cookies = copy.deepcopy(clients[role].cookies)
        with transaction.atomic():
            found[role] = clients[role].get(address) if data is None else clients[role].post(address, data)
            if found[role].streaming:
                assert b"".join(found[role].streaming_content), address
            transaction.set_rollback(True)
        clients[role].cookies = cookies
    return {role: found[role] for role in ROLES}


def statuses_of(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(response.status_code for response in found.values())
