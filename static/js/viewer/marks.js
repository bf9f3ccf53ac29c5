// Boxes, arrows and the ruler over the radiograph, drawn as SVG. Boxes and arrows are kept with the review: their places, in
// pixels of the radiograph as shown, lie in a hidden field of its form. The ruler belongs to the view alone.

const MOST = 20;
const LEAST = 4; // px of the screen: less is a click
const SVG = "http://www.w3.org/2000/svg";

export class Marks {
  constructor(root, view) {
    this.view = view;
    this.layer = root.querySelector("[data-marks]");
    this.drawn = this.layer?.querySelector("g");
    this.field = document.querySelector("[data-marks-field]");
    this.spacing = Number(root.dataset.spacing) || 0; // mm from pixel to pixel
    this.kept = this.keeps ? JSON.parse(this.field.value || "[]") : [];
    this.ruler = null;
    this.held = null; // what is being drawn, or was drawn last
  }

  /** Whether boxes and arrows have a place to be kept in. */
  get keeps() { return Boolean(this.field && this.layer && "keeps" in this.layer.dataset); }

  /** What was measured or marked, for the readout. */
  get words() { return this.held?.kind === "ruler" ? this.#length(this.held) : ""; }

  drag(step, kind, x, y) {
    if (!this.layer) return;
    const [px, py] = this.#toFilm(x, y);
    if (step === "begin") this.#add({ kind, x1: px, y1: py, x2: px, y2: py });
    else if (this.held && step !== "drop") Object.assign(this.held, { x2: px, y2: py });
    if (step === "drop" || (step === "end" && this.#isTooSmall(this.held))) this.#remove(this.held);
    if (step === "end" || step === "drop") this.#save();
  }

  /** Put one into the middle of what is in view, for those who draw by keyboard. */
  place(kind) {
    const reach = Math.min(this.view.stage.width, this.view.stage.height) / 8;
    const [x1, y1] = this.#toFilm(-reach, -reach);
    const [x2, y2] = this.#toFilm(reach, reach);
    this.#add({ kind, x1, y1, x2, y2 });
    this.#save();
  }

  nudge(dx, dy, resize) {
    if (!this.held) return false;
    const [ax, ay] = this.#toFilm(0, 0);
    const [bx, by] = this.#toFilm(dx, dy);
    for (const end of resize ? ["2"] : ["1", "2"]) {
      [this.held[`x${end}`], this.held[`y${end}`]] = this.#inside(this.held[`x${end}`] + bx - ax, this.held[`y${end}`] + by - ay);
    }
    this.#save();
    return true;
  }

  undo() {
    this.#remove(this.kept.at(-1));
    this.#save();
  }

  clearRuler() { this.ruler = null; if (this.held?.kind === "ruler") this.held = null; }

  draw() {
    if (!this.layer) return;
    const { width, height } = this.view.stage;
    this.layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.layer.setAttribute("width", width);
    this.layer.setAttribute("height", height);
    this.drawn.replaceChildren(...[...this.kept, ...(this.ruler ? [this.ruler] : [])].flatMap((mark) => this.#shapes(mark)));
  }

  #add(mark) {
    this.held = mark;
    if (mark.kind === "ruler") this.ruler = mark;
    else if (this.kept.length < MOST) this.kept.push(mark);
    else this.held = null;
  }

  #remove(mark) {
    if (mark === this.ruler) this.ruler = null;
    this.kept = this.kept.filter((one) => one !== mark);
    this.held = null;
  }

  #save() {
    if (!this.keeps) return;
    const whole = this.kept.map(({ kind, ...ends }) => ({ kind, ...Object.fromEntries(Object.entries(ends).map(([k, v]) => [k, Math.round(v)])) }));
    this.field.value = JSON.stringify(whole);
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #toFilm(x, y) {
    const point = this.view.matrix.inverse().transformPoint(new DOMPoint(x + this.view.stage.width / 2, y + this.view.stage.height / 2));
    return this.#inside(point.x, point.y);
  }

  #inside(x, y) {
    const { width, height } = this.view.film;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  #isTooSmall(mark) {
    return !mark || Math.hypot(mark.x2 - mark.x1, mark.y2 - mark.y1) * this.view.scale < LEAST;
  }

  #length({ x1, y1, x2, y2 }) {
    const pixels = Math.hypot(x2 - x1, y2 - y1);
    const language = document.documentElement.lang;
    return this.spacing
      ? `${(pixels * this.spacing).toLocaleString(language, { maximumFractionDigits: 1 })} mm`
      : `${Math.round(pixels).toLocaleString(language)} ${this.layer.dataset.pixels}`;
  }

  #shapes(mark) {
    const at = (x, y) => this.view.matrix.transformPoint(new DOMPoint(x, y));
    const [a, b] = [at(mark.x1, mark.y1), at(mark.x2, mark.y2)];
    const make = (name, attributes, text = "") => {
      const element = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
      element.textContent = text;
      return element;
    };
    if (mark.kind === "box") {
      return [make("rect", { class: "mark", x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) })];
    }
    const line = make("line", { class: `mark mark-${mark.kind}`, x1: a.x, y1: a.y, x2: b.x, y2: b.y });
    if (mark.kind === "arrow") { line.setAttribute("marker-end", "url(#mark-head)"); return [line]; }
    return [line, make("text", { class: "mark-length", x: (a.x + b.x) / 2 + 8, y: (a.y + b.y) / 2 - 8 }, this.#length(mark))];
  }
}
