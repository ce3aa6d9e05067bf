"""Three organisations look for the same truck: one of them invites the others, then makes it a project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Mail
from projects.models import Project
from tests.factories import CategoryFactory, MembershipFactory, NeedFactory, a_small_country

pytestmark = pytest.mark.django_db(transaction=True)


def test_needs_grouped_into_a_joint_invitation_then_a_project(
    phone_of: Callable[..., Any], fits: Callable[[Any], None]
) -> None:
    places = a_small_country()
    truck = CategoryFactory(slug="materiel-camion", name="Camion réfrigéré")
    odile, karim, _maude = (
        MembershipFactory(
            user__name=who, role="gestionnaire", organisation__name=name, organisation__territory=places[where]
        )
        for who, name, where in (
            ("Odile Roy", "Le Carrefour", "beauharnois"),
            ("Karim Benali", "La Marmite", "chateauguay"),
            ("Maude Lee", "Le Recto", "beauharnois"),
        )
    )
    for membership in (odile, karim, _maude):
        NeedFactory(organisation=membership.organisation, category=truck, name=f"Camion, {membership.organisation}")

    phone = phone_of(odile.user)
    phone.goto("/besoins/")
    phone.get_by_role("link", name="Voir ce que plusieurs organismes cherchent").click()
    phone.get_by_text("3 organismes le cherchent, dans 2 MRC").wait_for()
    fits(phone)
    phone.get_by_role("link", name="Inviter à s’y mettre ensemble").click()
    fits(phone)
    assert "Nous sommes 3 organismes à chercher" in phone.get_by_label("Votre message").input_value()
    assert "La Marmite, Le Recto" in phone.inner_text("main")
    phone.get_by_role("button", name="Envoyer l’invitation à 2 organismes").click()
    phone.get_by_role("alert").get_by_text("Un point à revoir").wait_for()
    fits(phone)
    phone.get_by_label("Achat groupé").check()
    phone.get_by_label("Votre message").fill("Achetons-le à trois : 450 555-0112, Odile.")
    phone.get_by_role("button", name="Envoyer l’invitation à 2 organismes").click()
    phone.get_by_text("L’invitation est partie à 2 organismes.").wait_for()
    fits(phone)
    assert "Achetons-le à trois" in Mail.objects.get(to=karim.user.email).text
    assert not Mail.objects.filter(to=odile.user.email).exists()

    # The same needs become a project: the others are told, and may take theirs back.
    phone.get_by_role("link", name="En faire un projet").click()
    phone.get_by_label("En deux phrases").fill("Un camion à trois, trois jours par semaine chacun son tour.")
    phone.get_by_label("Beauharnois-Salaberry").check()
    phone.get_by_role("button", name="Publier l’idée").click()
    phone.get_by_text("C’est publié.").wait_for()
    fits(phone)
    project = Project.objects.get()
    assert project.linked_needs.count() == 3
    assert "/projets/" in Mail.objects.get(to=karim.user.email, subject__contains="veut répondre").text
    his = phone_of(karim.user)
    his.goto(project.get_absolute_url())
    fits(his)
    his.get_by_role("button", name="Retirer ce besoin du projet").click()
    his.get_by_text("n’est plus lié au projet").wait_for()
    assert project.linked_needs.count() == 2

    mail = Mail.objects.get(to=karim.user.email, subject__startswith="Vous êtes 3 organismes")
    stop = mail.text.split("Ne plus recevoir ces invitations")[1].split()[1]
    his = phone_of()
    his.goto("/besoins/ensemble/cesser/" + stop.split("/cesser/")[1])
    fits(his)
    his.get_by_role("button", name="Ne plus les recevoir").click()
    his.get_by_text("C’est noté").wait_for()
