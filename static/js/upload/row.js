// One chosen file in the list: its picture, label, state, and what became of it.

import { labelFrom } from "./labels.js";

const OPEN_FOR_A_LABEL = ["new", "broken", "paused"];

export class Row {
  constructor(file, template, text, page) {
    this.file = file;
    this.text = text;
    this.state = "new";
    this.again = false;
    this.forgiven = false; // an expired form has been renewed for it once
    this.node = template.content.firstElementChild.cloneNode(true);
    this.label = this.find("[data-label] input");
    this.name = file.name || text.pasted;
    this.find("[data-name]").textContent = this.name;
    this.node.title = this.name;
    this.label.setAttribute("aria-label", `${this.label.dataset.label}: ${this.name}`);
    this.label.placeholder = this.name;
    this.find("[data-size]").textContent = file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
    this.#preview();
    for (const [what, act] of Object.entries(page)) this.find(`[data-${what}]`).addEventListener("click", () => act(this));
    this.show("new");
  }

  find(selector) { return this.node.querySelector(selector); }

  /** Take the file's name for a label, or take it back; what the person wrote themself stays. */
  labelByName(on) {
    const ours = this.label.value === "" || this.label.dataset.byName === this.label.value;
    if (!ours || !OPEN_FOR_A_LABEL.includes(this.state)) return;
    this.label.value = on ? labelFrom(this.name, this.label.maxLength) : "";
    this.label.dataset.byName = this.label.value;
  }

  show(state, message = "") {
    this.state = state;
    this.node.dataset.state = state;
    const bar = this.find("progress");
    bar.hidden = state !== "sending";
    if (state === "sending") bar.value = 0;
    this.find("[data-message]").textContent = message;
    this.find("[data-retry]").hidden = state !== "broken";
    this.find("[data-remove]").hidden = ["done", "known", "sending"].includes(state);
    this.find("[data-again]").hidden = state !== "known";
    const open = OPEN_FOR_A_LABEL.includes(state);
    this.find("[data-label]").hidden = !open;
    const name = this.find("[data-name]");
    name.hidden = open;
    if (!open) name.textContent = this.label.value || this.name;
  }

  progress(share) { this.find("progress").value = share; }

  /** What the server made of it; a ZIP has many outcomes. Gives the state that follows. */
  take(outcomes, badge, waiting) {
    const several = outcomes.length > 1 || outcomes[0]?.name.includes(" › ");
    this.find("[data-studies]").replaceChildren(...outcomes.map((outcome) => this.#line(outcome, several, badge, waiting)));
    this.node.classList.toggle("has-several", several);
    const good = outcomes.filter((outcome) => outcome.url);
    this.url = outcomes.length === 1 && good.length === 1 ? good[0].url : null; // else there is more to read here
    if (!good.length) return "refused";
    return good.every((outcome) => outcome.known) && good.length === outcomes.length ? "known" : "done";
  }

  #line(outcome, named, badgeTemplate, waiting) {
    const line = document.createElement("p");
    if (named) {
      const name = document.createElement("span");
      name.className = "name";
      name.textContent = outcome.name.split(" › ").at(-1);
      line.append(name, ": ");
    }
    if (!outcome.url) {
      line.append(outcome.error);
      return line;
    }
    const badge = document.createElement("span");
    badge.dataset.badge = outcome.id;
    if (!outcome.known) badge.append(badgeTemplate.content.cloneNode(true));
    const link = document.createElement("a");
    link.href = outcome.url;
    link.textContent = this.text.open;
    line.append(badge, " ", link);
    waiting.add(outcome.id);
    return line;
  }

  #preview() { // what no browser draws (DICOM, ZIP, TIFF…) keeps the sign of a file
    if (!/^image\/(jpeg|png|webp|bmp)$/.test(this.file.type)) return;
    const frame = this.find(".thumb-frame");
    const image = frame.querySelector("img");
    const address = URL.createObjectURL(this.file);
    image.addEventListener("load", () => { frame.classList.add("is-drawn"); URL.revokeObjectURL(address); }, { once: true });
    image.addEventListener("error", () => URL.revokeObjectURL(address), { once: true });
    image.src = address;
  }
}
