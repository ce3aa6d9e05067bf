"""What projects write to people: one function an event, called by the verb, inside its transaction.

One template serves them all: the words are here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mail import absolute, write
from directory.models import Need, Organisation
from directory.permissions import is_member, people_for
from mutualisation.kernel.moments import day_in_words
from projects.models import Contribution, Delivery, Follower, Idea, News, Participation, Project
from projects.permissions import name_of, people_at, people_leading, people_of
from projects.wording import quantity

SALT = "projects.follow"


def _send(
    project: Project, people: Any, event: str, *, subject: str, expected: str, page: str, action: str, note: str = "",
    story: str = "", photos: int = 0, stop: bool = False,
) -> None:  # fmt: skip
    for person in people:
        write(
            event=event,
            to=person.email,
            template="project",
            subject_line=subject,
            expected=expected,
            project=project,
            note=note,
            story=story,
            photos=photos,
            action=action,
            action_url=absolute(page),
            stop_url=absolute(reverse("project_unfollow", args=[stop_token(project, person)])) if stop else "",
        )


def _page(participation: Participation) -> str:
    return reverse("participation", args=[participation.project.slug, participation.pk])


def _for_needs(brought: Iterable[Contribution]) -> list[str]:
    """Which needs of the project are answered: one sentence each."""
    said = _("C’est pour répondre à votre besoin : %(need)s.")
    return [said % {"need": one.need.name} for one in brought if one.need]


def offered(participation: Participation, *, by: Any, brought: Sequence[Contribution]) -> None:
    """Someone offers to take part, for a need of the project perhaps → who leads."""
    said = {"who": participation.organisation.name, "what": participation.project.title}
    _send(
        participation.project,
        [p for p in people_leading(participation.project) if p.pk != by.pk],
        f"project-offered:{participation.pk}",
        subject=_("%(who)s veut participer : %(what)s") % said,
        expected=" ".join(
            [*_for_needs(brought), _("Accueillez cette participation, ou déclinez-la en disant pourquoi.")]
        ),
        note=participation.message,
        page=_page(participation),
        action=_("Répondre"),
    )


def joined(participation: Participation, *, by: Any, brought: Sequence[Contribution]) -> None:
    """Someone supports the project, which needs no answer → who leads, who answers what is ``brought`` with it."""
    said = {"who": participation.organisation.name, "what": participation.project.title}
    there = _("le nom de l’organisme paraît sur la page du projet.")
    if brought:
        what = {"there": there[:1].upper() + there[1:], "what": "; ".join(one.label for one in brought)}
        expected = _("%(there)s Il offre aussi : %(what)s. Acceptez-le, ou déclinez-le en disant pourquoi.") % what
    else:
        expected = _("Il n’y a rien à faire : %(there)s") % {"there": there}
    _send(
        participation.project,
        [p for p in people_leading(participation.project) if p.pk != by.pk],
        f"project-joined:{participation.pk}",
        subject=_("%(who)s appuie le projet : %(what)s") % said,
        expected=" ".join([*_for_needs(brought), expected]),
        note=participation.message,
        page=_page(participation) if brought else participation.project.get_absolute_url(),
        action=_("Répondre") if brought else _("Voir le projet"),
    )


def answered(participation: Participation, *, by: Any) -> None:
    """Yes or no → who offered."""
    said = {"what": participation.project.title, "by": name_of(by, participation)}
    welcome = participation.status == Participation.Status.WELCOMED
    _send(
        participation.project,
        [p for p in people_of(participation) if p.pk != by.pk],
        f"project-answered:{participation.pk}:{participation.status}",
        subject=(_("Bienvenue dans le projet : %(what)s") if welcome else _("Participation déclinée : %(what)s"))
        % said,
        expected=_("Inscrivez ce que vous apportez à mesure que cela vient.")
        if welcome
        else _("%(by)s n’a pas retenu votre offre. Voici pourquoi.") % said,
        note=participation.reason,
        page=_page(participation),
        action=_("Ouvrir votre participation"),
    )


def ended(participation: Participation, *, by: Any) -> None:
    """A participation ends → the other side, which reads who ended it."""
    said = {
        "who": participation.organisation.name, "what": participation.project.title,
        "by": name_of(by, participation),
    }  # fmt: skip
    stays = _("Ce qui était venu reste au bilan; ce qui était promis n’y compte plus.")
    if not is_member(by, participation.organisation):
        subject = _("Participation terminée : %(what)s (%(who)s)")
        expected = _("%(by)s a mis fin à la participation de %(who)s. Voici pourquoi.") % said + f" {stays}"
    elif participation.answered_at is None:
        subject = _("%(who)s retire son offre : %(what)s")
        expected = _("Il n’y a rien à faire : ce qui était offert n’est plus proposé au projet.")
    else:
        subject = _("%(who)s ne participe plus : %(what)s")
        expected = _("%(by)s a mis fin à sa participation.") % said + f" {stays}"
    _send(
        participation.project,
        _both_sides(participation, but=by),
        f"project-ended:{participation.pk}",
        subject=subject % said,
        expected=expected,
        note=participation.reason,
        page=_page(participation),
        action=_("Voir la participation"),
    )


def promised(contribution: Contribution, *, by: Any) -> None:
    """A partner offers something more, for a need of the project perhaps → who leads."""
    participation = contribution.participation
    said = {"who": participation.organisation.name, "what": contribution.label}
    _send(
        participation.project,
        [p for p in people_leading(participation.project) if p.pk != by.pk],
        f"project-promised:{contribution.pk}",
        subject=_("%(who)s offre : %(what)s") % said,
        expected=" ".join(
            [*_for_needs([contribution]), _("Acceptez cette contribution, ou déclinez-la en disant pourquoi.")]
        ),
        page=_page(participation),
        action=_("Répondre"),
    )


def promise_answered(contribution: Contribution, *, by: Any) -> None:
    """Yes or no to one promise → the partner."""
    welcome = contribution.status == Contribution.Status.WELCOMED
    said = {"what": contribution.label}
    _send(
        contribution.participation.project,
        [p for p in people_of(contribution.participation) if p.pk != by.pk],
        f"project-promise-answered:{contribution.pk}",
        subject=(_("C’est accepté : %(what)s") if welcome else _("C’est décliné : %(what)s")) % said,
        expected=_("Inscrivez ce qui vient, à mesure.") if welcome else _("Voici pourquoi."),
        note=contribution.reason,
        page=_page(contribution.participation),
        action=_("Ouvrir votre participation"),
    )


def taken_up(project: Project, need: Need) -> None:
    """A project means to answer a need of an organisation that does not lead it → who answers for that need."""
    said = {"what": need.name, "project": project.title}
    _send(
        project,
        people_for(need),
        f"project-took-up:{project.pk}:{need.pk}",
        subject=_("Un projet veut répondre à votre besoin : %(what)s") % said,
        expected=_("Voyez s’il vous convient, et dites ce que vous y apporteriez. Si ce besoin n’en est pas un, "
                   "retirez-le de la page du projet."),
        note=project.standfirst,
        page=project.get_absolute_url(),
        action=_("Voir le projet"),
    )  # fmt: skip


def idea_became(project: Project, idea: Idea, *, supporter: Organisation) -> None:
    """An idea of the box is a public project now → an organisation that had it, or that supported it."""
    said = {"what": idea.title, "where": idea.community.name, "who": project.organisation.name}
    _send(
        project,
        people_at(supporter),
        f"project-idea:{project.pk}:{idea.pk}",
        subject=_("Une idée de la boîte est devenue un projet : %(what)s") % said,
        expected=_("%(who)s en fait un projet. Votre organisme avait mis ou appuyé cette idée dans la communauté "
                   "« %(where)s » : voyez s’il vous convient, et dites ce que vous y apporteriez.") % said,
        note=project.standfirst,
        page=project.get_absolute_url(),
        action=_("Voir le projet"),
    )  # fmt: skip


def taken_back(contribution: Contribution, *, by: Any) -> None:
    """A promise will not come, or not entirely → the other side."""
    participation = contribution.participation
    said = {"who": participation.organisation.name, "what": contribution.label}
    _send(
        participation.project,
        _both_sides(participation, but=by),
        f"project-taken-back:{contribution.pk}",
        subject=_("Un apport ne viendra pas : %(what)s (%(who)s)") % said,
        expected=_("Retiré par %(by)s. Il n’y a rien à faire : ce qui était venu reste au bilan; le reste n’est plus "
                   "promis.") % {"by": name_of(by, participation)},
        note=contribution.reason,
        page=reverse("contribution", args=[participation.project.slug, contribution.pk]),
        action=_("Voir l’apport"),
    )  # fmt: skip


def came(delivery: Delivery, *, by: Any) -> None:
    """Who leads the project records what came of a promise → the partner, when she is not the one who did."""
    contribution = delivery.contribution
    participation = contribution.participation
    if is_member(by, participation.organisation):
        return
    how_much = {
        "how_much": quantity(delivery.hours, delivery.amount), "day": day_in_words(delivery.on, "j F Y"),
    }  # fmt: skip
    _send(
        participation.project,
        people_of(participation),
        f"project-came:{delivery.pk}",
        subject=_("C’est inscrit comme venu : %(what)s") % {"what": contribution.label},
        expected=(
            _("Ceux qui portent le projet ont inscrit au bilan, pour le %(day)s : %(how_much)s.")
            if how_much["how_much"]
            else _("Ceux qui portent le projet ont inscrit au bilan que c’est venu le %(day)s.")
        )
        % how_much
        + " "
        + _("Si ce n’est pas ce que vous avez apporté, écrivez-leur : ils peuvent retirer cette ligne."),
        note=delivery.note,
        page=reverse("contribution", args=[participation.project.slug, contribution.pk]),
        action=_("Voir l’apport"),
    )


def taken_off(delivery: Delivery, *, by: Any) -> None:
    """A line leaves the ledger → the other side, with why."""
    contribution = delivery.contribution
    participation = contribution.participation
    said = {"who": participation.organisation.name, "what": contribution.label}
    line = {"day": day_in_words(delivery.on, "j F Y"), "how_much": quantity(delivery.hours, delivery.amount)}
    _send(
        participation.project,
        _both_sides(participation, but=by),
        f"project-taken-off:{delivery.pk}",
        subject=_("Une ligne est retirée du bilan : %(what)s (%(who)s)") % said,
        expected=(
            _("%(how_much)s du %(day)s ne comptent plus. Si c’est une erreur, inscrivez-les de nouveau.")
            if line["how_much"]
            else _("Ce qui est venu le %(day)s ne compte plus. Si c’est une erreur, inscrivez-le de nouveau.")
        )
        % line,
        note=delivery.removed_why,
        page=reverse("contribution", args=[participation.project.slug, contribution.pk]),
        action=_("Voir l’apport"),
    )


def _both_sides(participation: Participation, *, but: Any) -> list[Any]:
    """The partner and who leads, each once, without who just did it."""
    people = {p.pk: p for p in [*people_of(participation), *people_leading(participation.project)]}
    return [person for pk, person in people.items() if pk != but.pk]


def told(news: News) -> None:
    """A news of the journal → who follows, each with a link that stops it."""
    followers = Follower.objects.filter(project=news.project, user__is_active=True).select_related("user")
    _send(
        news.project,
        [f.user for f in followers.order_by("pk")],
        f"project-news:{news.pk}",
        subject=_("%(project)s : %(title)s") % {"project": news.project.title, "title": news.title},
        expected=news.title,
        story=news.body,
        photos=news.photos.count(),
        page=news.project.get_absolute_url() + f"#nouvelle-{news.pk}",
        action=_("Lire la nouvelle"),
        stop=True,
    )


def stop_token(project: Project, person: Any) -> str:
    """What a link that stops the e-mails holds; it needs no signing in and never expires."""
    return signing.dumps({"p": project.pk, "u": person.pk}, salt=SALT, compress=True)
