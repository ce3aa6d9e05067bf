"""From a draft to an edition in force: publish, drop, withdraw, put back, copy; what changes, for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory.permissions import require
from directory.views.listing import conditional
from toolbox import editions
from toolbox.comparing import compare
from toolbox.editions import AddressTakenError, BlockedError, NoDraftError, NothingNewError, StaleError
from toolbox.forms.model import CopyForm, ReasonForm
from toolbox.models import Edition, ModelAgreement
from toolbox.permissions import can_keep_models
from toolbox.views.edition import drawn, kept_model, no_draft, stale

CHANGES: dict[str, Any] = {
    "label": gettext_lazy("Ce qui change et pourquoi"),
    "help_text": gettext_lazy("Tout le monde le lira, à côté du numéro de l’édition."),
    "missing": gettext_lazy("Dites ce qui change et pourquoi : c’est ce que liront les organismes."),
}
WHY: dict[str, Any] = {
    "label": gettext_lazy("Pourquoi le retirer"),
    "help_text": gettext_lazy("Une phrase, que tout le monde lira en haut du modèle."),
    "missing": gettext_lazy("Dites pourquoi : les organismes qui s’en servent le liront."),
    "most": 400,
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def edition_publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Read what changes, say why, publish; what stands in the way is named first."""
    model = kept_model(request, slug)
    draft = model.draft
    if draft is None:
        return no_draft(request, model) if request.method == "POST" else redirect("edition_desk", model.slug)
    form, status = ReasonForm(request.POST if request.method == "POST" else None, **CHANGES), 200
    late = False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                done = editions.publish(
                    model=model, changes=form.cleaned_data["text"], by=request.user, seen=request.POST.get("vu", "")
                )
            except NoDraftError:
                return no_draft(request, model)
            except StaleError:
                late, status = True, 409
            except (BlockedError, NothingNewError):
                pass  # said by the page
            else:
                said = _("L’édition %(n)s est publiée. Les ententes déjà faites gardent la leur.")
                messages.success(request, said % {"n": done.number})
                return redirect("edition_changes", model.slug, done.number) if done.number > 1 else redirect(model)
    last = model.current
    prefetch_related_objects([draft, last] if last else [draft], "clauses")
    context = {
        "agreement": model,
        "draft": draft,
        "form": form,
        "late": late,
        "comparison": compare(last, draft) if last else None,
        **drawn(draft, list(draft.clauses.all()), last),
    }
    return render(request, "toolbox/edition/publish.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def edition_discard(request: HttpRequest, slug: str) -> HttpResponse:
    """Drop the edition in preparation, once it is sure."""
    model = kept_model(request, slug)
    draft = model.draft
    if draft is None:
        return no_draft(request, model) if request.method == "POST" else redirect("edition_desk", model.slug)
    if request.method == "POST":
        try:
            editions.discard(model=model, by=request.user, seen=request.POST.get("vu", ""))
        except NoDraftError:
            return no_draft(request, model)
        except StaleError:
            return stale(request, model)
        messages.success(request, _("L’édition %(n)s est abandonnée.") % {"n": draft.number})
        return redirect("edition_desk", model.slug)
    context = {"agreement": model, "draft": draft, "seen": editions.text_mark(draft, draft.clauses.all())}
    return render(request, "toolbox/edition/discard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def model_withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Say why a model no longer serves."""
    model = kept_model(request, slug)
    form = ReasonForm(request.POST if request.method == "POST" else None, **WHY)
    if request.method == "POST" and form.is_valid():
        if editions.withdraw(model=model, reason=form.cleaned_data["text"], by=request.user):
            messages.success(request, _("Le modèle est retiré : il se lit encore, il ne sert plus."))
        else:
            messages.warning(request, _("Ce modèle était déjà retiré : rien n’a changé."))
        return redirect("edition_desk", model.slug)
    status = 422 if form.errors else 200
    return render(request, "toolbox/edition/withdraw.html", {"agreement": model, "form": form}, status=status)


@require_POST
def model_put_back(request: HttpRequest, slug: str) -> HttpResponse:
    """A withdrawn model serves again."""
    model = kept_model(request, slug)
    if editions.put_back(model=model, by=request.user):
        messages.success(request, _("Le modèle sert de nouveau."))
    else:
        messages.warning(request, _("Ce modèle servait déjà : rien n’a changé."))
    return redirect("edition_desk", model.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def model_copy(request: HttpRequest, slug: str) -> HttpResponse:
    """Make one's own model from the edition in force of another."""
    require(can_keep_models(request.user))
    source = get_object_or_404(ModelAgreement, slug=slug)
    edition = source.current
    if edition is None:
        raise Http404
    first = {"title": edition.title, "slug": f"{source.slug}-2"[:80]}
    form = CopyForm(request.POST if request.method == "POST" else None, initial=first, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = editions.copy(edition=edition, by=request.user, **form.cleaned_data)
        except AddressTakenError:
            form.add_error("slug", _("Un autre modèle a cette adresse : changez-la un peu."))
        else:
            messages.success(request, _("Voici votre modèle, prêt à modifier. Il ne paraît pas avant sa publication."))
            return redirect("edition_desk", made.slug)
    context = {"agreement": source, "edition": edition, "form": form}
    return render(request, "toolbox/edition/copy.html", context, status=422 if form.errors else 200)


@login_not_required
@require_safe
@conditional("toolbox_modelagreement")
def edition_changes(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What changes from an edition to the one before it, or to the one that is asked for."""
    model = get_object_or_404(ModelAgreement, slug=slug)
    known = list(Edition.objects.filter(model=model, published_at__isnull=False).order_by("-number"))
    new = next((e for e in known if e.number == number), None)
    since = request.GET.get("depuis", "")
    earlier = [e for e in known if e.number < number]
    old = next((e for e in earlier if str(e.number) == since), earlier[0] if earlier else None)
    if new is None or old is None:
        raise Http404
    context = {"agreement": model, "edition": new, "before": old, "earlier": earlier, "comparison": compare(old, new)}
    return render(request, "toolbox/edition/changes.html", context)
