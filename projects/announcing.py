"""What communities and gatherings write to people: one function an event, inside the verb's transaction."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.mail import absolute, write
from accounts.models import User
from mutualisation.kernel import ical
from mutualisation.kernel.moments import in_words
from projects.models import Community, Gathering, Pivot, Registration
from projects.permissions import facilitators_of, told_of

SALT = "projects.announcements"


def event_of(gathering: Gathering, *, link: bool = False) -> ical.Event:
    """A gathering as calendars know it; its connection link only for who is registered."""
    where = [gathering.place, gathering.territory.name if gathering.territory else ""]
    return ical.Event(
        uid=f"rencontre-{gathering.pk}@mutualisation",
        period=gathering.period,
        summary=gathering.title,
        stamp=gathering.updated_at,
        sequence=gathering.sequence,
        description="\n".join(part for part in (gathering.summary, gathering.link if link else "") if part),
        location=", ".join(part for part in where if part),
        url=absolute(gathering.get_absolute_url()),
        cancelled=gathering.status == "cancelled",
    )


def _write(name: str, gathering: Gathering, to: str, *, subject: str, expected: str, **extra: Any) -> None:
    write(
        event=f"gathering-{name}:{gathering.pk}:{extra.pop('mark', gathering.sequence)}",
        to=to, template="gathering", gathering=gathering, community=gathering.community, subject_line=subject,
        expected=expected, when=in_words(gathering.period), stop_url=extra.pop("stop_url", ""),
        action_url=absolute(gathering.get_absolute_url()), **extra,
    )  # fmt: skip


def _stop(gathering: Gathering, person: User) -> str:
    """Where a member says that she does not want the announcements of the community any more."""
    return absolute(reverse("community_stop", args=[stop_token(gathering.community, person)]))


def stop_token(community: Community, person: User) -> str:
    """What a link that stops the announcements holds; it needs no signing in and never expires."""
    return signing.dumps({"c": community.pk, "u": person.pk}, salt=SALT, compress=True)


def announced(gathering: Gathering) -> None:
    """A gathering is announced → the members of the community who are told."""
    subject = _("%(title)s : inscriptions ouvertes") % {"title": gathering.title}
    expected = _("Inscrivez-vous si vous pouvez y être.")
    for person in told_of(gathering.community):
        stop = _stop(gathering, person)
        _write("announced", gathering, person.email, subject=subject, expected=expected, stop_url=stop)


def registered(registration: Registration, *, moved_up: bool = False) -> None:
    """A place, or a rank in the waiting list → whoever asked, with the calendar file when she has a place."""
    gathering, person = registration.gathering, registration.user
    file = ""
    if registration.status == "registered":
        subject = _("Votre place est réservée : %(title)s") % {"title": gathering.title}
        expected = _("Une place s’est libérée : elle est à vous.") if moved_up else _("Votre place est réservée.")
        expected = f"{expected} {_('Si vous ne pouvez plus venir, libérez-la d’un clic.')}"
        file = ical.calendar([event_of(gathering, link=True)], method="PUBLISH")
    else:
        subject = _("Liste d’attente : %(title)s") % {"title": gathering.title}
        expected = _("C’est complet. Dès qu’une place se libère, elle est à vous et un courriel vous le dit.")
    _write(
        "place", gathering, person.email, subject=subject, expected=expected, calendar=file,
        link=gathering.link if file else "", mark=f"{registration.pk}:{registration.status}:{gathering.sequence}",
    )  # fmt: skip


def changed(gathering: Gathering) -> None:
    """The hour or the place changed → whoever is registered or waits."""
    subject = _("Changement : %(title)s") % {"title": gathering.title}
    expected = _("La date ou le lieu a changé : vérifiez que vous pouvez toujours y être.")
    file = ical.calendar([event_of(gathering, link=True)], method="PUBLISH")
    for registration in gathering.registrations.live().select_related("user"):
        has_place = registration.status == "registered"
        _write(
            "changed", gathering, registration.user.email, subject=subject, expected=expected,
            calendar=file if has_place else "", link=gathering.link if has_place else "",
        )  # fmt: skip


def cancelled(gathering: Gathering) -> None:
    """It won't be held → whoever is registered or waits."""
    subject = _("Annulée : %(title)s") % {"title": gathering.title}
    file = ical.calendar([event_of(gathering)], method="CANCEL")
    for registration in gathering.registrations.live().select_related("user"):
        _write(
            "cancelled", gathering, registration.user.email, subject=subject, note=gathering.note,
            expected=_("La rencontre n’aura pas lieu."), calendar=file if registration.status == "registered" else "",
        )  # fmt: skip


def minutes_published(gathering: Gathering) -> None:
    """The minutes can be read → whoever was registered, and the members who are told."""
    subject = _("Compte rendu : %(title)s") % {"title": gathering.title}
    expected = _("Le compte rendu est publié : lisez-le.")
    stops = {r.user.email: "" for r in gathering.registrations.live().select_related("user")}
    stops |= {person.email: _stop(gathering, person) for person in told_of(gathering.community)}
    for email, stop in sorted(stops.items()):
        _write("minutes", gathering, email, subject=subject, expected=expected, stop_url=stop)


def joined(community: Community, *, by: Any, organisation: Any) -> None:
    """Someone joined → those who facilitate."""
    for person in facilitators_of(community).exclude(pk=by.pk):
        write(
            event=f"community-joined:{community.pk}:{by.pk}:{person.pk}",
            to=person.email,
            template="community_joined",
            community=community,
            author=by,
            organisation=organisation,
            action_url=absolute(community.get_absolute_url()),
        )


def asked_of_pivot(pivot: Pivot, *, by: Any, organisation: Any, message: str, once: str) -> None:
    """A question for a pivot → the person who holds that function, whose address nobody sees."""
    write(
        event=f"pivot:{pivot.pk}:{by.pk}:{once}",
        to=pivot.user.email,
        template="pivot_asked",
        pivot=pivot,
        author=by,
        organisation=organisation,
        message=message,
        action_url=absolute(reverse("community_detail", args=[pivot.community.slug])),
    )
