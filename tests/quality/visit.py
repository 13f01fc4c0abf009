"""One look at one page: loaded once, then judged in both colours and widths."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SETTLE_SECONDS = 30
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
LETTER_PATHS = ("/content/", ".pdf", ".png")
VIEWER_PARTS = ("/static/dist/pdf", "/static/dist/charts.js")
SHIFTS = """window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });"""
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""Rules that the theme decides; all others are as in the light one."""
RULES = {"light": TAGS, "dark": OF_COLOURS}
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light")]
"""In the order that changes least: each other theme gives the whole page new styles."""
RUN_AXE = """(rules) => axe.run(document, {
  runOnly: rules, resultTypes: ["violations"], iframes: false,
}).then((result) =>
  result.violations.map((rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) =>
    `${node.target} ${node.any[0]?.message ?? ""}`).join(" | ")}`))"""
SET_THEME = """(theme) => {
  document.documentElement.dataset.bsTheme = theme;
  document.documentElement.getBoundingClientRect();
  document.getAnimations().filter((each) => each instanceof CSSTransition).forEach((each) => each.finish());
}"""
FOCUS_SEEN = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const box = at.getBoundingClientRect();
  return [at.className, style.outlineStyle !== "none" || style.boxShadow !== "none", box.left >= 0 && box.width > 0];
}"""


@dataclass
class Traffic:
    """What a page loads: bytes as transferred, by address; and the console's complaints."""

    loaded: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)

    def page_bytes(self) -> int:
        """Without the letter shown and the viewer that shows it, and without what draws pictures of figures."""
        apart = LETTER_PATHS + VIEWER_PARTS
        return sum(size for url, size in self.loaded.items() if not any(part in url for part in apart))

    def viewer_bytes(self) -> int:
        return sum(size for url, size in self.loaded.items() if any(part in url for part in VIEWER_PARTS))


class Watcher:
    """Counts the traffic of a page over the DevTools protocol, with the browser's cache off."""

    def __init__(self, page: Page) -> None:
        self.page, self.traffic, self.addresses = page, Traffic(), dict[str, str]()
        self.pending: set[str] = set()
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        self.session.on("Network.requestWillBeSent", self._asked)
        self.session.on("Network.loadingFinished", self._came)
        self.session.on("Network.loadingFailed", self._failed)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.traffic.complaints.append(str(error)))
        page.add_init_script(SHIFTS)
        page.add_init_script(path=AXE)

    def open(self, url: str) -> Traffic:
        self.traffic = Traffic()
        self.pending.clear()
        self.page.set_viewport_size(WIDE)
        response = self.page.goto(url)
        if self.page.locator("[data-pdf]").count():
            self.page.wait_for_load_state("networkidle")  # The viewer asks piece by piece, with pauses.
        else:
            self._settle()
        if response is None or response.status != 200:
            self.traffic.complaints.append(f"answered {response and response.status}")
        return self.traffic

    def _settle(self) -> None:
        """Until nothing is under way any more, twice in a row: half a second of silence costs more than the page."""
        still, last = 0, time.monotonic() + SETTLE_SECONDS
        while still < 2 and time.monotonic() < last:
            self.page.wait_for_timeout(60)
            still = 0 if self.pending else still + 1

    def _asked(self, event: dict[str, Any]) -> None:
        self.addresses[event["requestId"]] = event["request"]["url"]
        if not event["request"]["url"].startswith("data:"):
            self.pending.add(event["requestId"])

    def _failed(self, event: dict[str, Any]) -> None:
        self.pending.discard(event["requestId"])

    def _came(self, event: dict[str, Any]) -> None:
        self.pending.discard(event["requestId"])
        url = self.addresses.get(event["requestId"], "")
        self.traffic.loaded[url] = self.traffic.loaded.get(url, 0) + int(event["encodedDataLength"])

    def _said(self, message: Any) -> None:
        if message.type == "error":
            self.traffic.complaints.append(message.text)


def faults_of(watcher: Watcher, url: str) -> list[str]:
    """Everything wrong with one page, in words; empty where nothing is."""
    traffic, page = watcher.open(url), watcher.page
    faults = [*traffic.complaints, *_strangers(traffic, url), *_too_heavy(traffic)]
    if (shift := page.evaluate("window.shifted")) >= 0.1:
        faults.append(f"layout shift {shift:.2f}")
    faults += _keyboard(page)
    for size, theme in LOOKS:
        page.set_viewport_size(size)
        page.evaluate(SET_THEME, theme)
        faults += [f"{size['width']} {theme} {each}" for each in page.evaluate(RUN_AXE, RULES[theme])]
    if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
        faults.append(f"{width} px wide at {NARROW['width']} px")
    return faults


def _strangers(traffic: Traffic, url: str) -> list[str]:
    own = urlsplit(url).netloc
    hosts = {urlsplit(each).netloc for each in traffic.loaded if each.startswith("http")}
    return [f"asked {host}" for host in sorted(hosts - {own})]


def _too_heavy(traffic: Traffic) -> list[str]:
    weights = {"page": (traffic.page_bytes(), 300), "viewer": (traffic.viewer_bytes(), 600)}
    return [f"{name} {size / 1000:.0f} kB" for name, (size, limit) in weights.items() if size > limit * 1000]


def _keyboard(page: Page) -> list[str]:
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    name, is_ringed, is_placed = page.evaluate(FOCUS_SEEN)
    faults = (
        [] if name == "skip-link" and is_ringed and is_placed else [f"first Tab reaches {name or 'nothing'}"]
    )
    page.keyboard.press("Tab")
    if not page.evaluate(FOCUS_SEEN)[1]:
        faults.append("focus does not show")
    return faults
