"""A term of the lexicon is explained where it first appears in a page: one opens its definition, without JavaScript.

Works on the text nodes of HTML that is already clean; what is inside links, buttons, headings and code is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from mutualisation.kernel.memo import Versioned
from toolbox.models import Term

WORD = re.compile(r"\w+")
BETWEEN = re.compile(r"[\s\u00a0'’-]{1,2}$")  # what may stand between the words of a term
BEGINS = re.compile(r"(?:^|[.!?:…\u00ab\u00bb()\u2014–])[\s\u00a0]*$")  # a capital letter there doesn’t make a name
LEFT_ALONE = frozenset(
    "a abbr button code h1 h2 h3 h4 h5 h6 label option pre script select span style summary textarea".split()
)


@dataclass(frozen=True)
class Form:
    """One way of writing a term: its words (lower case, unless it is an acronym), and which term it is."""

    words: tuple[str, ...]
    term: Term
    acronym: bool

    def ends(self, text: str, found: list[re.Match[str]], n: int) -> int:
        """Where this form ends when it begins at the word ``n`` of a text; 0 when it isn’t there."""
        if n + len(self.words) > len(found):
            return 0
        for k, word in enumerate(self.words):
            here = found[n + k]
            said = here[0] if self.acronym else here[0].lower()
            if said not in (word, f"{word}s", f"{word}x"):
                return 0
            if k and not BETWEEN.fullmatch(text[found[n + k - 1].end() : here.start()]):
                return 0
        return found[n + len(self.words) - 1].end()


Index = dict[str, list[Form]]


def _forms() -> Iterator[Form]:
    for term in Term.objects.filter(in_texts=True):
        for written in (term.term, *term.variants):
            acronym = written.isupper()
            words = tuple(WORD.findall(written if acronym else written.lower()))
            if words:
                yield Form(words, term, acronym)


@Versioned
def index() -> Index:
    """The forms of every term, by the words that they may begin with, the longest first."""
    found: Index = {}
    for form in _forms():
        for first in (form.words[0], f"{form.words[0]}s", f"{form.words[0]}x"):
            found.setdefault(first.lower(), []).append(form)
    for forms in found.values():
        forms.sort(key=lambda form: -len(form.words))
    return found


@dataclass
class Explained:
    """What a page has explained so far: a term is, once."""

    index: Index
    seen: set[int] = field(default_factory=set)

    def html(self, clean: str) -> SafeString:
        """The same HTML, terms not yet seen in this page made to open their definition."""
        if not self.index or not clean:
            return mark_safe(clean)  # noqa: S308 - as clean as it came
        walk = _Walk(self)
        walk.feed(clean)
        walk.close()
        return mark_safe("".join(walk.out))  # noqa: S308 - tags as they came, text as it came, and what _opened escapes

    def text(self, raw: str) -> Iterator[str]:
        """A text node, as pieces of HTML. What stands between terms is given back as it was written."""
        said = unescape(raw)
        if "&" in raw and escape(said) != raw:  # an entity of another kind: nothing is rewritten
            yield raw
            return
        found = list(WORD.finditer(said))
        done, n = 0, 0
        while n < len(found):
            form, end = self._at(said, found, n)
            if form is None:
                n += 1
                continue
            start = found[n].start()
            yield escape(said[done:start])
            yield _opened(said[start:end], form.term)
            self.seen.add(form.term.pk)
            done, n = end, n + len(form.words)
        yield escape(said[done:]) if done else raw

    def _at(self, said: str, found: list[re.Match[str]], n: int) -> tuple[Form | None, int]:
        first = found[n][0]
        for form in self.index.get(first.lower(), ()):
            if form.term.pk in self.seen:
                continue
            end = form.ends(said, found, n)
            named = first[0].isupper() and not form.acronym and not form.term.term[0].isupper()
            if end and (not named or BEGINS.search(said, 0, found[n].start())):
                return form, end  # else a capital letter makes it the name of someone or of something
        return None, 0


def _opened(words: str, term: Term) -> SafeString:
    name = f"mot-{term.slug}"
    return format_html(
        '<button type="button" class="term" popovertarget="{0}">{1}</button><span class="term-card" id="{0}" popover '
        'role="note" aria-label="{2}"><b>{3}</b> {4} <a href="{5}">{6}</a></span>',
        name, words, _("Définition : %(term)s") % {"term": term.term}, term.term, term.definition,
        f"{reverse('lexicon')}#{term.slug}", _("Dans le lexique"),
    )  # fmt: skip


class _Walk(HTMLParser):
    """Copies HTML, and hands over the text nodes that may be explained."""

    def __init__(self, page: Explained) -> None:
        super().__init__(convert_charrefs=False)
        self.page, self.out = page, list[str]()
        self.inside = 0
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        self.inside += tag in LEFT_ALONE
        self.out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        self.out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        self.inside = max(0, self.inside - (tag in LEFT_ALONE))
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_entityref(self, name: str) -> None:
        self.text.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.text.append(f"&#{name};")

    def _flush(self) -> None:
        raw = "".join(self.text)
        self.text.clear()
        if raw:
            self.out.extend([raw] if self.inside or not raw.strip() else self.page.text(raw))

    def close(self) -> None:
        super().close()
        self._flush()
