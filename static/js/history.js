// Conveniences of the history; every one of them is possible without this file too.

import { keepSwitch } from "./switch.js";

const bar = document.querySelector("[data-selection-bar]");
const chooseAll = document.querySelector("[data-choose-all]");
const boxes = () => [...document.querySelectorAll('input[name="study"][form="selection"]')];

// How many are chosen decides what can be done with them.
const count = () => {
  if (!bar) return;
  const rows = boxes();
  const chosen = rows.filter((box) => box.checked).length;
  bar.querySelector("[data-chosen-count]").value = chosen;
  bar.toggleAttribute("data-empty", chosen === 0);
  for (const button of bar.querySelectorAll("[data-needs]")) {
    const needs = Number(button.dataset.needs);
    button.disabled = needs === 2 ? chosen !== 2 : chosen < needs;
  }
  if (chooseAll) {
    chooseAll.checked = rows.length > 0 && chosen === rows.length;
    chooseAll.indeterminate = chosen > 0 && chosen < rows.length;
  }
};

// Shift chooses everything between this box and the one before it.
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.('input[name="study"]');
  if (!box) return;
  const rows = boxes();
  if (event.shiftKey && last && rows.includes(last)) {
    const [from, to] = [rows.indexOf(last), rows.indexOf(box)].sort((a, b) => a - b);
    for (const between of rows.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
  count();
});
document.addEventListener("change", (event) => {
  if (event.target === chooseAll) for (const box of boxes()) box.checked = chooseAll.checked;
  if (event.target === chooseAll || event.target.name === "study") count();
});
window.addEventListener("pageshow", count); // coming back, the browser restores the boxes
count();

// A row that is swapped in by the poll keeps its tick.
const ticked = new Set();
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const box = event.detail.target.querySelector?.('input[name="study"]');
  if (box?.checked) ticked.add(box.value);
});
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const box of boxes()) if (ticked.delete(box.value)) box.checked = true;
  count();
});

// The session has ended: say so instead of standing still.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 403 && event.detail.elt.id === "live") {
    document.getElementById("signed-out").hidden = false;
  }
});

// The address names only the filters in use. A choice is applied at once; text and dates wait for Enter.
const filters = document.querySelector("form[data-tidy]");
filters?.addEventListener("submit", () => {
  for (const field of filters.elements) if (field.name && !field.value) field.disabled = true;
});
window.addEventListener("pageshow", () => {
  for (const field of filters?.elements ?? []) field.disabled = false;
});

// The tag beside a row: choose that row alone, and enter the tag in the bar. Without this file it leads to a page.
const tagMenu = document.querySelector("[data-tag-menu]");
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-tags]");
  if (!link || !tagMenu || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation(); // the click that opens the menu must not be one that closes it
  for (const box of boxes()) box.checked = box.value === link.dataset.tags;
  count();
  tagMenu.open = true;
  tagMenu.querySelector("input").focus();
}, true);
// Enter in the tag's field adds it, and does not press the first button of the form.
tagMenu?.querySelector("input").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  tagMenu.querySelector("button[value=tag]").click();
});

// Keys; the same switch as the viewer's (WCAG 2.1.4), in the sheet that "?" opens.
const sheet = document.querySelector("[data-keys-sheet]");
const choice = sheet?.querySelector("[data-keys]");
if (choice) keepSwitch(choice, "pneumoweb-viewer-keys");
document.querySelector("[data-keys-open]")?.addEventListener("click", () => sheet.showModal());

// The row that has the focus; `step` goes from there, or from the start (the end, backwards).
const rowOf = (node) => node?.closest?.("tr[id^=study-]");
const step = (wanted, by) => {
  const listed = [...document.querySelectorAll("tr[id^=study-]")];
  const here = listed.indexOf(rowOf(document.activeElement));
  const ahead = by > 0 ? listed.slice(here + 1) : listed.slice(0, here < 0 ? undefined : here).reverse();
  ahead.find((row) => row.matches(wanted))?.querySelector(".cell-name a").focus();
};
const ON_A_KEY = {
  j: () => step(".is-unread", 1), k: () => step(".is-unread", -1), n: () => step("*", 1), p: () => step("*", -1),
  x: () => rowOf(document.activeElement)?.querySelector("input[name=study]").click(),
  "/": () => document.getElementById("id_q").focus(), "?": () => sheet.showModal(),
};
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!choice?.checked || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
  const act = ON_A_KEY[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});
