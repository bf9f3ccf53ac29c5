// The viewer of radiographs. It takes over a plain <img> (which stays the page without JavaScript) and, where there are such,
// the overlays and marks beside it. Everything it shows is drawn from those; nothing is sent anywhere. Several viewers in
// one [data-linked] share its tools, and what is done to one is done to all.

import { listenToPointers } from "./viewer/gestures.js";
import { listenToKeys } from "./viewer/keys.js";
import { Marks } from "./viewer/marks.js";
import { Pane } from "./viewer/pane.js";
import { PRESETS, Tones } from "./viewer/tones.js";
import { View } from "./viewer/view.js";

export class Viewer {
  /**
   * @param root The section with the stage in it.
   * @param tools What holds buttons, preset and opacity: the root itself, or what several viewers share.
   * @param film The decoded picture; `overlays` are those laid over it, by name ("heat", "lungs").
   */
  constructor(root, tools, film, overlays) {
    this.root = root;
    this.tools = tools;
    this.overlays = overlays;
    this.stage = root.querySelector("[data-stage]");
    this.view = new View(film.naturalWidth, film.naturalHeight);
    this.tones = new Tones();
    this.film = film;
    this.mode = "pan";
    this.shown = { heat: false, lungs: false };
    this.split = false;
    this.peers = [this];
    this.panes = [...this.stage.querySelectorAll("canvas")].map((canvas) => new Pane(canvas, film));
    this.marks = new Marks(root, this.view);
    this.opacity = tools.querySelector("[data-opacity]");
    this.preset = tools.querySelector("[data-preset]");
    this.readout = root.querySelector("[data-readout]");
    this.status = root.querySelector("[data-status]");
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application"); // arrows and letters go to the viewer
    this.stage.setAttribute("aria-label", this.stage.dataset.label);
    this.stage.setAttribute("aria-describedby", "viewer-hint");
    listenToPointers(this.stage, this);
    document.addEventListener("fullscreenchange", () => this.#changed());
    root.dataset.ready = "";
    new ResizeObserver(() => this.#resize()).observe(this.stage);
    this.#resize();
  }

  /** Do one of the viewer's actions; false if there is no such thing here (a heat map, say). */
  act(name) {
    const actions = {
      "zoom-in": () => this.view.zoomBy(1.25),
      "zoom-out": () => this.view.zoomBy(0.8),
      fit: () => this.view.fit(),
      actual: () => this.view.zoomTo(1 / devicePixelRatio),
      mode: () => this.#setMode("window"),
      ruler: () => this.#setMode("ruler"),
      invert: () => { this.tones.inverted = !this.tones.inverted; },
      rotate: () => this.view.turn(1),
      "rotate-back": () => this.view.turn(-1),
      mirror: () => this.view.mirror(),
      reset: () => { this.view.reset(); this.tones.reset(); this.marks.clearRuler(); this.mode = "pan"; },
      fullscreen: () => this.#enlarge(),
      help: () => document.querySelector("dialog.viewer-help").showModal(),
    };
    if (this.#has("heat")) {
      Object.assign(actions, {
        heat: () => { this.shown.heat = this.split || !this.shown.heat; if (this.split) this.#splitUp(false); },
        fainter: () => { this.opacity.stepDown(10); this.shown.heat = true; },
        stronger: () => { this.opacity.stepUp(10); this.shown.heat = true; },
      });
      if (this.panes[1]) actions.split = () => this.#splitUp(!this.split);
    }
    if (this.#has("lungs")) actions.lungs = () => { this.shown.lungs = !this.shown.lungs; };
    if (this.marks.keeps) {
      Object.assign(actions, { box: () => this.#setMode("box"), arrow: () => this.#setMode("arrow"), undo: () => this.marks.undo() });
    }
    if (this.isDrawing) actions.place = () => this.marks.place(this.mode);
    if (!actions[name]) return false;
    actions[name]();
    this.#changed(name);
    return true;
  }

  panBy(dx, dy) { this.view.panBy(dx, dy); this.#changed(); }
  zoomBy(factor, x, y) { this.view.zoomBy(factor, x, y); this.#changed(); }
  windowBy(width, level) { this.tones.change(width, level); this.#changed(); }
  usePreset(name) { this.tones.set(PRESETS[name](this.film), name); this.#changed("preset"); }
  showHeat() { this.shown.heat = this.#has("heat"); this.#changed(); }
  get isFitted() { return this.view.isFitted; }
  get isEnlarged() { return this.tools.classList.contains("is-enlarged"); }
  get isDrawing() { return ["box", "arrow", "ruler"].includes(this.mode); }

  /** A drag of the pointer while drawing: "begin", "move", "end" or "drop", with the place as offset from the stage's middle. */
  draw(step, x, y) {
    this.marks.drag(step, this.mode, x, y);
    this.#changed(step === "end" ? "drawn" : "");
  }

  /** Move what was drawn last, or with `resize` its far end, by pixels of the screen; false if there is nothing. */
  nudge(dx, dy, resize) {
    if (!this.isDrawing || !this.marks.nudge(dx, dy, resize)) return false;
    this.#changed();
    return true;
  }

  /** To the film's own pixels at this place, or back to the whole film. */
  toggleZoom(x, y) {
    if (this.view.isFitted) this.view.zoomTo(Math.max(1 / devicePixelRatio, 2.5 * this.view.fitScale), x, y);
    else this.view.fit();
    this.#changed();
  }

  /** A point of the window as offset from the middle of the pane it is over. */
  toStage(clientX, clientY) {
    const boxes = this.panes.map((pane) => pane.canvas.getBoundingClientRect()).filter((box) => box.width > 0);
    const box = boxes.find((b) => clientX >= b.left && clientX < b.right && clientY >= b.top && clientY < b.bottom) ?? boxes[0];
    return [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
  }

  /** Show what another viewer shows: same part of the picture, same window, same overlays and tool. */
  follow(other) {
    this.view.follow(other.view);
    this.tones.follow(other.tones, this.film);
    this.shown = { ...other.shown };
    this.mode = other.mode;
    this.#redraw();
  }

  #has(layer) { return this.peers.some((viewer) => viewer.overlays[layer]); }
  #setMode(mode) { this.mode = this.mode === mode ? "pan" : mode; }

  #splitUp(on) {
    this.split = on;
    this.root.classList.toggle("is-split", on);
    this.#resize();
  }

  #enlarge() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.tools.requestFullscreen) this.tools.requestFullscreen().catch(() => this.#enlargeByStyle());
    else this.#enlargeByStyle(); // iPhones give full screen to videos only
  }

  #enlargeByStyle() { this.tools.classList.toggle("is-enlarged"); }

  #resize() {
    const box = this.panes[0].canvas.getBoundingClientRect();
    if (!box.width || !box.height) return;
    this.view.resize(box.width, box.height);
    for (const pane of this.panes) pane.resize(box.width, box.height, Math.min(2, devicePixelRatio));
    this.#draw(); // at once: a canvas that was resized is blank until it is drawn
    this.#say();
  }

  /** Draw on the next frame, bring the tools into line, and take the linked viewers along. */
  #changed(action = "") {
    for (const viewer of this.peers) if (viewer !== this) viewer.follow(this);
    this.#redraw();
    if (action) this.#announce();
  }

  #redraw() {
    this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.#draw(); });
    this.#say();
  }

  #draw() {
    const opacity = (this.opacity?.value ?? 60) / 100;
    const lungs = this.shown.lungs && this.#ready(this.overlays.lungs) ? [[this.overlays.lungs, 1]] : [];
    const heat = this.overlays.heat ? [[this.overlays.heat, opacity]] : [];
    const [plain, beside] = this.panes;
    plain.draw(this.view, this.tones, [...(this.shown.heat && !this.split ? heat : []), ...lungs]);
    if (this.split) beside.draw(this.view, this.tones, [...heat, ...lungs]);
    this.marks.draw();
  }

  /** Whether a picture that is fetched when it is first wanted is there; once it is, all is drawn again. */
  #ready(image) {
    if (!image || (image.complete && image.naturalWidth)) return Boolean(image);
    if (image.loading === "lazy") { image.loading = "eager"; image.decode().then(() => this.#redraw(), () => {}); }
    return false;
  }

  #say() {
    const pressed = {
      mode: this.mode === "window", ruler: this.mode === "ruler", box: this.mode === "box", arrow: this.mode === "arrow",
      invert: this.tones.inverted, mirror: this.view.mirrored, heat: this.shown.heat || this.split, split: this.split,
      lungs: this.shown.lungs, fullscreen: Boolean(document.fullscreenElement) || this.isEnlarged,
    };
    for (const button of this.tools.querySelectorAll("button[data-do]")) {
      if (button.dataset.do in pressed) button.setAttribute("aria-pressed", String(pressed[button.dataset.do]));
      if (button.dataset.do === "undo") button.disabled = !this.marks.kept.length;
    }
    this.preset.value = this.tones.preset;
    this.tools.classList.toggle("is-heated", this.shown.heat || this.split);
    this.tools.classList.toggle("is-marking", this.mode === "box" || this.mode === "arrow");
    this.stage.classList.toggle("is-windowing", this.mode === "window");
    this.stage.classList.toggle("is-drawing", this.isDrawing);
    this.stage.classList.toggle("is-zoomed", !this.view.isFitted);
    const zoom = this.readout.querySelector("[data-zoom]");
    zoom.textContent = Math.round(this.view.scale * devicePixelRatio * 100);
    this.readout.querySelector("[data-width]").textContent = Math.round(this.tones.width);
    this.readout.querySelector("[data-level]").textContent = Math.round(this.tones.level);
    this.readout.querySelector("[data-window]").hidden = this.tones.width === 256 && this.tones.level === 128;
    this.readout.querySelector("[data-turned]").hidden = this.view.turns === 0;
    this.readout.querySelector("[data-mirrored]").hidden = !this.view.mirrored;
    this.readout.querySelector("[data-inverted]").hidden = !this.tones.inverted;
  }

  /** Tell a screen reader, once things have come to rest. */
  #announce() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      this.status.textContent = `${this.readout.innerText} ${this.marks.words}`.replaceAll(/\s+/g, " ");
    }, 400);
  }
}

async function open(root, tools) {
  const film = root.querySelector("img[data-film]");
  try {
    await film.decode();
  } catch {
    return null; // no film, no viewer: the browser shows the alternative text
  }
  const overlays = {};
  const [heat, lungs] = ["heat", "lungs"].map((name) => root.querySelector(`img[data-${name}]`));
  await heat?.decode().then(() => { overlays.heat = heat; }, () => heat.remove());
  if (lungs) overlays.lungs = lungs;
  return new Viewer(root, tools, film, overlays);
}

/** Start all viewers that share these tools. */
async function start(tools) {
  const roots = tools.matches("[data-viewer]") ? [tools] : [...tools.querySelectorAll("[data-viewer]")];
  const viewers = (await Promise.all(roots.map((root) => open(root, tools)))).filter(Boolean);
  if (!viewers.length) return;
  let active = viewers[0];
  const link = tools.querySelector("[data-link]");
  const join = () => {
    for (const viewer of viewers) viewer.peers = !link || link.getAttribute("aria-pressed") === "true" ? viewers : [viewer];
  };
  join();
  link?.addEventListener("click", () => {
    link.setAttribute("aria-pressed", String(link.getAttribute("aria-pressed") !== "true"));
    join();
    active.panBy(0, 0);
  });
  for (const viewer of viewers) {
    for (const kind of ["pointerdown", "focus"]) viewer.stage.addEventListener(kind, () => { active = viewer; }, true);
  }
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (button) active.act(button.dataset.do);
  });
  active.preset.addEventListener("change", () => active.usePreset(active.preset.value));
  active.opacity?.addEventListener("input", () => active.showHeat());
  listenToKeys(() => active, viewers.map((viewer) => viewer.stage), Object.keys(PRESETS), document.querySelector("[data-keys]"));
}

for (const tools of document.querySelectorAll("[data-linked], [data-viewer]:not([data-linked] *)")) start(tools);
