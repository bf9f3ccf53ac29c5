// The viewer's keys. Single letters work anywhere on the page unless something is being typed, and can be switched off
// in the help sheet (WCAG 2.1.4); the arrows belong to the stage, elsewhere they scroll.

import { keepSwitch } from "../switch.js";

const STEP = 48; // px
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEPS = { n: "next", p: "prev" }; // links to the person's neighbouring studies
const UNREAD = { j: "unread/next/", k: "unread/previous/" }; // below the study's own address
const OF_A_STUDY = /^\/studies\/[0-9a-f-]{36}\/$/;
const ACTIONS = {
  "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", "0": "fit", a: "actual",
  w: "mode", i: "invert", r: "rotate", R: "rotate-back", m: "mirror", x: "reset",
  h: "heat", "[": "fainter", "]": "stronger", s: "split", l: "lungs", f: "fullscreen", "?": "help",
  d: "ruler", b: "box", e: "arrow", z: "undo",
};

/** The person's own reading comes up, unfolded, with the focus on its first question; false where there is none. */
function toReview() {
  const first = document.querySelector("#review .review-form input[type=radio]");
  if (!first) return false;
  document.getElementById("tab-review")?.click();
  const fold = first.closest("details");
  if (fold) fold.open = true;
  (first.form.querySelector(`input[name="${first.name}"]:checked`) ?? first).focus();
  return true;
}

/** Keys go to whichever viewer `current` says; arrows only while one of the `stages` has the focus. */
export function listenToKeys(current, stages, presets, choice) {
  keepSwitch(choice, "pneumoweb-viewer-keys"); // of the history too
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const viewer = current();
    const onStage = stages.includes(event.target);
    const arrow = ARROWS[event.key];
    if (arrow) {
      if (!onStage) return;
      if (viewer.nudge(-8 * arrow[0], -8 * arrow[1], event.shiftKey)) { /* what was drawn last moves, not the film */ }
      else if (event.shiftKey) viewer.windowBy(-8 * arrow[0], 8 * arrow[1]);
      else viewer.panBy(STEP * arrow[0], STEP * arrow[1]);
    } else if (event.key === "Enter" && onStage) {
      if (!viewer.act("place")) return;
    } else if (event.key === "Escape" && viewer.isEnlarged) {
      viewer.act("fullscreen");
    } else if (!choice.checked && !onStage) {
      return;
    } else if (/^[1-9]$/.test(event.key) && presets[event.key - 1]) {
      viewer.usePreset(presets[event.key - 1]);
    } else if (UNREAD[event.key.toLowerCase()] && OF_A_STUDY.test(location.pathname)) {
      location.assign(new URL(UNREAD[event.key.toLowerCase()], location.href));
    } else if (event.key.toLowerCase() === "v" && toReview()) {
      /* the focus is on its first question */
    } else if (event.key.toLowerCase() === "u") {
      document.querySelector("a[data-unread]")?.click();
    } else if (STEPS[event.key.toLowerCase()]) {
      document.querySelector(`.actions a[rel=${STEPS[event.key.toLowerCase()]}]`)?.click();
    } else {
      const action = ACTIONS[event.key] ?? ACTIONS[event.key.toLowerCase()];
      if (!action || !viewer.act(action)) return;
    }
    event.preventDefault();
  });
}
