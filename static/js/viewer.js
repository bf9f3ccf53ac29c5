// The film viewer of the result page. It takes over a plain <img> (which stays the page without JavaScript) and, where
// there is one, the heat map beside it. Everything it shows is drawn from those two; nothing is sent anywhere.

import { listenToPointers } from "./viewer/gestures.js";
import { listenToKeys } from "./viewer/keys.js";
import { Pane } from "./viewer/pane.js";
import { PRESETS, Tones } from "./viewer/tones.js";
import { View } from "./viewer/view.js";

class Viewer {
  constructor(root, film, heat) {
    this.root = root;
    this.heat = heat;
    this.stage = root.querySelector("[data-stage]");
    this.view = new View(film.naturalWidth, film.naturalHeight);
    this.tones = new Tones();
    this.film = film;
    this.mode = "pan";
    this.heatShown = false;
    this.split = false;
    this.panes = [...root.querySelectorAll("canvas")].map((canvas) => new Pane(canvas, film));
    this.opacity = root.querySelector("[data-opacity]");
    this.preset = root.querySelector("[data-preset]");
    this.readout = root.querySelector("[data-readout]");
    this.help = root.querySelector("dialog");
    this.status = root.querySelector("[data-status]");
    this.#wire();
    root.dataset.ready = "";
    new ResizeObserver(() => this.#resize()).observe(this.stage);
    this.#resize();
  }

  #wire() {
    listenToPointers(this.stage, this);
    listenToKeys(this.stage, this, Object.keys(PRESETS), this.root.querySelector("[data-keys]"));
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-do]");
      if (button) this.act(button.dataset.do);
    });
    this.preset.addEventListener("change", () => this.usePreset(this.preset.value));
    this.opacity?.addEventListener("input", () => { this.heatShown = true; this.#changed(); });
    document.addEventListener("fullscreenchange", () => this.#changed());
    this.stage.tabIndex = 0;
    this.stage.setAttribute("role", "application"); // arrows and letters go to the viewer
    this.stage.setAttribute("aria-label", this.stage.dataset.label);
    this.stage.setAttribute("aria-describedby", "viewer-hint");
  }

  /** Do one of the viewer's actions; false if there is no such thing here (a heat map, say). */
  act(name) {
    const actions = {
      "zoom-in": () => this.view.zoomBy(1.25),
      "zoom-out": () => this.view.zoomBy(0.8),
      fit: () => this.view.fit(),
      actual: () => this.view.zoomTo(1 / devicePixelRatio),
      mode: () => { this.mode = this.mode === "pan" ? "window" : "pan"; },
      invert: () => { this.tones.inverted = !this.tones.inverted; },
      rotate: () => this.view.turn(1),
      "rotate-back": () => this.view.turn(-1),
      mirror: () => this.view.mirror(),
      reset: () => { this.view.reset(); this.tones.reset(); },
      fullscreen: () => this.#enlarge(),
      help: () => this.help.showModal(),
    };
    if (this.heat) {
      Object.assign(actions, {
        heat: () => { this.heatShown = this.split || !this.heatShown; if (this.split) this.#splitUp(false); },
        fainter: () => { this.opacity.stepDown(10); this.heatShown = true; },
        stronger: () => { this.opacity.stepUp(10); this.heatShown = true; },
        split: () => this.#splitUp(!this.split),
      });
    }
    if (!actions[name]) return false;
    actions[name]();
    this.#changed(name);
    return true;
  }

  panBy(dx, dy) { this.view.panBy(dx, dy); this.#changed(); }
  zoomBy(factor, x, y) { this.view.zoomBy(factor, x, y); this.#changed(); }
  windowBy(width, level) { this.tones.change(width, level); this.#changed(); }
  usePreset(name) { this.tones.set(PRESETS[name](this.film), name); this.#changed("preset"); }
  get isFitted() { return this.view.isFitted; }
  get isEnlarged() { return this.root.classList.contains("is-enlarged"); }

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

  #splitUp(on) {
    this.split = on;
    this.root.classList.toggle("is-split", on);
    this.#resize();
  }

  #enlarge() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.root.requestFullscreen) this.root.requestFullscreen().catch(() => this.#enlargeByStyle());
    else this.#enlargeByStyle(); // iPhones give full screen to videos only
  }

  #enlargeByStyle() { this.root.classList.toggle("is-enlarged"); }

  #resize() {
    const box = this.panes[0].canvas.getBoundingClientRect();
    if (!box.width || !box.height) return;
    this.view.resize(box.width, box.height);
    for (const pane of this.panes) pane.resize(box.width, box.height, Math.min(2, devicePixelRatio));
    this.#draw(); // at once: a canvas that was resized is blank until it is drawn
    this.#say();
  }

  /** Draw on the next frame, and bring the tools into line. */
  #changed(action = "") {
    this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.#draw(); });
    this.#say();
    if (action) this.#announce();
  }

  #draw() {
    const opacity = this.heat ? this.opacity.value / 100 : 0;
    const [plain, beside] = this.panes;
    plain.draw(this.view, this.tones, this.heatShown && !this.split ? this.heat : null, opacity);
    if (this.split) beside.draw(this.view, this.tones, this.heat, opacity);
  }

  #say() {
    const pressed = {
      mode: this.mode === "window", invert: this.tones.inverted,
      mirror: this.view.mirrored, heat: this.heatShown || this.split, split: this.split,
      fullscreen: Boolean(document.fullscreenElement) || this.isEnlarged,
    };
    for (const button of this.root.querySelectorAll("button[data-do]")) {
      if (button.dataset.do in pressed) button.setAttribute("aria-pressed", String(pressed[button.dataset.do]));
    }
    this.preset.value = this.tones.preset;
    this.root.classList.toggle("is-heated", this.heatShown || this.split);
    this.stage.classList.toggle("is-windowing", this.mode === "window");
    this.stage.classList.toggle("is-zoomed", !this.view.isFitted);
    const zoom = this.readout.querySelector("[data-zoom]");
    zoom.textContent = Math.round(this.view.scale * devicePixelRatio * 100);
    this.readout.querySelector("[data-width]").textContent = Math.round(this.tones.width);
    this.readout.querySelector("[data-level]").textContent = Math.round(this.tones.level);
    this.readout.querySelector("[data-turned]").hidden = this.view.turns === 0;
    this.readout.querySelector("[data-mirrored]").hidden = !this.view.mirrored;
    this.readout.querySelector("[data-inverted]").hidden = !this.tones.inverted;
  }

  /** Tell a screen reader, once things have come to rest. */
  #announce() {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.status.textContent = this.readout.innerText.replaceAll(/\s+/g, " "); }, 400);
  }
}

async function start(root) {
  const film = root.querySelector("img[data-film]");
  const heat = root.querySelector("img[data-heat]");
  try {
    await film.decode();
  } catch {
    return; // no film, no viewer: the browser shows the alternative text
  }
  await heat?.decode().catch(() => heat.remove());
  new Viewer(root, film, heat?.isConnected ? heat : null);
}

for (const root of document.querySelectorAll("[data-viewer]")) start(root);
