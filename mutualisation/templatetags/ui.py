"""What templates draw with: icons, drawings, the continuum, money, dates, Markdown."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sized
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.db.models import Exists, F, OuterRef, Q
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from directory.models import Continuum, Resource
from directory.models.kinds import Accessibility, Language
from mutualisation.kernel import markdown as markdown_
from mutualisation.kernel import moments, search
from mutualisation.kernel.facets import version_holding
from mutualisation.kernel.money import cost, money
from projects.models import Participation, Project, ProjectNeed
from toolbox.glossary import Explained, index

register = template.Library()
register.filter(money)
register.simple_tag(cost)


@register.simple_tag
@lru_cache(maxsize=500)
def icon(name: str) -> SafeString:
    """An icon of the sprite, hidden from screen readers: always beside a word."""
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#i-{}"/></svg>', static("img/icons.svg"), name)


@register.simple_tag
@lru_cache(maxsize=500)
def drawing(name: str) -> SafeString:
    """An illustration, hidden from screen readers. It takes its colours from the nearest data-kind."""
    return format_html(
        '<svg class="ill" aria-hidden="true" viewBox="0 0 320 200" preserveAspectRatio="xMidYMid slice">'
        '<use href="{}#{}"/></svg>',
        static("img/drawings.svg"),
        name,
    )


@register.inclusion_tag("components/ribbon.html")
def ribbon(stage: str = "", note: str = "") -> dict[str, Any]:
    """The continuum in four steps, the current one filled and said in words."""
    steps = [
        {"value": s.value, "label": s.label, "current": s.value == stage, "glyph": f"c-{s.value}"} for s in Continuum
    ]
    current = Continuum(stage) if stage else None
    return {
        "steps": steps,
        "step": current.step if current else 0,
        "label": str(current.label).lower() if current else "",
        "note": note,
        "icons": static("img/icons.svg"),
    }


@register.simple_tag
def steps4(stage: str) -> SafeString:
    """The continuum in four ticks and the word."""
    step = Continuum(stage).step
    ticks = "".join(
        f'<rect x="{13 * i}" width="11" height="10" rx="2"'
        + (' class="on"' if i + 1 == step else ' class="before"' if i + 1 < step else "")
        + "/>"
        for i in range(4)
    )
    return format_html(
        '<span class="steps4"><svg viewBox="0 0 50 10" aria-hidden="true">{}</svg>{}</span>',
        SafeString(ticks),
        Continuum(stage).label,
    )


@register.simple_tag
@lru_cache(maxsize=2000)
def mini(marks: str) -> SafeString:
    """A fortnight on a card: a mark a day, and what they say together."""
    free, part = marks.count("l"), marks.count("p")
    said = ngettext("Libre %(n)d jour sur les %(all)d prochains", "Libre %(n)d jours sur les %(all)d prochains", free)
    words = said % {"n": free, "all": len(marks)}
    if part:
        words += ngettext(", et en partie %(n)d jour", ", et en partie %(n)d jours", part) % {"n": part}
    cells = SafeString("".join("<i></i>" if mark == "x" else f"<i class={mark}></i>" for mark in marks))
    return format_html('<span class="mini" role="img" aria-label="{}">{}</span>', words, cells)


@register.simple_tag
def month_rows(weeks: list[list[Any]]) -> SafeString:
    """The weeks of a month as rows of a table: a ``Cell`` of directory/views/agenda.py a day, in words for who listens.

    Written here because a template takes six times as long for thirty cells.
    """
    today = _("aujourd’hui")
    return SafeString("".join(f"<tr>{''.join(_day_of_month(c, today) for c in week)}</tr>" for week in weeks))


def _day_of_month(cell: Any, today: str) -> str:
    if cell.outside:
        return f'<td><span class="out" aria-hidden="true">{cell.number}</span></td>'
    tag, where = ("a", f' href="{escape(cell.href)}" rel="nofollow"') if cell.href else ("span", "")
    current, month = (' aria-current="date"', f"{cell.month}, {today}") if cell.today else ("", cell.month)
    named = f" ({cell.shown.name})" if cell.shown.name else ""
    hidden = named + (f", {cell.act}" if cell.href else "")
    return (
        f'<td><{tag} class="{cell.state}"{where}{current}><span><span class="vh">{escape(cell.weekday)} </span>'
        f'{cell.number}<span class="vh"> {escape(month)}\u00a0: </span></span><small>{escape(cell.short)}</small>'
        + "".join(f"<small>{escape(reason)}</small>" for reason in cell.reasons)
        + (f'<span class="vh">{escape(hidden)}</span>' if hidden else "")
        + f"</{tag}></td>"
    )


@register.filter
def markdown(text: str) -> SafeString:
    """Markdown as clean HTML, the addresses typed in it as links."""
    return markdown_.render(text, addresses=True)


@register.simple_tag(takes_context=True)
def explain(context: Any, text: str) -> SafeString:
    """Clean HTML (or a text, escaped), the terms of the lexicon opened by whoever wants: each one once a page."""
    request = context.get("request")
    if request is None:
        return conditional_escape(text)
    page = request.__dict__.get("explained")
    if page is None:
        page = request.__dict__["explained"] = Explained(index(version_holding(request, "toolbox_term")))
    return page.html(conditional_escape(text))


@register.filter
def plain(text: str) -> str:
    """Markdown without its marks."""
    return markdown_.plain(text)


@register.filter
def long_date(value: datetime.date | None, shape: str = "j F Y") -> str:
    """« 12 octobre 2026 », with the ordinal for the first of a month, in local time."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        value = timezone.localtime(value).date()
    return moments.day_in_words(value, shape)


@register.filter
def since(value: datetime.datetime | None) -> str:
    """« aujourd’hui », « il y a 12 jours », « il y a 5 mois »."""
    if value is None:
        return ""
    days = (timezone.localdate() - timezone.localtime(value).date()).days
    if days <= 0:
        return _("aujourd’hui")
    if days < 60:
        return ngettext("il y a %d jour", "il y a %d jours", days) % days
    if days < 730:
        return _("il y a %d mois") % (days // 30)
    return _("il y a %d ans") % (days // 365)


@register.simple_tag
def when_needed(need: Any) -> str:
    """« du 5 janvier au 28 février 2027 », « dès le… », « d’ici le… », « dès que possible »."""
    start, end = need.starts_on, need.ends_on
    if start and start == end:
        return _("le %(day)s") % {"day": long_date(start)}
    if start and end:
        first = long_date(start)
        if start.year == end.year:
            first = first.removesuffix(f" {start.year}")
        return _("du %(first)s au %(last)s") % {"first": first, "last": long_date(end)}
    if start:
        return _("dès le %(day)s") % {"day": long_date(start)}
    return _("d’ici le %(day)s") % {"day": long_date(end)} if end else _("dès que possible")


@register.filter
def hour(value: datetime.time) -> str:
    """« 18 h », « 18 h 30 »."""
    return f"{value.hour}\u00a0h" + (f"\u00a0{value.minute:02}" if value.minute else "")


@register.filter
def long_moment(value: datetime.datetime | None, shape: str = "j F Y") -> str:
    """« 21 novembre 2026, 10 h 13 », in local time."""
    return moments.moment_in_words(value, shape) if value else ""


@register.filter
def to_the_second(value: datetime.datetime | None) -> str:
    """« 21 novembre 2026, 10 h 13 min 05 s »: a line of a journal."""
    if value is None:
        return ""
    shown = moments.wall(value)
    return f"{moments.day_in_words(shown, 'j F Y')}, {shown:%-H}\u00a0h\u00a0{shown:%M}\u00a0min\u00a0{shown:%S}\u00a0s"


@register.filter
def period(value: Any) -> str:
    """A half-open UTC range, in words and in wall-clock time."""
    return moments.in_words(value) if value else ""


@register.filter
def told_in_all(errors: Mapping[str, Sized]) -> int:
    """How many sentences a refused form says: a field may have several."""
    return sum(map(len, errors.values()))


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """The value of a key of a dictionary; nothing when it has none."""
    return mapping.get(key, "")


@register.filter
def mark(text: str, roots: list[str]) -> SafeString:
    """The text with the words that answer a search highlighted."""
    return search.highlight(text, roots)


@register.simple_tag
def why(entry: Any, roots: list[str]) -> SafeString | str:
    """The passage that answers, when nothing already shown on the card does: description, or category."""
    loaded = entry.__dict__
    shown = " ".join(str(loaded.get(name, "")) for name in ("name", "title", "summary", "mission", "standfirst"))
    if "<mark>" in search.highlight(shown, roots):
        return ""
    passage = search.excerpt(loaded.get("description") or loaded.get("pooled") or "", roots)
    if not passage and isinstance(entry, Resource):
        named = search.highlight(entry.category.name, roots)
        passage = format_html("{} {}", _("Catégorie :"), named) if "<mark>" in named else ""
    return format_html('<p class="meta">{}</p>', passage) if passage else ""


@register.simple_tag
def address(name: str, *arguments: Any) -> str:
    """The address of a page, or nothing when this portal has no such page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


@register.simple_tag
def projects_around(needs: int | list[int]) -> list[Project]:
    """The public projects that took up this need, or some of these; ``asks``: it is of who leads the project."""
    asked = needs if isinstance(needs, list) else [needs]
    links = ProjectNeed.objects.filter(project=OuterRef("pk"), need__in=asked)
    carried = Participation.objects.carrying().filter(
        project=OuterRef("project"), organisation=OuterRef("need__organisation")
    )
    own = links.filter(Q(need__organisation=F("project__organisation")) | Exists(carried))
    rows = Project.objects.listed().filter(Exists(links)).annotate(asks=Exists(own))
    return list(rows.only("slug", "title", "stage", "sort_key").order_by("sort_key", "id"))


@register.simple_tag
def accessibility_label(value: str) -> str:
    return str(Accessibility(value).label)


@register.simple_tag
def language_label(value: str) -> str:
    return str(Language(value).label)


@register.filter
def device(user_agent: str) -> str:
    """« Firefox, Android »: enough to recognise one’s own device."""
    browsers = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systems = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
               ("Mac OS", "Mac"), ("Linux", "Linux"))  # fmt: skip
    browser = next((name for sign, name in browsers if sign in user_agent), _("Navigateur inconnu"))
    system = next((name for sign, name in systems if sign in user_agent), "")
    return f"{browser}, {system}" if system else browser
