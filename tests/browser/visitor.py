"""Someone in front of the portal: goes, types, looks; and says what no page should do."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Locator, Page, Request

from tests.browser import looks

PHONE = 360
AXE = Axe().axe_script
LEVEL_AA = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
}
# A theme changes colours and nothing else: the rules that look at them are enough for the second one.
COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}


class Visitor:
    """A page and its witness. ``faults`` gathers what the page did wrong without showing it."""

    def __init__(self, page: Page, portal: str) -> None:
        self.page, self.portal = page, portal
        self.faults: list[str] = []
        self.refusals: set[str] = set()  # addresses whose 4xx is expected
        page.set_default_timeout(30_000)  # a busy machine is no fault of the page
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url} : {error}"))
        page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and message.location.get("url") not in self.refusals:
            self.faults.append(f"{self.page.url} : {message.text}")

    def _asked(self, request: Request) -> None:
        host = urlsplit(request.url)
        if host.scheme not in ("data", "blob", "about") and host.netloc != urlsplit(self.portal).netloc:
            self.faults.append(f"{self.page.url} a demandé {request.url}")

    # ---- going about

    def go(self, path: str, *, status: int = 200) -> None:
        """Open a page of the portal, and check that it is whole."""
        if status >= 400:
            self.refusals.add(self.portal + path)
        response = self.page.goto(self.portal + path)
        assert response is not None
        assert response.status == status, f"{path} : {response.status}"
        self.is_whole()

    def is_whole(self) -> None:
        """Nothing undefined, no template mark left."""
        html = self.page.content()
        assert not any(mark in html for mark in ("⟦non défini", "{{", "{%")), self.page.url

    def wear(self, *, width: int | None = None, dark: bool | None = None) -> None:
        """Change the width or the theme of the page that is open."""
        if width:
            self.page.set_viewport_size({"width": width, "height": 740 if width <= PHONE else 800})
        if dark is not None:
            self.page.emulate_media(color_scheme="dark" if dark else "light")

    @property
    def query(self) -> str:
        return urlsplit(self.page.url).query

    def see(self, text: str) -> Locator:
        """The visible thing that says this; fails when there is none."""
        found = self.page.locator("body").get_by_text(text).filter(visible=True).first
        found.wait_for()
        return found

    # ---- by keyboard

    def tab_to(self, target: Locator, *, at_most: int = 60, key: str = "Tab") -> None:
        """Press Tab until ``target`` has the focus. Every stop on the way must show where one is."""
        for _step in range(at_most):
            self.page.keyboard.press(key)
            shown = self.page.evaluate(looks.FOCUS)
            assert not shown, f"{self.page.url} : le focus ne se voit pas sur {shown}"
            if target.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError(f"{self.page.url} : {target} ne s’atteint pas en {at_most} pressions")

    # ---- looking

    def axe(self, rules: dict[str, Any] = LEVEL_AA) -> list[str]:
        """Violations of WCAG A and AA, one line each."""
        if self.page.evaluate("typeof window.axe") == "undefined":
            self.page.evaluate(AXE)
        found: list[dict[str, Any]] = self.page.evaluate(
            f"axe.run(document, {json.dumps(rules)}).then(r => r.violations.map(v => ({{id: v.id, help: v.help,"
            " nodes: v.nodes.slice(0, 5).map(n => n.target.join(' ') + ' ' + n.html.slice(0, 160))})))"
        )
        return [f"{v['id']} ({v['help']}) : " + " | ".join(v["nodes"]) for v in found]

    def sideways(self) -> list[str]:
        """What makes the page scroll sideways."""
        return self.page.evaluate(looks.SIDEWAYS)

    def cut(self) -> list[str]:
        """Texts that their box cuts."""
        return self.page.evaluate(looks.CUT)

    def undrawn(self) -> list[str]:
        """Drawings and icons that show nothing."""
        return self.page.evaluate(looks.UNDRAWN)

    def small_targets(self, least: int) -> list[str]:
        """Controls smaller than ``least`` pixels."""
        return self.page.evaluate(looks.SMALL, least)
