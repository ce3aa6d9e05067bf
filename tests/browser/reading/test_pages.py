"""Every public page, both themes, on a phone and on a screen: readable by all, whole, drawn, within its frame."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser import looks
from tests.browser.visitor import COLOURS, PHONE, Visitor

PAGES = [
    "/",
    "/ressources/",
    "/ressources/?vue=carte",
    "/ressources/?q=salle&sorte=locaux&territoire=mrc-beauharnois-salaberry&pres=J6S&km=50&page=zut",
    "/ressources/?q=zzzzqqq&sorte=humain",
    "/organismes/",
    "/organismes/?vue=carte&territoire=mrc-roussillon",
    "/pratiques/",
    "/pratiques/?vue=carte&etape=mutualisation",
    "/ressources/camion-refrigere-16-pieds/",
    "/ressources/salle-du-canal/",
    "/ressources/salle-du-canal/agenda/",
    "/boite-a-outils/",
    "/boite-a-outils/lexique/",
    "/boite-a-outils/ententes/",
    "/boite-a-outils/ententes/pret-de-local/",
    "/parcours/?quoi=materiel",
    "/ressources/salle-du-canal/agenda/?semaine=zut",
    "/ressources/salle-du-canal/agenda/?vue=liste",
    "/organismes/carrefour-du-canal/agenda/",
    "/organismes/nom-tres-long/agenda/?semaine=",
    "/ressources/?du=hier&de=9:00&sorte=locaux",
    "/ressources/comptable-un-jour-par-semaine/",
    "/ressources/ecrire-une-demande-de-subvention/",
    "/ressources/ressource-au-nom-tres-long/",
    "/organismes/carrefour-du-canal/",
    "/organismes/nom-tres-long/",
    "/pratiques/surplus-alimentaires-cinq-mrc/",
    "/pratiques/pratique-au-nom-tres-long/",
    "/recherche/",
    "/recherche/?q=chambre+froide",
    "/recherche/?q=refrigirateur",
    "/recherche/?q=zzzzqqq",
    "/a-propos/",
    "/mentions-legales/",
    "/renseignements-personnels/",
    "/accessibilite/",
    "/credits/",
    "/nulle-part/",
]
Arrive = Callable[..., Visitor]


@pytest.mark.parametrize("width", [PHONE, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_serves_everyone(visitor: Arrive, path: str, width: int) -> None:
    someone = visitor(width)
    someone.go(path, status=404 if path == "/nulle-part/" else 200)
    wrong = {
        "axe, clair": someone.axe(),
        "déborde": someone.sideways(),
        "coupé": someone.cut(),
        "pas dessiné": someone.undrawn(),
        "trop petit": someone.small_targets(44 if width == PHONE else 24),
    }
    someone.wear(dark=True)
    wrong["axe, sombre"] = someone.axe(COLOURS)
    if width == PHONE:
        someone.wear(width=320)  # 1280 px at 400 %
        wrong["déborde à 400 %"], wrong["coupé à 400 %"] = someone.sideways(), someone.cut()
    wrong = {about: said for about, said in wrong.items() if said}
    assert not wrong


def test_dark_is_dark_and_light_is_light(visitor: Arrive) -> None:
    someone = visitor()
    someone.go("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert someone.page.evaluate(ground) == "rgb(250, 247, 241)"
    someone.wear(dark=True)
    assert someone.page.evaluate(ground) == "rgb(21, 26, 23)"


# ---- silence must mean something: each fault, made on purpose, is seen

Look = Callable[[Visitor], object]
FAULTS: dict[str, tuple[str, Look]] = {
    "contrast": ("document.querySelector('h1').style.color = '#ccc'", lambda one: one.axe(COLOURS)),
    "name": ("document.querySelector('.brand').replaceChildren()", Visitor.axe),
    "sideways": ("document.querySelector('h1').style.width = '2000px'", Visitor.sideways),
    "cut": ("document.querySelector('.card').style.height = '40px'", Visitor.cut),
    "no symbol": (
        "document.querySelector('.hero use').setAttribute('href', '/static/img/hero.svg#x')",
        Visitor.undrawn,
    ),
    "no room": ("document.querySelector('.hero > svg').style.height = '0'", Visitor.undrawn),
    "small": (
        "Object.assign(document.querySelector('.btn-primary').style, {minHeight: 0, padding: 0, height: '16px'})",
        lambda one: one.small_targets(24),
    ),
    "focus": (
        "const sheet = new CSSStyleSheet(); sheet.replaceSync(':focus-visible { outline: 0 !important }');"
        "document.adoptedStyleSheets = [sheet]",
        lambda one: one.page.evaluate(looks.FOCUS),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen(visitor: Arrive, fault: str) -> None:
    make, look = FAULTS[fault]
    someone = visitor()
    someone.go("/")
    someone.page.keyboard.press("Tab")
    assert not look(someone)
    someone.page.evaluate(f"() => {{ {make} }}")
    assert look(someone)


def test_the_witness_hears(visitor: Arrive) -> None:
    """A refused script, an error and a stranger are all heard."""
    someone = visitor()
    someone.go("/")
    someone.page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: '1'}))")
    someone.page.evaluate("console.error('aïe')")
    someone.page.evaluate("fetch('http://ailleurs.example/').catch(() => 0)")
    heard, someone.faults[:] = "\n".join(someone.faults), []
    assert "Content Security Policy" in heard
    assert "aïe" in heard
    assert "ailleurs.example" in heard or "connect-src" in heard
