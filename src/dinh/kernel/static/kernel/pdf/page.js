// One page: its picture, its words to select and search, its links. Values of form fields and the looks of signatures
// are part of the picture, and nothing can be typed in: what is shown is what was signed.
import { AnnotationMode, TextLayer } from "pdfjs-dist/legacy/build/pdf.mjs";

// Telephones give up on larger canvases; beyond it the picture is a little coarser.
const MOST_PIXELS = 2 ** 24;
const SAFE_LINK = /^(https?|mailto):/i;

export class Page {
  constructor(pages, number, like) {
    this.pages = pages;
    this.number = number;
    this.element = document.createElement("div");
    this.element.className = "pdf-page";
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", pages.label.replace("%s", number));
    this.resize(like);
  }

  resize(page) {
    const { width, height } = page.getViewport({ scale: 1 });
    this.element.style.setProperty("--page-width", String(width));
    this.element.style.setProperty("--page-height", String(height));
  }

  load() {
    this.loaded ??= this.pages.pdf.getPage(this.number).then((page) => {
      this.resize(page);
      return page;
    });
    return this.loaded;
  }

  setNear(isNear) {
    this.isNear = isNear;
    if (isNear) {
      this.draw();
      this.layWords();
    } else {
      this.forget();
    }
  }

  forget() {
    this.drawing?.cancel();
    this.picture?.remove();
    this.picture = this.drawing = this.drawn = null;
  }

  async draw() {
    const { scale } = this.pages;
    if (!this.isNear || this.drawn === scale) return;
    this.drawn = scale;
    const page = await this.load();
    if (this.drawn !== scale) return;
    this.drawing?.cancel();
    const picture = document.createElement("canvas");
    picture.setAttribute("aria-hidden", "true");
    this.drawing = paint(page, picture, scale);
    try {
      await this.drawing.promise;
    } catch (reason) {
      if (reason.name !== "RenderingCancelledException") throw reason;
      return;
    }
    this.picture?.remove();
    this.picture = picture;
    this.element.prepend(picture);
  }

  layWords() {
    this.words ??= this.load().then((page) => Promise.all([this.layText(page), this.layAnnotations(page)]));
    return this.words;
  }

  async layText(page) {
    const container = document.createElement("div");
    container.className = "pdf-words";
    this.element.append(container);
    const viewport = page.getViewport({ scale: this.pages.scale });
    await new TextLayer({ textContentSource: page.streamTextContent(), container, viewport }).render();
  }

  async layAnnotations(page) {
    const viewport = page.getViewport({ scale: 1 });
    for (const each of await page.getAnnotations({ intent: "display" })) {
      const element = elementFor(each);
      if (!element) continue;
      const [left, bottom, right, top] = each.rect;
      place(element, viewport.convertToViewportPoint(left, bottom), viewport.convertToViewportPoint(right, top));
      this.element.append(element);
    }
  }
}

function paint(page, canvas, scale) {
  const viewport = page.getViewport({ scale });
  const density = Math.min(devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
  canvas.width = Math.floor(viewport.width * density);
  canvas.height = Math.floor(viewport.height * density);
  const transform = [density, 0, 0, density, 0, 0];
  return page.render({ canvas, viewport, transform, annotationMode: AnnotationMode.ENABLE });
}

/** Links lead out of the page; values of text fields are there to be selected, found and read aloud. */
function elementFor(annotation) {
  if (annotation.subtype === "Link" && SAFE_LINK.test(annotation.url ?? "")) {
    const link = document.createElement("a");
    Object.assign(link, { className: "pdf-link", href: annotation.url, target: "_blank", rel: "noopener noreferrer" });
    link.setAttribute("aria-label", annotation.url);
    return link;
  }
  if (annotation.fieldType === "Tx" && annotation.fieldValue) {
    const value = document.createElement("span");
    value.className = "pdf-value";
    value.textContent = annotation.fieldValue;
    return value;
  }
  return null;
}

function place(element, [x1, y1], [x2, y2]) {
  const box = { left: Math.min(x1, x2), top: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
  for (const [side, points] of Object.entries(box)) {
    element.style[side] = `calc(var(--total-scale-factor) * ${points}px)`;
  }
}
