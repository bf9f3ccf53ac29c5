// Conveniences of the history; every one of them is possible without this file too.
"use strict";

const bar = document.querySelector("[data-selection-bar]");
const all = document.querySelector("[data-choose-all]");
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
  if (all) {
    all.checked = rows.length > 0 && chosen === rows.length;
    all.indeterminate = chosen > 0 && chosen < rows.length;
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
  if (event.target === all) for (const box of boxes()) box.checked = all.checked;
  if (event.target === all || event.target.name === "study") count();
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
