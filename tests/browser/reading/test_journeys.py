"""Three people use the portal as they would: what they look for is found, by finger, by keyboard, on paper."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.pdf_text import text_of
from tests.browser.visitor import PHONE, Visitor

Arrive = Callable[..., Visitor]
COLD_ROOM = "Chambre froide de 24 m²"


def chip(page: Page, filter_: str) -> Locator:
    """The active filter that says this, a link that removes it."""
    return page.get_by_role("list", name="Filtres actifs").get_by_role("link", name=filter_)


# ---- a coordinator in Salaberry-de-Valleyfield needs a cold room


def find_the_cold_room_on_a_phone(someone: Visitor) -> None:
    page = someone.page
    someone.go("/")
    page.get_by_role("button", name="Menu").tap()
    menu = page.get_by_role("navigation", name="Navigation principale")
    assert someone.axe() == []
    menu.get_by_role("link", name="Ressources").tap()
    page.get_by_role("button", name="Filtrer").tap()
    sheet = page.get_by_role("form", name="Filtres")
    expect(sheet).to_be_visible()
    assert someone.axe() == []
    assert someone.sideways() == []
    assert someone.small_targets(44) == []
    sheet.get_by_label("Municipalité ou code postal").fill("Salaberry-de-Valleyfield")
    sheet.get_by_label("À moins de").select_option(label="20 km")
    sheet.get_by_label("Locaux").check()
    sheet.get_by_role("button", name="Voir les").tap()
    expect(page.locator("[data-count]")).to_contain_text("autour de Salaberry-de-Valleyfield")
    expect(sheet).to_be_hidden()
    page.get_by_label("Chercher dans les ressources").fill("chambre froide")
    page.get_by_role("button", name="Chercher", exact=True).tap()
    expect(page.get_by_role("article").first).to_contain_text(COLD_ROOM)
    expect(page.get_by_role("button", name="Filtrer (3)")).to_be_visible()
    page.get_by_role("link", name=COLD_ROOM).tap()


def test_she_finds_a_cold_room_on_her_phone(visitor: Arrive) -> None:
    someone = visitor(PHONE)
    find_the_cold_room_on_a_phone(someone)
    expect(someone.page.get_by_role("heading", level=1)).to_have_text(COLD_ROOM)
    someone.see("Salaberry-de-Valleyfield")
    someone.see("35 $")
    someone.page.get_by_role("link", name="Joindre l’organisme").tap()
    someone.see("La Réserve des Trois-Lacs")
    expect(someone.page.get_by_role("heading", name="Joindre l’organisme")).to_be_in_viewport()


def test_she_finds_it_with_the_page_four_times_larger(visitor: Arrive) -> None:
    """1280 px at 400 % are 320: the same way, nothing lost."""
    someone = visitor(320)
    find_the_cold_room_on_a_phone(someone)
    expect(someone.page.get_by_role("heading", level=1)).to_have_text(COLD_ROOM)


def test_he_finds_it_without_a_mouse(visitor: Arrive) -> None:
    someone = visitor()
    page, keys = someone.page, someone.page.keyboard
    someone.go("/")
    someone.tab_to(page.get_by_label("Que cherchez-vous"))
    keys.type("chambre froide")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Chercher partout")
    someone.tab_to(page.get_by_role("link", name="Voir les").first)
    keys.press("Enter")
    count = page.locator("[data-count]")
    expect(count).to_contain_text("ressources")
    someone.tab_to(page.get_by_label("Municipalité ou code postal"))
    keys.type("j6s")
    keys.press("Tab")
    expect(count).to_contain_text("autour de J6S")
    expect(page.get_by_label("À moins de")).to_be_focused()
    for _km in ("5", "10", "20"):
        keys.press("ArrowDown")
    expect(chip(page, "À moins de 20 km de J6S")).to_be_visible()
    expect(page.get_by_label("À moins de")).to_have_value("20")
    someone.tab_to(page.get_by_role("checkbox", name="Locaux"))
    keys.press("Space")
    expect(chip(page, "Locaux")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Locaux")).to_be_focused()
    first = page.get_by_role("article").first
    expect(first).to_contain_text(COLD_ROOM)
    someone.tab_to(first.get_by_role("link"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(COLD_ROOM)
    someone.tab_to(page.get_by_role("link", name="Joindre l’organisme"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("La Réserve des Trois-Lacs")


# ---- someone else has a grant to write


def test_she_finds_who_can_help_write_a_grant_in_her_own_words(visitor: Arrive) -> None:
    someone = visitor(PHONE)
    page = someone.page
    someone.go("/")
    page.get_by_label("Que cherchez-vous").fill("quelqu'un pour nous aider à écrire une demande de subvention")
    page.get_by_role("button", name="Chercher").tap()
    first = page.get_by_role("article").first
    expect(first).to_contain_text("Écrire une demande de subvention")
    expect(first).to_contain_text("Expertise")
    assert first.locator("mark").count() >= 2, "le résultat dit pourquoi il répond"
    assert someone.axe() == []
    first.get_by_role("link").tap()
    someone.see("Les Ateliers du Haut-Pays")
    someone.see("Conditions, en clair")


def test_a_slip_of_the_finger_is_understood(visitor: Arrive) -> None:
    someone = visitor(PHONE)
    someone.go("/recherche/?q=demande de subvantion")
    someone.see("Rien ne répond exactement à")
    expect(someone.page.get_by_role("article").first).to_contain_text("subvention")


# ---- a third one reads the story of the surplus food, and prints it for a meeting


def test_he_reads_the_story_of_the_surplus_and_prints_it(visitor: Arrive) -> None:
    someone = visitor(dark=True)
    page = someone.page
    page.add_init_script("window.print = () => { window.printed = true }")
    someone.go("/")
    page.get_by_role("navigation", name="Navigation principale").get_by_role("link", name="Pratiques").click()
    page.get_by_label("Chercher dans les pratiques").fill("surplus de légumes")
    page.get_by_role("button", name="Chercher", exact=True).click()
    page.get_by_role("link", name="Cinq MRC, une même chaîne").click()
    expect(page.get_by_role("heading", name="D’où c’est parti")).to_be_visible()
    expect(page.locator(".ribbon [aria-current=step]")).to_contain_text("Mutualisation")
    someone.see("Étape 3 de 4")
    page.get_by_role("button", name="Imprimer").click()
    assert page.evaluate("window.printed")

    page.emulate_media(media="print")
    for gone in ("Navigation principale", "Fil d’Ariane", "Explorer"):
        expect(page.get_by_role("navigation", name=gone)).to_have_count(0)
    for gone in (".btn", ".site-foot", "#h-aussi"):
        assert not page.locator(gone).filter(visible=True).count(), gone
    ink, paper = page.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (ink, paper) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)"), (
        "encre noire, papier blanc, même depuis le thème sombre"
    )
    page.emulate_media(media=None)
    pdf = page.pdf(format="Letter")
    said = text_of(pdf)
    for kept in (
        "Cinq MRC, une même chaîne",
        "D’où c’est parti",
        "À refaire chez vous",
        "Complexe Le Partage",
        "Étape 3 de 4",
    ):
        assert "".join(kept.split()) in said, kept
    for gone in ("Imprimer", "À lire aussi", "Mentions légales", "Aller au contenu"):
        assert "".join(gone.split()) not in said, gone
    assert pdf.count(b"/Type /Page\n") <= 4


# ---- what holds everywhere


def test_filters_answer_without_reloading_and_back_works(visitor: Arrive) -> None:
    someone = visitor()
    page = someone.page
    someone.go("/ressources/")
    count = page.locator("[data-count]")
    everything = count.inner_text()
    page.evaluate("window.sameDocument = true")
    page.get_by_role("checkbox", name="Expertise").check()
    expect(chip(page, "Expertise")).to_be_visible()
    assert someone.query == "sorte=expertise", "l’adresse se partage, et ne dit que ce qui est demandé"
    fewer = count.inner_text()
    assert fewer != everything
    assert page.evaluate("window.sameDocument"), "la page s’est rechargée"
    expect(page.locator("[data-voice]")).to_have_text(fewer)
    assert someone.axe() == []
    page.get_by_label("Trier par").select_option(label="Nom")
    page.wait_for_url("**tri=nom**")
    page.go_back()
    expect(page.get_by_role("checkbox", name="Expertise")).to_be_checked()
    expect(count).to_have_text(fewer)
    page.go_back()
    expect(count).to_have_text(everything)
    expect(page.get_by_role("checkbox", name="Expertise")).not_to_be_checked()


def test_words_typed_in_a_list_come_by_relevance(visitor: Arrive) -> None:
    """The order in force by default is not a choice: it must not stick to the next search."""
    someone = visitor()
    someone.go("/ressources/")
    someone.page.get_by_label("Chercher dans les ressources").fill("chambre froide")
    someone.page.keyboard.press("Enter")
    expect(someone.page.get_by_label("Trier par").locator("option:checked")).to_have_text("Pertinence")
    expect(someone.page.get_by_role("article").first).to_contain_text(COLD_ROOM)


def test_who_presses_a_button_that_goes_away_is_not_lost(visitor: Arrive) -> None:
    someone = visitor()
    someone.go("/ressources/")
    someone.tab_to(someone.page.get_by_role("button", name="Voir les"))
    with someone.page.expect_response("**/ressources/**"):
        someone.page.keyboard.press("Enter")
    expect(someone.page.locator("[data-count]")).to_be_focused()


def test_filters_are_a_plain_form_without_javascript(visitor: Arrive) -> None:
    someone = visitor(PHONE, javascript=False)
    page = someone.page
    someone.go("/ressources/")
    page.get_by_role("button", name="Filtrer").tap()
    sheet = page.get_by_role("form", name="Filtres")
    sheet.get_by_label("Humain").check()
    sheet.get_by_role("button", name="Voir les").tap()
    expect(chip(page, "Humain")).to_be_visible()
    expect(page.locator(".alert")).to_have_count(0)
    page.get_by_label("Trier par").select_option(label="Nom")
    page.get_by_role("button", name="Trier").tap()
    page.wait_for_url("**tri=nom**")
    expect(chip(page, "Humain")).to_be_visible()
    expect(page.get_by_role("button", name="Imprimer")).to_have_count(0)


def test_list_and_map_by_keyboard(visitor: Arrive) -> None:
    someone = visitor()
    page, keys = someone.page, someone.page.keyboard
    someone.go("/ressources/?sorte=locaux")
    entries = page.get_by_role("article").count()
    someone.tab_to(page.get_by_role("link", name="Carte et liste"))
    keys.press("Enter")
    drawing = page.get_by_role("group", name="Carte du territoire")
    expect(drawing).to_be_visible()
    assert page.get_by_role("article").count() == entries, "la liste reste entière à côté de la carte"
    someone.tab_to(drawing.get_by_role("link", name="Roussillon").first)
    keys.press("Enter")
    expect(chip(page, "Roussillon")).to_be_visible()
    expect(chip(page, "Locaux")).to_be_visible()
    expect(drawing).to_be_visible()
    someone.tab_to(page.get_by_role("link", name="Liste", exact=True))
    keys.press("Enter")
    expect(drawing).to_have_count(0)
    expect(chip(page, "Roussillon")).to_be_visible()


def test_what_is_not_understood_is_said_and_the_rest_is_shown(visitor: Arrive) -> None:
    someone = visitor(PHONE)
    someone.go("/ressources/?sorte=licornes&pres=Atlantide&contrepartie=gratuit&page=zut")
    said = someone.page.locator(".alert-warning")
    expect(said).to_contain_text("licornes")
    expect(said).to_contain_text("Atlantide")
    expect(said).to_contain_text("La page demandée n’existe pas")
    expect(chip(someone.page, "Gratuit")).to_be_visible()
    assert someone.page.get_by_role("article").count() == 20


def test_the_skip_link_skips(visitor: Arrive) -> None:
    someone = visitor()
    page = someone.page
    someone.go("/ressources/")
    skip = page.get_by_role("link", name="Aller au contenu")
    assert (skip.bounding_box() or {"y": 0})["y"] < 0, "caché tant qu’on n’en a pas besoin"
    someone.tab_to(skip, at_most=1)
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main')")
    someone.tab_to(page.get_by_label("Chercher dans les ressources"), at_most=3)
