"""Where an agreement stands for each side, and what it still keeps from being handed over. In sentences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Membership
from loans import agreements, filling, rules, signing
from loans.agreements import has_agreed, lacks
from loans.amendments import another_person, awaits_amendment
from loans.models import Agreement, AgreementStatus, JournalEntry, Loan, PaperScan, Side, Signature, SigningLink
from loans.permissions import PARTY_OF, organisation_of, other
from loans.standing import Standing, moment_words
from mutualisation.kernel.moments import day_in_words, wall
from toolbox.composing import roles_of
from toolbox.conditions import is_filled
from toolbox.models import Party

S = AgreementStatus
AT_MOST = 200  # under way at once, for one person
TONES = {S.IN_FORCE: "ok", S.REFUSED: "danger", S.EXPIRED: "warn", S.CANCELLED: "info", S.ENDED: "info"}


def of_loan(loan: Loan) -> list[Agreement]:
    """The agreements of a loan with what this module reads of them, newest first. Three queries."""
    rows = loan.agreements.select_related("edition__model").prefetch_related(
        "edition__clauses", Prefetch("signatures", Signature.objects.only("agreement", "party", "how"))
    )
    found = list(_with_scan(rows).order_by("-id"))
    for row in found:
        row.loan = loan
    return found


def with_news(rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """With the last line of the journal of each, which ``standing`` tells first. In the same query.

    A yes aside: who proposes accepts, and it is the proposal that is news.
    """
    lines = JournalEntry.objects.filter(agreement=OuterRef("pk")).exclude(kind="agreed").order_by("-n")
    news = {"news": Subquery(lines.values("kind")[:1]), "news_of": Subquery(lines.values("party")[:1])}
    return _with_scan(rows).annotate(**news)


def _with_scan(rows: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """With the side that sent the paper, signed, which the other has not confirmed yet; the last one that was said not
    to be right, and the one that was confirmed; when the person lent was sent the link that she has; the party that
    refused to sign; whether an amendment waits, or is in force; and the number of the last agreement of the same loan
    that came after. In the same query."""
    papers = PaperScan.objects.filter(agreement=OuterRef("pk")).order_by("-pk")
    waiting = papers.filter(answered_at__isnull=True)
    contested = papers.filter(confirmed=False).values(said=JSONObject(side="side", reason="reason"))
    links = SigningLink.objects.filter(agreement=OuterRef("pk"), used_at__isnull=True, revoked_at__isnull=True)
    refusals = JournalEntry.objects.filter(agreement=OuterRef("pk"), kind="refused")
    amending = Agreement.objects.filter(amends=OuterRef("pk"), status__in=(S.TO_SIGN, S.IN_FORCE)).order_by("-status")
    later = Agreement.objects.filter(loan=OuterRef("loan"), amends__isnull=True, pk__gt=OuterRef("pk")).order_by("-pk")
    return rows.annotate(
        scan_side=Subquery(waiting.values("side")[:1]), contested=Subquery(contested[:1]),
        signed_scan=Subquery(papers.filter(confirmed=True).values("uid")[:1]),
        link_at=Subquery(links.values("sent_at")[:1]), replaced_by=Subquery(later.values("number")[:1]),
        refused_by=Subquery(refusals.values("party")[:1]), amended=Subquery(amending.values("status")[:1]),
    )  # fmt: skip


def root_of(rows: Iterable[Agreement]) -> Agreement | None:
    """Among these, the agreement itself: the one that lives, else the last one that ended."""
    own = [row for row in rows if row.amends_id is None]
    return next((row for row in own if row.status in (*agreements.OPEN, S.IN_FORCE)), own[0] if own else None)


def awaiting(*organisations: int) -> list[tuple[Agreement, str, Standing]]:
    """The agreements that await something from these organisations: which, for which side, what. Three queries."""
    rows = with_news(Agreement.objects.of(*organisations).filter(signing.under_way()).for_list())
    found = []
    for row in rows.order_by("sign_by", "created_at", "id")[:AT_MOST]:
        for side, organisation in ((Side.LENDER, row.loan.lender_id), (Side.BORROWER, row.loan.borrower_id)):
            if organisation in organisations and (stands := standing(row, side)).mine:
                found.append((row, str(side), stands))
                break
    return found


def party_words(agreement: Agreement, party: str) -> str:
    """Who a party is, called as the text does: « le prêteur, Carrefour du Canal »."""
    if party == Party.PERSON:
        name = agreement.values.get("personne.nom") or agreement.loan.worker
        return _("la personne prêtée, %(name)s") % {"name": name} if name else _("la personne prêtée")
    loan, roles = agreement.loan, roles_of(agreements.clauses_of(agreement))
    if party == Party.LENDER:
        return _("%(who)s, %(name)s") % {"who": roles.get(party) or _("le prêteur"), "name": loan.lender.name}
    return _("%(who)s, %(name)s") % {"who": roles.get(party) or _("l’emprunteur"), "name": loan.borrower.name}


def amended_by(rows: Iterable[Agreement]) -> list[Agreement]:
    """Among the amendments of an agreement, those that change its text today, the oldest first."""
    return sorted((row for row in rows if row.status == S.IN_FORCE), key=lambda row: row.pk)


def unsigned(agreement: Agreement) -> list[str]:
    """The parties whose signature is awaited."""
    signed = {signature.party for signature in agreement.signatures.all()}
    return [party for party in agreement.parties if party not in signed]


def missing(loan: Loan) -> list[str]:
    """What keeps a loan from being handed over; empty when nothing does. Six queries at most."""
    rows = of_loan(loan)
    root = root_of(rows)
    found = _amendments([row for row in rows if root and row.amends_id == root.pk])
    if root is not None and root.status == S.IN_FORCE:
        if not found and (signed := another_person(root)):
            found.append(
                _("L’entente %(number)s nomme %(signed)s : %(name)s n’a rien signé. Dressez un avenant, que toutes "
                  "les parties signent.") % {"number": root.number, "signed": signed, "name": loan.worker}
            )  # fmt: skip
        elif awaits_amendment(root):
            found.append(
                _("L’avenant à l’entente %(number)s n’a pas été signé : dressez-en un autre, ou revenez à ce qui était "
                  "convenu.") % {"number": root.number}
            )  # fmt: skip
        return found
    rule = rules.applying(loan.resource)
    return [*found, *_without(root, rule, loan)] if rule.demanded(loan.quantity) else found


def _amendments(rows: list[Agreement]) -> list[str]:
    return [_amendment(row) for row in rows if row.status == S.TO_SIGN]


def _amendment(row: Agreement) -> str:
    """Who has not signed it, and both ways out."""
    if waiting := _unconfirmed(row):
        return waiting
    who = _(" ni par ").join(party_words(row, party) for party in unsigned(row))
    said = _("L’avenant %(number)s n’est pas signé par %(who)s : signez-le, ou refusez-le, et l’entente tient.")
    return said % {"number": row.number, "who": who}


def _unconfirmed(agreement: Agreement) -> str:
    """A paper that the other side has not confirmed; empty when none was sent."""
    sent = getattr(agreement, "scan_side", None)
    if not sent:
        return ""
    said = _("L’entente %(number)s, signée sur papier, n’est pas confirmée par %(who)s.")
    return said % {"number": agreement.number, "who": organisation_of(agreement.loan, other(sent)).name}


def _to_sign(agreement: Agreement) -> list[str]:
    if waiting := _unconfirmed(agreement):
        return [waiting]
    said = _("L’entente %(number)s n’est pas signée par %(who)s.")
    return [said % {"number": agreement.number, "who": party_words(agreement, p)} for p in unsigned(agreement)]


def _without(root: Agreement | None, rule: rules.Applying, loan: Loan) -> list[str]:
    """Why what is demanded is not in force."""
    if root is None or root.status in (S.CANCELLED, S.REFUSED, S.EXPIRED, S.ENDED):
        if rule.model is None:
            return [_("Une entente signée est exigée, mais aucune entente-type n’est en vigueur pour cette sorte de "
                      "ressource : demandez à votre CDC d’en publier une.")]  # fmt: skip
        if root is None:
            return [_("Une entente signée est exigée, et il n’y en a pas encore : dressez-la depuis la page du prêt.")]
        words = {"number": root.number, "state": root.get_status_display()}
        said = _("L’entente %(number)s est %(state)s : dressez-en une autre depuis la page du prêt.")
        if renewable(root):
            said = _("L’entente %(number)s est %(state)s : reprenez-la depuis la page du prêt.")
        return [said % words]
    if root.status == S.TO_SIGN:
        return _to_sign(root)
    if asked := lacks(root):
        counts = [
            (side, sum(side in filling.sides_that_know(b) for b in asked)) for side in (Side.LENDER, Side.BORROWER)
        ]
        return [
            ngettext(
                "L’entente %(number)s n’est pas complète : il manque %(n)d réponse que %(who)s peut donner.",
                "L’entente %(number)s n’est pas complète : il manque %(n)d réponses que %(who)s peut donner.", n,
            ) % {"number": root.number, "n": n, "who": organisation_of(loan, side).name}
            for side, n in counts if n
        ]  # fmt: skip
    return [
        _("L’entente %(number)s n’est pas acceptée par %(who)s.")
        % {"number": root.number, "who": organisation_of(loan, side).name}
        for side in (Side.LENDER, Side.BORROWER) if not has_agreed(root, side)
    ]  # fmt: skip


def standing(agreement: Agreement, side: str, *, mandated: bool = True) -> Standing:
    """Where an agreement stands for one side: ``mine`` when it must act, and by which gesture.

    ``mandated``: who reads may sign for that side; who may not reads, and is told who does.
    """
    told = _standing(agreement, side, mandated=mandated)
    return told if told.action else replace(told, action=agreement.reading)


def _standing(agreement: Agreement, side: str, *, mandated: bool) -> Standing:
    them = organisation_of(agreement.loan, other(side)).name
    if agreement.status == S.DRAFT:
        return _draft(agreement, side, them)
    if agreement.status == S.TO_SIGN and (sent := getattr(agreement, "scan_side", None)):
        if sent == side:
            said = _("Vous avez envoyé l’entente signée sur papier : %(who)s doit dire si elle est exacte.")
            return Standing("info", _("À confirmer par l’autre"), said % {"who": them})
        said = _("%(who)s a envoyé l’entente signée sur papier : dites si elle est exacte, et elle entre en vigueur.")
        return Standing("act", _("À confirmer"), said % {"who": them}, mine=True, action=_("Vérifier et confirmer"))
    if agreement.status == S.TO_SIGN and agreement.sign_by and agreement.sign_by <= timezone.now():
        said = _("Toutes les signatures n’y étaient pas à temps. Elle se ferme d’elle-même, et on pourra la reprendre.")
        return Standing("warn", _("Délai passé"), said)
    if agreement.status == S.TO_SIGN:
        waited = unsigned(agreement)
        until = {"when": moment_words(agreement.sign_by or agreements.deadline(agreement.loan))}
        ours = PARTY_OF[side] in waited
        sent = getattr(agreement, "link_at", None)
        if sent and side == Side.LENDER and not ours and Party.PERSON in waited:
            said = _("C’est signé pour vous. La personne prêtée a reçu son lien le %(sent)s : elle signe avant "
                     "%(when)s.")  # fmt: skip
            words = {**until, "sent": day_in_words(wall(sent), "j F Y")}
            return Standing("info", _("En attente de signature"), said % words)
        if ours or (side == Side.LENDER and Party.PERSON in waited):
            state = _("À signer") if ours else _("À faire signer")
            expected = _to_sign_by_us(side, waited, amends=agreement.amends_id is not None) % {**until, "who": them}
            expected = _after(_not_right(agreement, side, them), expected)
            if ours and not mandated:
                return Standing("info", state, expected)
            gesture = _("Lire et signer") if ours else _("Envoyer le lien")
            return Standing("act", state, expected, mine=True, action=gesture)
        said = _("C’est signé pour vous. %(who)s doit encore signer, avant %(when)s.")
        who = them if PARTY_OF[other(side)] in waited else _("La personne prêtée")
        return Standing("info", _("En attente de signature"), said % {**until, "who": who})
    if agreement.status in signing.ENDED:
        return _not_signed(agreement)
    said = {
        S.IN_FORCE: _in_force(agreement),
        S.CANCELLED: agreement.ended_note or _("Elle n’engage personne."),
        S.ENDED: _("Le prêt est annulé : elle ne vaut plus pour la suite, et reste gardée. %(note)s")
        % {"note": agreement.ended_note},
    }[S(agreement.status)]
    return Standing(TONES[S(agreement.status)], _state(agreement), said)


def _state(agreement: Agreement) -> str:
    state = str(agreement.get_status_display())
    return state[:1].upper() + state[1:]


def _not_signed(agreement: Agreement) -> Standing:
    """Why, and what becomes of it: both sides are awaited where the loan can't begin without another."""
    said, mine = _refused(agreement) if agreement.status == S.REFUSED else _expired(agreement), False
    if agreement.amends_id is None and (number := getattr(agreement, "replaced_by", None)):
        said = _after(said, _("L’entente %(number)s a pris sa place.") % {"number": number})
    elif mine := signing.awaits_renewal(agreement):
        said = _after(said, _("Reprenez-la : ce prêt demande une entente signée."))
    elif signing.renewable(agreement):
        said = _after(said, _("On peut la reprendre."))
    if mine:
        return Standing("act", _("À reprendre"), said, mine=True, action=_("Reprendre l’entente"))
    return Standing(TONES[S(agreement.status)], _state(agreement), said)


def _not_right(agreement: Agreement, side: str, them: str) -> str:
    """To the side that sent a paper, why the other did not confirm it; empty when none was sent, or rows came so."""
    contested = getattr(agreement, "contested", None)
    if not contested or contested["side"] != side:
        return ""
    said = _("%(who)s ne confirme pas la numérisation que vous avez envoyée : « %(reason)s » Corrigez ce qui ne va pas "
             "et envoyez-en une autre, ou signez en ligne.")  # fmt: skip
    return said % {"who": them, "reason": contested["reason"]}


def _in_force(agreement: Agreement) -> str:
    paper, amended = [s.on_paper for s in agreement.signatures.all()], getattr(agreement, "amended", None)
    said = _("Toutes les parties ont signé : le texte ne change plus.")
    if amended == S.TO_SIGN:
        said = _("Toutes les parties ont signé. Un avenant attend des signatures.")
    elif amended:
        said = _("Toutes les parties ont signé. Un avenant signé depuis en change une partie.")
    if not any(paper):
        return said
    return _after(said, _("C’est signé sur papier.") if all(paper) else _("C’est signé en partie sur papier."))


def _refused(agreement: Agreement) -> str:
    party = getattr(agreement, "refused_by", "")
    who = _("La personne prêtée") if party == Party.PERSON else _("Une partie")
    if party in (Party.LENDER, Party.BORROWER):
        who = (agreement.loan.lender if party == Party.LENDER else agreement.loan.borrower).name
    return _("%(who)s a refusé de signer : %(note)s") % {"who": who, "note": agreement.ended_note}


def _expired(agreement: Agreement) -> str:
    who = _(" et ").join(party_words(agreement, party) for party in unsigned(agreement))
    return _("Toutes les signatures n’y étaient pas à temps : il manquait %(who)s.") % {"who": who}


def renewable(agreement: Agreement) -> bool:
    """Whether it is taken up again with the same answers: none took its place."""
    return signing.renewable(agreement) and not getattr(agreement, "replaced_by", None)


def who_signs(agreement: Agreement, side: str) -> str:
    """Who may sign for a side that has not, in a sentence; empty when nothing of its own is to sign. Two queries."""
    party = PARTY_OF[side]
    if agreement.status != S.TO_SIGN or getattr(agreement, "scan_side", None) or party not in unsigned(agreement):
        return ""
    return signing.who_instead(agreement, party)


def may_refuse(seats: Iterable[Membership]) -> bool:
    """Whether one of these may say no to what is to sign: a mandate to sign, or a manager."""
    return any(seat.is_signatory or seat.is_manager for seat in seats)


def sends_link(agreement: Agreement) -> bool:
    """Whether the employer, who has signed, sends the person lent her link, or another one."""
    waited = unsigned(agreement) if agreement.status == S.TO_SIGN else []
    return Party.PERSON in waited and Party.LENDER not in waited


def _to_sign_by_us(side: str, waited: list[str], *, amends: bool) -> str:
    """What is awaited of a side whose signature lacks, or that of the person it lends."""
    if PARTY_OF[side] not in waited:
        return _("La personne prêtée signe aussi, avant %(when)s, par un lien que vous lui envoyez.")
    if PARTY_OF[other(side)] not in waited:
        return _("%(who)s a signé. À vous : une personne mandatée par votre organisme signe avant %(when)s.")
    if amends:
        return _("L’avenant dit ce qui change. Une personne mandatée par votre organisme le signe avant %(when)s.")
    return _("Les deux organismes acceptent le texte. Une personne mandatée par le vôtre le signe avant %(when)s.")


def _news(agreement: Agreement, side: str, them: str) -> str:
    """What just happened to a draft, for the side that did not do it; empty when rows came without it."""
    kind, party = getattr(agreement, "news", ""), getattr(agreement, "news_of", "")
    if kind == "drawn_up":
        return _("L’entente est dressée.")
    if kind == "refreshed":
        return _("Ce qui est convenu du prêt a changé.")
    if party != PARTY_OF[other(side)]:
        return ""
    said = {"answered": _("%(who)s a répondu."), "changed": _("%(who)s propose un autre texte.")}
    return said.get(kind, "") % {"who": them}


def _draft(agreement: Agreement, side: str, them: str) -> Standing:
    asked = lacks(agreement)
    ours = [b for b in asked if side in filling.sides_that_know(b)]
    news = _news(agreement, side, them)
    if ours:
        said = ngettext(
            "Il manque %(n)d réponse que vous seuls pouvez donner, ou dont vous convenez avec %(who)s.",
            "Il manque %(n)d réponses que vous seuls pouvez donner, ou dont vous convenez avec %(who)s.", len(ours),
        )  # fmt: skip
        if any(is_filled(b.usual) for b in ours):  # how many, the form says: with what is remembered of earlier ones
            said += _(" Le formulaire en propose d’avance : relisez-les.")
        expected = _after(news, said % {"n": len(ours), "who": them})
        return Standing("act", _("À compléter"), expected, mine=True, action=_("Répondre"))
    if asked:
        said = ngettext(
            "Il manque %(n)d réponse, que %(who)s doit donner.", "Il manque %(n)d réponses, que %(who)s doit donner.",
            len(asked),
        )  # fmt: skip
        return Standing("info", _("En attente de réponses"), _after(news, said % {"n": len(asked), "who": them}))
    if not has_agreed(agreement, side):
        expected = _to_agree(agreement, side, them, news)
        return Standing("act", _("À accepter"), expected, mine=True, action=_("Lire et accepter"))
    said = _("Vous acceptez ce texte. %(who)s doit l’accepter aussi, ou proposer un changement.")
    return Standing("info", _("En attente de l’autre partie"), said % {"who": them})


def _to_agree(agreement: Agreement, side: str, them: str, news: str) -> str:
    if not has_agreed(agreement, other(side)):
        said = _("Le texte est complet. Relisez-le, puis acceptez-le ou proposez un changement à %(who)s.")
        return _after(news, said % {"who": them})
    if getattr(agreement, "news", "") == "changed":
        said = _("Voyez ce qui diffère, puis acceptez-le pour qu’il se fige, ou proposez à votre tour.")
        return _after(news, said)
    said = _("%(who)s accepte ce texte. Acceptez-le pour qu’il se fige, ou proposez un changement.")
    return said % {"who": them}


def _after(news: str, expected: str) -> str:
    """What changed, then what is expected."""
    return f"{news} {expected}" if news else expected
