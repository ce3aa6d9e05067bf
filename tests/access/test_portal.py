"""Who may open what: every address × every role → status. The admin has its own file, and so do leaks."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.cast import ROLES, Row, answers, names, statuses_of, table
from tests.loans.access import AGREEMENTS, CONDITION, DOCUMENTS, FEEDS, FREE_BUSY, LOANS, SIGNING
from tests.projects.access import COMMUNITIES, PROJECTS
from tests.toolbox.access import EDITOR, TOOLS

# ROLES: anonymous stranger member manager outsider curator administrator; see ``tests.cast.table``.

# What anyone reads; « reservee » is for members of organisations, the others are not published: the curators of the
# place open them all the same, one by one.
PUBLIC = table("""
home | 200 | 405
search | 200 | 405
organisation_list | 200 | 405
organisation_export form=csv | 200 | 405
organisation_export form=xlsx | 200 | 405
organisation_export form=exe | 404 | 405
organisation_feed | 200 | 405
organisation_places | 200 | 405
organisation_detail slug=cdc | 200 | 405
organisation_detail slug=cachee | 404 404 200 200 404 200 200 | 405
resource_list | 200 | 405
resource_export form=csv | 200 | 405
resource_export form=xlsx | 200 | 405
resource_export form=exe | 404 | 405
resource_feed | 200 | 405
resource_places | 200 | 405
resource_detail slug=tente | 200 | 405
resource_detail slug=reservee | 404 404 200 200 404 200 200 | 405
resource_detail slug=brouillon | 404 404 200 200 404 200 200 | 405
organisation_agenda slug=cdc | 200 | 405
organisation_agenda slug=cachee | 404 404 200 200 404 200 200 | 405
resource_agenda slug=tente | 200 | 405
resource_agenda slug=reservee | 404 404 200 200 404 200 200 | 405
resource_agenda slug=brouillon | 404 404 200 200 404 200 200 | 405
resource_ics slug=tente | 200 | 405
resource_ics slug=reservee | 404 404 200 200 404 200 200 | 405
resource_ics slug=brouillon | 404 404 200 200 404 200 200 | 405
need_list | 200 | 405
need_export form=csv | 200 | 405
need_export form=xlsx | 200 | 405
need_export form=exe | 404 | 405
need_feed | 200 | 405
need_places | 200 | 405
need_detail slug=besoin | 200 | 405
need_detail slug=besoin-cache | 404 404 200 200 404 200 200 | 405
photo uid={photo_tente} size=480 | 200 | 405
photo uid={photo_tente} size=99 | 404 | 405
photo uid={photo_reservee} size=480 | 404 404 200 200 404 200 200 | 405
photo uid={photo_brouillon} size=480 | 404 404 200 200 404 200 200 | 405
photo uid={photo_told} size=480 | 404 404 200 404 404 200 200 | 405
practice_list | 200 | 405
practice_export form=csv | 200 | 405
practice_export form=xlsx | 200 | 405
practice_export form=exe | 404 | 405
practice_feed | 200 | 405
practice_places | 200 | 405
practice_detail slug=surplus | 200 | 405
practice_detail slug=recit-cache | 404 404 200 404 404 200 200 | 405
tool_list | 200 | 405
guided_path | 200 | 405
lexicon | 200 | 405
model_agreement_list | 200 | 405
model_agreement slug=pret-de-velo | 200 | 405
model_agreement slug=inconnue | 404 | 405
model_agreement_edition slug=pret-de-velo number=1 | 200 | 405
model_agreement_edition slug=pret-de-velo number=2 | 404 | 405
about | 200 | 405
legal | 200 | 405
privacy | 200 | 405
accessibility | 200 | 405
credits | 200 | 405
health | 200 | 405
robots | 200 | 405
sitemap | 200 | 405
sitemap_section section=ressources | 200 | 405
""")

# The territory’s portrait: figures only; needs in common, whose curators and organisations invite one another.
PORTRAIT = table("""
portrait | 200 | 405
portrait_method | 200 | 405
portrait_data | 200 | 405
need_groups | 200 | 405
need_group key={joint} | 200 | 405
need_group key=inconnu | 404 | 405
need_group_invite key={joint} | 302 403 200 200 403 200 200 | 302 403 302 302 403 422 422
need_group_invite key=inconnu | 302 404 | 302 404
need_group_stop token={stop} | 200 | 302
need_group_stop token=faux | 404 | 404
""")

# One’s account: everyone has hers. Outside of the demonstration nobody reads e-mails.
ACCOUNT = table("""
my_space | 302 200 | 302 200
account_login | 200 302 | 200 302
account_request_login_code | 200 302 | 200 302
account_confirm_login_code | 302 | 302
mfa_login_webauthn | 302 | 302
account_logout | 302 200 | 302
account_inactive | 200 | 405
account_signup | 200 302 | 200 302
account_email_verification_sent | 302 | 302
account_reauthenticate | 302 200 | 302 200
account_email | 302 200 | 302
account_change_password | 302 200 | 302 200
account_set_password | 302 | 302
account_reset_password | 200 | 200
account_confirm_password_reset_code | 302 | 302
account_complete_password_reset | 302 | 302
account_password_reset_completed | 200 | 405
mfa_index | 302 200 | 302 405
mfa_authenticate | 302 | 302
mfa_reauthenticate | 302 | 302
mfa_activate_totp | 302 | 302
mfa_deactivate_totp | 302 404 | 302 404
mfa_view_recovery_codes | 302 404 | 302 405
mfa_generate_recovery_codes | 302 | 302
mfa_download_recovery_codes | 302 404 | 302 404
mfa_list_webauthn | 302 200 | 302 405
mfa_add_webauthn | 302 | 302
mfa_reauthenticate_webauthn | 302 302 200 302 302 302 302 | 302
mfa_edit_webauthn pk={key} | 302 | 302
mfa_remove_webauthn pk={key} | 302 | 302
usersessions_list | 302 200 | 302
account | 302 | 302
profile | 302 200 | 302 200
security | 302 200 | 302 405
consents | 302 200 | 302
my_data | 302 200 | 302 200
close_account | 302 | 302
account_closed | 200 | 405
outbox | 404 | 404
outbox_mail pk={mail} | 404 | 404
outbox_html pk={mail} | 404 | 404
draft_keep | 405 | 401 400
draft_forget | 302 405 | 302
""")

# Organisations and their teams; the invitation is for the stranger, the request to take back is hers.
TEAM = table("""
organisation_create | 302 200 | 302 422
organisation_duplicates | 302 200 | 302 405
organisation_edit slug=cdc | 302 403 403 200 403 200 200 | 302 403 403 422 403 422 422
organisation_edit slug=cachee | 302 404 403 200 404 200 200 | 302 404 403 422 404 422 422
organisation_team slug=cdc | 302 403 200 200 403 200 200 | 302 405
organisation_team slug=cachee | 302 404 200 200 404 200 200 | 302 405
team_invite slug=cdc | 302 405 | 302 403 403 422 403 403 422
team_invite slug=cachee | 302 405 | 302 404 403 422 404 403 422
team_revoke slug=cdc pk={invitation} | 302 405 | 302 403 403 302 403 403 302
team_answer slug=cdc pk={asked} | 302 405 | 302 403 403 302 403 403 302
team_member slug=cdc pk={colleague} | 302 403 403 200 403 403 200 | 302 403 403 422 403 403 422
team_remove slug=cdc pk={colleague} | 302 403 403 200 403 403 200 | 302 403 403 302 403 403 302
organisation_join slug=cdc | 302 200 302 302 200 200 200 | 302
organisation_join slug=cachee | 302 404 302 302 404 200 200 | 302 404 302 302 404 302 302
join_withdraw slug=cdc | 302 405 | 302 302 404 404 404 404 404
join_withdraw slug=cachee | 302 405 | 302 404
organisation_leave slug=cdc | 302 404 200 200 404 404 404 | 302 404 302 422 404 404 404
organisation_leave slug=cachee | 302 404 200 200 404 404 404 | 302 404 302 422 404 404 404
act_for | 302 405 | 302
invitation_accept pk={invited} | 302 405 | 302 302 404 404 404 404 404
invitation token={token} | 200 | 200 302 410 410 302 302 302
invitation token=abime | 404 | 404
""")

# What organisations post, and stories: « recit-cache » was proposed by the member.
POSTING = table("""
confirm token={confirm} | 200 | 302
confirm token=abime | 404 | 404
resource_offer | 302 200 | 302 405
resource_create kind=materiel | 302 302 200 200 302 302 302 | 302 302 422 422 302 302 302
resource_create kind=autre | 404 | 404
resource_edit slug=tente | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
resource_edit slug=reservee | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
resource_edit slug=brouillon | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
resource_photos slug=tente | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
resource_photos slug=reservee | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
resource_photos slug=brouillon | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
resource_move slug=tente | 302 405 | 302 403 302 302 403 302 302
resource_move slug=reservee | 302 405 | 302 404 302 302 404 302 302
resource_move slug=brouillon | 302 405 | 302 404 302 302 404 302 302
resource_pause slug=tente | 302 405 | 302 403 302 302 403 302 302
resource_pause slug=reservee | 302 405 | 302 404 302 302 404 302 302
resource_pause slug=brouillon | 302 405 | 302 404 302 302 404 302 302
resource_duplicate slug=tente | 302 405 | 302 403 302 302 403 302 302
resource_duplicate slug=reservee | 302 405 | 302 404 302 302 404 302 302
resource_duplicate slug=brouillon | 302 405 | 302 404 302 302 404 302 302
resource_closing slug=tente | 302 403 200 200 403 403 200 | 302 403 422 422 403 403 422
resource_closing slug=reservee | 302 404 200 200 404 403 200 | 302 404 422 422 404 403 422
resource_closing slug=brouillon | 302 404 200 200 404 403 200 | 302 404 422 422 404 403 422
resource_hours slug=tente | 302 403 200 200 403 403 200 | 302 403 422 422 403 403 422
resource_hours slug=reservee | 302 404 200 200 404 403 200 | 302 404 422 422 404 403 422
resource_hours slug=brouillon | 302 404 200 200 404 403 200 | 302 404 422 422 404 403 422
closure_remove slug=tente pk={blocked} | 302 405 | 302 403 302 302 403 403 302
closure_remove slug=reservee pk={blocked} | 302 405 | 302 404 404 404 404 403 404
resource_hours_remove slug=tente pk={exception} | 302 405 | 302 403 302 302 403 403 302
resource_hours_remove slug=tente pk={holiday} | 302 405 | 302 403 404 404 403 403 404
organisation_hours slug=cdc | 302 403 403 200 403 200 200 | 302 403 403 422 403 422 422
organisation_hours slug=cachee | 302 404 403 200 404 200 200 | 302 404 403 422 404 422 422
organisation_hours_remove slug=cdc pk={holiday} | 302 405 | 302 403 403 302 403 302 302
organisation_hours_remove slug=cdc pk={exception} | 302 405 | 302 403 403 404 403 404 404
my_resources | 302 200 | 302 405
need_create | 302 200 | 302 200 422 422 200 200 200
need_edit slug=besoin | 302 403 200 200 403 200 200 | 302 403 422 422 403 422 422
need_edit slug=besoin-cache | 302 404 200 200 404 200 200 | 302 404 422 422 404 422 422
need_move slug=besoin | 302 405 | 302 403 302 302 403 302 302
need_move slug=besoin-cache | 302 405 | 302 404 302 302 404 302 302
practice_propose | 302 200 | 302 422
practice_edit slug=surplus | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
practice_edit slug=recit-cache | 302 404 200 404 404 200 200 | 302 404 422 404 404 422 422
practice_photos slug=surplus | 302 403 403 403 403 200 200 | 302 403 403 403 403 422 422
practice_photos slug=recit-cache | 302 404 200 404 404 200 200 | 302 404 422 404 404 422 422
practice_move slug=surplus | 302 405 | 302 403 403 403 403 302 302
practice_move slug=recit-cache | 302 405 | 302 404 302 404 404 302 302
""")

# The curators’ desk, histories, and errors that anyone reports.
CURATION = table("""
moderation | 302 403 403 403 200 200 200 | 302 405
moderation_decide | 302 405 | 302 403 403 403 403 302 302
moderation_undo pk={decision} | 302 405 | 302 403 403 403 403 302 302
moderation_territory slug=mrc-beauharnois-salaberry | 302 405 | 302 403 403 403 403 302 302
moderation_territory slug=nulle-part | 302 405 | 302 403 403 403 404 404 404
history noun=organisme slug=cdc | 302 403 403 200 403 200 200 | 302 405
history noun=organisme slug=cachee | 302 404 403 200 404 200 200 | 302 405
history noun=ressource slug=tente | 302 403 200 200 403 200 200 | 302 405
history noun=ressource slug=brouillon | 302 404 200 200 404 200 200 | 302 405
history noun=besoin slug=besoin | 302 403 200 200 403 200 200 | 302 405
history noun=besoin slug=besoin-cache | 302 404 200 200 404 200 200 | 302 405
history noun=pratique slug=surplus | 302 403 403 403 403 200 200 | 302 405
history noun=pratique slug=recit-cache | 302 404 200 404 404 200 200 | 302 405
history noun=autre slug=cdc | 302 404 | 302 405
report noun=organisme slug=cdc | 200 | 200
report noun=organisme slug=cachee | 404 404 200 200 404 404 200 | 404 404 200 200 404 404 200
report noun=ressource slug=tente | 200 | 200
report noun=ressource slug=brouillon | 404 404 200 200 404 404 200 | 404 404 200 200 404 404 200
report noun=besoin slug=besoin | 200 | 200
report noun=besoin slug=besoin-cache | 404 404 200 200 404 404 200 | 404 404 200 200 404 404 200
report noun=pratique slug=surplus | 200 | 200
report noun=pratique slug=recit-cache | 404 404 200 404 404 404 200 | 404 404 200 404 404 404 200
report noun=autre slug=cdc | 404 | 404
""")


TABLES = {
    "public": PUBLIC,
    "account": ACCOUNT,
    "team": TEAM,
    "posting": POSTING,
    "curation": CURATION,
    "loans": LOANS,
    "signing": SIGNING,
    "feeds": FEEDS,
    "condition": CONDITION,
    "free_busy": FREE_BUSY,
    "tools": TOOLS,
    "communities": COMMUNITIES,
    "portrait": PORTRAIT,
    "projects": PROJECTS,
    "documents": DOCUMENTS,
    "agreements": AGREEMENTS,
    "editor": EDITOR,
}

# What is sent, where nothing at all would be refused for that alone.
SENT: dict[str, dict[str, str]] = {
    "team_answer": {"accepted": "oui"},
    "resource_move": {"geste": "archive"},
    "need_move": {"geste": "archive"},
    "practice_move": {"geste": "archive"},
    "project_move": {"geste": "archive"},
    "participation": {"geste": "terminer", "fin-reason": "Fini"},
    "contribution": {"geste": "recu"},
    "community_move": {"geste": "archive"},
    "gathering_move": {"geste": "annuler"},
    "tool_move": {"geste": "archive"},
    "path_piece_move": {"geste": "monter"},
    "resource_pause": {"pause": "1"},
    "loan_detail": {"geste": "message", "note": "Bonjour"},
    "clause_move": {"apres": "0"},
    "clause_gesture": {"geste": "retirer"},
    "moderation_decide": {"key": "read.resource.{resource.pk}", "verb": "read"},
}


def test_every_address_has_its_row() -> None:
    rows = [row for rows in TABLES.values() for row in rows]
    assert {name for name in names() if not name.startswith("admin:")} == {row.name for row in rows}
    assert len({str(row) for row in rows}) == len(rows)


def test_the_walk_sees_what_is_nested() -> None:
    assert {"home", "resource_detail", "account_login", "mfa_index", "admin:index", "admin:login"} <= set(names())


def shown(row: Row, read: tuple[int, ...], sent: tuple[int, ...]) -> str:
    return f"{row} | {' '.join(map(str, read))} | {' '.join(map(str, sent))}"


@pytest.mark.parametrize("subject", TABLES)
def test_who_may_read_and_send(subject: str, cast: dict[str, Client], world: dict[str, Any]) -> None:
    wrong = []
    for row in TABLES[subject]:
        address = row.address(world)
        data = {name: value.format(**world) for name, value in SENT.get(row.name, {}).items()}
        read, sent = answers(cast, address), answers(cast, address, data)
        if (statuses_of(read), statuses_of(sent)) != (row.read, row.sent):
            wrong.append(shown(row, statuses_of(read), statuses_of(sent)))
        # Who must sign in first is led there, and back.
        for response in (read["anonymous"], sent["anonymous"]):
            if response.status_code == 302 and subject != "account" and row.name not in ("confirm", "need_group_stop"):
                assert response["Location"].startswith(reverse(settings.LOGIN_URL) + "?next="), row
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "name", ["profile", "security", "consents", "my_data", "my_space", "mfa_index", "account_email"]
)
def test_ones_own_pages_lead_to_signing_in(name: str, client: Client, db: None) -> None:
    response = client.get(reverse(name))
    assert response["Location"].startswith(reverse(settings.LOGIN_URL) + "?next=")


def test_public_pages_answer_head(cast: dict[str, Client], world: dict[str, Any]) -> None:
    for row in PUBLIC:
        answer = cast["anonymous"].head(row.address(world))
        assert answer.status_code == row.read[0], row
        if answer.streaming:  # reading it to its end closes the file behind, as a server does
            assert b"".join(answer.streaming_content) == b""


@pytest.mark.parametrize("name", ["outbox", "outbox_mail", "outbox_html"])
def test_the_demonstration_shows_its_mail(
    name: str, cast: dict[str, Client], world: dict[str, Any], settings: Any
) -> None:
    settings.DEMO = True
    address = next(row for row in ACCOUNT if row.name == name).address(world)
    assert set(statuses_of(answers(cast, address))) == {200}


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete", "options", "trace"])
def test_outside_of_the_demonstration_there_is_no_mail_to_read(method: str, world: dict[str, Any]) -> None:
    client = Client(enforce_csrf_checks=True)
    for row in (r for r in ACCOUNT if r.name.startswith("outbox")):
        assert getattr(client, method)(row.address(world)).status_code == 404, row


def test_a_retired_curator_is_a_stranger(
    people: dict[str, Any], cast: dict[str, Client], world: dict[str, Any]
) -> None:
    assert cast["curator"].get(reverse("moderation")).status_code == 200
    people["curator"].is_active = False
    people["curator"].save()
    for address in (reverse("moderation"), reverse("admin:index"), reverse("organisation_team", args=["cdc"])):
        assert cast["curator"].get(address).status_code == 302


def test_a_curatorship_without_the_staff_flag_opens_nothing(people: dict[str, Any], cast: dict[str, Client]) -> None:
    people["curator"].is_staff = False
    people["curator"].save()
    assert cast["curator"].get(reverse("moderation")).status_code == 403
    assert len(cast) == len(ROLES)
