// The pages of one PDF, below one another. Only those near what is seen hold a picture, so that a file of hundreds of
// pages opens on a cheap phone.
import { Page } from "./page.js";

const ZOOM_STEP = 1.25;
const [ZOOM_MIN, ZOOM_MAX] = [0.5, 5];
// Up to so many pages the words of all are laid out, for the browser's own search; longer files only where one reads.
const SEARCHABLE_PAGES = 60;

export class Pages {
  constructor({ pdf, scroller, label }) {
    this.pdf = pdf;
    this.scroller = scroller;
    this.label = label;
    this.zoom = 1;
    this.onMove = () => {};
  }

  async open() {
    const first = await this.pdf.getPage(1);
    this.width = first.getViewport({ scale: 1 }).width;
    this.sheet = document.createElement("div");
    this.sheet.className = "pdf-sheet";
    // The others are taken to be of the first one's size until they are seen.
    this.all = Array.from({ length: this.pdf.numPages }, (_, index) => new Page(this, index + 1, first));
    this.sheet.append(...this.all.map((page) => page.element));
    this.scroller.replaceChildren(this.sheet);
    this.fit();
    this.watch();
    this.layWords();
  }

  watch() {
    const byElement = new Map(this.all.map((page) => [page.element, page]));
    this.near = new IntersectionObserver(
      (seen) => seen.forEach((each) => byElement.get(each.target).setNear(each.isIntersecting)),
      { root: this.scroller, rootMargin: "75% 0px" },
    );
    this.all.forEach((page) => this.near.observe(page.element));
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.scroller);
    this.scroller.addEventListener("scroll", () => this.onMove(), { passive: true });
  }

  async layWords() {
    if (this.all.length > SEARCHABLE_PAGES) return;
    for (const page of this.all) await page.layWords();
  }

  /** Pixels of the page's style for a point of the PDF. */
  get scale() {
    return this.fitting * this.zoom;
  }

  fit() {
    const style = getComputedStyle(this.scroller);
    const room = this.scroller.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const fitting = Math.max(room, 100) / this.width;
    if (fitting === this.fitting) return;
    this.fitting = fitting;
    this.rescale();
  }

  setZoom(zoom) {
    this.zoom = Math.min(ZOOM_MAX, Math.max(ZOOM_MIN, zoom));
    this.rescale();
  }

  zoomBy(steps) {
    this.setZoom(steps ? this.zoom * ZOOM_STEP ** steps : 1);
  }

  rescale() {
    const { scroller } = this;
    const middle = (scroller.scrollTop + scroller.clientHeight / 2) / (scroller.scrollHeight || 1);
    this.sheet.style.setProperty("--total-scale-factor", String(this.scale));
    if (scroller.scrollTop) scroller.scrollTop = middle * scroller.scrollHeight - scroller.clientHeight / 2;
    this.all.forEach((page) => page.draw());
    this.onMove();
  }

  /** Number of the page in the middle of what is seen. */
  get current() {
    const middle = this.scroller.scrollTop + this.scroller.clientHeight / 2;
    const below = this.all.findIndex((page) => page.element.offsetTop > middle);
    return below === -1 ? this.all.length : Math.max(1, below);
  }

  goTo(number) {
    const page = this.all[Math.min(this.all.length, Math.max(1, number)) - 1];
    this.scroller.scrollTop = page.element.offsetTop;
  }

  async close() {
    this.near.disconnect();
    this.resized.disconnect();
    this.scroller.replaceChildren();
    await this.pdf.loadingTask.destroy();
  }
}
