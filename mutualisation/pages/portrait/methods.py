"""How each figure is made: where it comes from, what is measured and what is only declared, what it does not say."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from mutualisation.pages.portrait.facts import IDLE_DAYS, UNANSWERED_DAYS


@dataclass(frozen=True)
class Method:
    """What is to know of one measure."""

    key: str
    title: str
    nature: str
    how: str
    limits: str


def methods() -> list[Method]:
    measured, declared = _("Mesuré"), _("Déclaré")
    return [
        Method(
            "partagees", _("Ressources partagées"), declared,
            _("Les fiches de ressources que tout le monde peut lire aujourd’hui, là où est la ressource, selon "
              "l’année de leur publication."),
            _("Une ressource réservée à des membres ou à un réseau n’y est pas. Une fiche archivée disparaît "
              "des années passées : ce n’est pas l’historique de ce qui a été partagé."),
        ),
        Method(
            "besoins", _("Besoins publiés"), declared,
            _("Les besoins publiés d’organismes validés, ouverts ou comblés, selon l’année de leur publication."),
            _("Ce que les organismes pensent à écrire. Les recherches faites sur le portail ne sont pas "
              "gardées : elles ne comptent nulle part."),
        ),
        Method(
            "demandes", _("Prêts demandés"), measured,
            _("Chaque demande de prêt envoyée par le portail, quelle qu’en soit la suite, selon "
              "l’année où elle est partie."),
            _("Les ententes prises au téléphone et jamais inscrites n’y sont pas."),
        ),
        Method(
            "prets", _("Prêts remis"), measured,
            _("Les prêts dont la remise est inscrite dans l’histoire du prêt, selon l’année de cette remise, "
              "dans la MRC où est la ressource et les secteurs de qui la prête (non de qui l’emprunte). Une série "
              "(chaque mardi) compte pour un prêt."),
            _("Les ressources réservées comptent, sans jamais être nommées. Une "
              "remise que personne n’a inscrite manque."),
        ),
        Method(
            "heures", _("Heures prêtées"), measured,
            _("La durée des dates passées des prêts remis, annulations exclues, du début à la fin convenus."),
            _("C’est du temps de mise à disposition, nuits comprises pour ce qui est prêté plusieurs jours, et "
              "non du temps de travail. Ni le nombre d’unités ni un retard n’y changent rien."),
        ),
        Method(
            "valeur", _("Valeur déclarée"), declared,
            _("La valeur de remplacement inscrite sur la fiche de la ressource, fois la quantité prêtée, à "
              "chaque prêt remis."),
            _("Ce qu’il aurait fallu acheter ou assurer, pas ce qui a été épargné : une tente de 1 500 $ "
              "prêtée dix fois compte 15 000 $. Sans valeur inscrite, le prêt compte pour zéro."),
        ),
        Method(
            "reciprocite", _("Qui prête, qui emprunte"), measured,
            _("Les organismes validés du répertoire, selon qu’ils ont remis ou reçu au moins un prêt, toutes "
              "années réunies, dans la MRC de leur siège."),
            _("Un seul prêt suffit : on ne dit rien de l’équilibre entre ce qui est donné et reçu."),
        ),
        Method(
            "dormantes", _("Ce qui ne sert pas encore"), measured,
            _("Parmi les ressources que tout le monde peut lire, publiées depuis %(days)d jours ou plus, "
              "celles dont aucun prêt n’a été remis.") % {"days": IDLE_DAYS},
            _("Une ressource peut servir hors du portail, ou à son propre organisme."),
        ),
        Method(
            "manques", _("Ce qui manque"), declared,
            _("Les besoins encore ouverts %(days)d jours après leur publication, par catégorie principale, à "
              "côté de ce qui est partagé dans cette catégorie.") % {"days": UNANSWERED_DAYS},
            _("Une réponse obtenue ailleurs n’est connue que si l’organisme l’inscrit."),
        ),
        Method(
            "continuum", _("Jusqu’où va le partage"), declared,
            _("Les pratiques publiées, selon l’étape du continuum que leur donne le récit; les projets publiés, selon "
              "celle qu’ils visent. Un projet ne dit ni sorte ni secteur : ces filtres ne le touchent pas."),
            _("Des récits choisis parce qu’ils inspirent : ce n’est pas un échantillon."),
        ),
        Method(
            "masque", _("Ce qui est masqué"), _("Règle"),
            _("Un chiffre tiré des prêts n’est donné que si au moins %(n)d organismes différents prêtent et au "
              "moins %(n)d empruntent; sinon, on lit « moins de %(n)d organismes » : ce sont les organismes qui sont "
              "comptés, quoi que compte le tableau. Quand un total moins ses parties redonnerait un chiffre tu, une "
              "autre partie est masquée aussi, la plus petite, et la même dans tous les tableaux, tous les filtres "
              "et les données à télécharger, où la valeur est alors vide et la raison écrite à côté.")
            % {"n": settings.PORTRAIT_LEAST},
            _("Un zéro se dit. Les fiches publiques, elles, ne sont pas masquées : chacun peut les compter."),
        ),
    ]  # fmt: skip
