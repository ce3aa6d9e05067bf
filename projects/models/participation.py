"""Who takes part in a project, what each brings, and what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Kind, Need, Organisation
from directory.models.history import tracked
from mutualisation.kernel.publication import Status
from projects.models.project import Project

HERE = {"default": Decimal(0), "max_digits": 9, "decimal_places": 2, "validators": [MinValueValidator(0)]}


class Part(models.TextChoices):
    """In what capacity an organisation takes part: a page tells who carries a project from who supports it."""

    CARRIES = "porteur", _("porte le projet")
    PARTNERS = "partenaire", _("est partenaire")
    FUNDS = "bailleur", _("finance")
    SUPPORTS = "appui", _("appuie")


class ContributionRole(models.TextChoices):
    """The six roles of the field’s workshop; one is enough to help."""

    CONNECTOR = "connecteur", _("Connecteur")
    RELAY = "relayeur", _("Relayeur")
    COLLABORATOR = "collaborateur", _("Collaborateur")
    FACILITATOR = "facilitateur", _("Facilitateur")
    EVALUATOR = "evaluateur", _("Évaluateur")
    LOCAL_PROMOTER = "promoteur_local", _("Promoteur local")


ROLE_HELP = {
    ContributionRole.CONNECTOR: _("mettre en relation les personnes, les organismes et les instances"),
    ContributionRole.RELAY: _("faire connaître ce qui se passe, ici ou ailleurs"),
    ContributionRole.COLLABORATOR: _("mettre des bras, des biens ou de l’argent"),
    ContributionRole.FACILITATOR: _("aider à clarifier, à planifier et à travailler ensemble"),
    ContributionRole.EVALUATOR: _("mesurer les effets et en tirer des leçons"),
    ContributionRole.LOCAL_PROMOTER: _("porter le projet chez soi"),
}


class ParticipationQuerySet(models.QuerySet["Participation"]):
    """Sets of participations."""

    def welcomed(self) -> ParticipationQuerySet:
        return self.filter(status=Participation.Status.WELCOMED)

    def offered(self) -> ParticipationQuerySet:
        """Those that await the bearers."""
        return self.filter(status=Participation.Status.OFFERED)

    def carrying(self) -> ParticipationQuerySet:
        """Those of the bearers; an organisation that left the portal carries nothing."""
        return self.welcomed().filter(part=Part.CARRIES).exclude(organisation__status=Status.ARCHIVED)


@tracked
class Participation(models.Model):
    """One organisation in one project, in one capacity, with one or several roles."""

    class Status(models.TextChoices):
        OFFERED = "offered", _("proposée")
        WELCOMED = "welcomed", _("accueillie")
        DECLINED = "declined", _("déclinée")
        ENDED = "ended", _("terminée")

    project = models.ForeignKey(Project, models.CASCADE, related_name="participations", verbose_name=_("projet"))
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="participations", verbose_name=_("organisme")
    )
    part = models.CharField(_("à quel titre"), max_length=12, choices=Part.choices, default=Part.PARTNERS)
    roles = ArrayField(
        models.CharField(max_length=16, choices=ContributionRole.choices), verbose_name=_("rôles"), default=list,
        blank=True,
    )  # fmt: skip
    message = models.TextField(_("mot aux porteurs"), max_length=1000, blank=True)
    status = models.CharField(_("état"), max_length=10, choices=Status.choices, default=Status.OFFERED)
    reason = models.TextField(_("pourquoi"), max_length=1000, blank=True)
    offered_at = models.DateTimeField(_("proposée le"), default=timezone.now)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("répondue le"), null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    ended_on = models.DateField(_("terminée le"), null=True, blank=True)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")
        ordering = ("project_id", "id")
        indexes: ClassVar = [models.Index(fields=["organisation", "status"], name="participation_organisation")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "organisation", "part"],
                condition=Q(status__in=["offered", "welcomed"]),
                name="participation_once",
                violation_error_message=_("Votre organisme participe déjà à ce titre."),
            ),
            models.CheckConstraint(
                name="participation_declined_why",
                condition=~Q(status="declined") | ~Q(reason=""),
                violation_error_message=_("Dites pourquoi : sans un mot, l’autre organisme ne saura pas."),
            ),
            models.CheckConstraint(
                name="participation_answered",
                condition=Q(status__in=["offered", "ended"]) | Q(answered_at__isnull=False),
                violation_error_message=_("Une réponse porte sa date."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="moves_of_the_table",
                field="status",
                transitions=[
                    ("offered", "welcomed"), ("offered", "declined"), ("offered", "ended"), ("welcomed", "ended"),
                ],
            ),
            pgtrigger.Trigger(
                name="open_projects_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""IF NEW.status = 'offered' AND
                        (SELECT stage FROM projects_project WHERE id = NEW.project_id) = 'termine' THEN
                    RAISE EXCEPTION 'Ce projet est terminé' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;""",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.organisation} {self.get_part_display()}"

    def get_absolute_url(self) -> str:
        return reverse("participation", args=[self.project.slug, self.pk])

    @property
    def capacity(self) -> str:
        """« Participation à titre de partenaire »: true of an offer as of what was welcomed."""
        named = {
            Part.CARRIES: _("Participation à titre de porteur"),
            Part.PARTNERS: _("Participation à titre de partenaire"),
            Part.FUNDS: _("Participation à titre de bailleur de fonds"),
            Part.SUPPORTS: _("Participation à titre de soutien"),
        }
        return str(named[Part(self.part)])

    @property
    def role_labels(self) -> list[str]:
        return [str(ContributionRole(role).label) for role in self.roles]


class Nature(models.TextChoices):
    """What is brought."""

    TIME = "temps", _("du temps")
    MONEY = "argent", _("de l’argent")
    MATERIAL = "materiel", _("du matériel")
    PREMISES = "locaux", _("un local")
    EXPERTISE = "expertise", _("un savoir-faire")
    NETWORK = "reseau", _("un réseau")


NATURE_OF_KIND: dict[str, Nature] = {
    Kind.MATERIEL: Nature.MATERIAL, Kind.LOCAUX: Nature.PREMISES, Kind.HUMAIN: Nature.TIME,
    Kind.EXPERTISE: Nature.EXPERTISE,
}  # fmt: skip
IN_HOURS = (Nature.TIME, Nature.EXPERTISE)  # valued by the hour when no amount is said
IN_USE = (Nature.MATERIAL, Nature.PREMISES)  # whose hours are of use, never added to those of people


class ContributionQuerySet(models.QuerySet["Contribution"]):
    """Sets of contributions."""

    def visible_to(self, user: Any) -> ContributionQuerySet:
        """What is promised to a project that one may read; what awaits an answer, by its two sides alone."""
        states, taking = Contribution.Status, Participation.Status
        inside = Q(participation__project__in=Project.objects.visible_to(user))
        inside &= Q(participation__organisation__status=Status.PUBLISHED)
        promised = Q(status=states.WELCOMED, participation__status=taking.WELCOMED)
        if not user.is_authenticated:
            return self.filter(inside, promised)
        mine = user.memberships.values("organisation")
        carried = Participation.objects.carrying().filter(organisation__in=mine).values("project")
        sides = Q(participation__organisation__in=mine) | Q(participation__project__organisation__in=mine)
        sides |= Q(participation__project__in=carried)
        awaited = Q(status=states.OFFERED, participation__status__in=[taking.OFFERED, taking.WELCOMED])
        return self.filter(inside, promised | (awaited & sides))

    def with_what_came(self) -> ContributionQuerySet:
        """With the need that each answers, and what came of it; those that are dated first."""
        rows = self.select_related("need").defer("need__search").prefetch_related("deliveries")
        return rows.order_by(F("starts_on").asc(nulls_last=True), "id")


@tracked
class Contribution(models.Model):
    """What a participant promised: hours, dollars, for which period. ``hourly_rate`` is as it was when promised.

    ``need`` is the need of the project that it answers, if it answers one.
    """

    class Status(models.TextChoices):
        OFFERED = "offered", _("proposé")
        WELCOMED = "welcomed", _("promis")
        DECLINED = "declined", _("décliné")
        CANCELLED = "cancelled", _("retiré")

    participation = models.ForeignKey(
        Participation, models.CASCADE, related_name="contributions", verbose_name=_("participation")
    )
    nature = models.CharField(_("sorte"), max_length=10, choices=Nature.choices)
    role = models.CharField(_("rôle"), max_length=16, choices=ContributionRole.choices, blank=True)
    label = models.CharField(_("ce que c’est"), max_length=160)
    need = models.ForeignKey(
        Need, models.SET_NULL, null=True, blank=True, related_name="contributions", verbose_name=_("besoin comblé")
    )
    hours = models.DecimalField(_("heures"), **HERE)  # type: ignore[arg-type]
    amount = models.DecimalField(_("valeur ($)"), **{**HERE, "max_digits": 11})  # type: ignore[arg-type]
    hourly_rate = models.DecimalField(_("une heure vaut ($)"), **HERE)  # type: ignore[arg-type]
    method = models.CharField(_("comment la valeur est estimée"), max_length=200, blank=True)
    starts_on = models.DateField(_("du"), null=True, blank=True)
    ends_on = models.DateField(_("au"), null=True, blank=True)
    status = models.CharField(_("état"), max_length=10, choices=Status.choices, default=Status.OFFERED)
    reason = models.TextField(_("pourquoi"), max_length=1000, blank=True)
    offered_at = models.DateTimeField(_("proposée le"), default=timezone.now)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(_("répondue le"), null=True, blank=True)

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        ordering = ("participation_id", "starts_on", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="contribution_dates_forward",
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message=_("La fin ne peut pas précéder le début."),
            ),
            models.CheckConstraint(
                name="contribution_money_without_hours",
                condition=~Q(nature="argent") | Q(hours=0),
                violation_error_message=_("De l’argent ne se compte pas en heures."),
            ),
            models.CheckConstraint(
                name="contribution_positive",
                condition=Q(hours__gte=0, amount__gte=0, hourly_rate__gte=0),
                violation_error_message=_("Les heures et les montants sont positifs."),
            ),
            models.CheckConstraint(
                name="contribution_declined_why",
                condition=~Q(status="declined") | ~Q(reason=""),
                violation_error_message=_("Dites pourquoi : sans un mot, l’autre organisme ne saura pas."),
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.FSM(
                name="moves_of_the_table",
                field="status",
                transitions=[
                    ("offered", "welcomed"), ("offered", "declined"), ("offered", "cancelled"),
                    ("welcomed", "cancelled"),
                ],
            ),
            pgtrigger.Trigger(
                name="open_projects_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""IF NEW.status = 'offered' AND
                        (SELECT p.stage FROM projects_project p JOIN projects_participation pp ON pp.project_id = p.id
                          WHERE pp.id = NEW.participation_id) = 'termine' THEN
                    RAISE EXCEPTION 'Ce projet est terminé' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;""",
            ),
            pgtrigger.Trigger(
                name="answers_a_need_of_its_project",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("participation_id", "need_id"),
                condition=pgtrigger.Q(new__need_id__isnull=False),
                func="""IF NOT EXISTS (
                    SELECT FROM projects_projectneed n JOIN projects_participation pp ON pp.project_id = n.project_id
                     WHERE n.need_id = NEW.need_id AND pp.id = NEW.participation_id) THEN
                    RAISE EXCEPTION 'Ce besoin n’est pas de ce projet' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;""",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.label

    @property
    def value(self) -> Decimal:
        """In dollars: what was said, else its hours at their rate."""
        return self.amount or (self.hours * self.hourly_rate).quantize(Decimal("0.01"))

    @property
    def has_figures(self) -> bool:
        """Whether hours or dollars were promised: otherwise a word says that it came."""
        return self.nature == Nature.MONEY or bool(self.hours or self.amount)

    @property
    def rate(self) -> Decimal:
        """What one of its hours is worth: of the amount that was said, else as hours were when promised."""
        return self.amount / self.hours if self.amount and self.hours else self.hourly_rate


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Sets of what came."""

    def standing(self) -> DeliveryQuerySet:
        """Those that count."""
        return self.filter(removed_at__isnull=True)


class Delivery(models.Model):
    """A part of what was promised that came, at its date; one taken off counts no more, and says why it was."""

    contribution = models.ForeignKey(Contribution, models.CASCADE, related_name="deliveries")
    on = models.DateField(_("le"))
    hours = models.DecimalField(_("heures"), **HERE)  # type: ignore[arg-type]
    amount = models.DecimalField(_("valeur ($)"), **{**HERE, "max_digits": 11})  # type: ignore[arg-type]
    note = models.CharField(_("remarque"), max_length=200, blank=True)
    recorded_at = models.DateTimeField(_("inscrite le"), default=timezone.now)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(_("retirée le"), null=True, blank=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    removed_why = models.CharField(_("pourquoi elle est retirée"), max_length=1000, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("apport reçu")
        verbose_name_plural = _("apports reçus")
        ordering = ("contribution_id", "on", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="delivery_something",
                condition=Q(hours__gte=0, amount__gte=0) & (Q(hours__gt=0) | Q(amount__gt=0) | ~Q(note="")),
                violation_error_message=_("Écrivez combien d’heures ou de dollars sont venus, ou ce qui est venu."),
            ),
            models.CheckConstraint(
                name="delivery_removed_why",
                condition=Q(removed_at__isnull=True, removed_why="") | Q(removed_at__isnull=False) & ~Q(removed_why=""),
                violation_error_message=_("Dites pourquoi cette ligne est retirée."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}"
