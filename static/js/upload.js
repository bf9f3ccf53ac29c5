// Submitting radiographs one by one, with progress, a label and a retry for each. Without this file the form still works.

import { keepSwitch } from "./switch.js";
import { listenToDrops, useful } from "./upload/files.js";
import { takeUp } from "./upload/handover.js";
import { Row } from "./upload/row.js";
import { Sender } from "./upload/sender.js";
import { forgetTokens, randomUUID, tokenOf } from "./upload/tokens.js";
import { Waiting } from "./upload/waiting.js";

const form = document.getElementById("submission");
const input = document.getElementById("id_films");
const folder = Object.assign(document.createElement("input"), { type: "file", multiple: true, webkitdirectory: true });
const byName = form.querySelector("[data-by-name]");
const list = document.getElementById("upload-list");
const bar = form.querySelector("[data-bar]");
const summary = document.getElementById("upload-summary");
const button = bar.querySelector("button[type=submit]");
const text = form.dataset; // sentences in the person's language, from the server
const AT_ONCE = 2; // the server decodes on few cores; more at once would only make each slower
const AGAIN = 1500; // ms until a file that had no turn is sent once more
const UNDER_WAY = ["new", "sending", "paused"];
const sender = new Sender(form);
const template = document.getElementById("upload-item");
const badgeTemplate = document.getElementById("upload-badge");
let rows = [];
let begun = false; // the button was pressed
let lost = false; // no connection: nothing is sent until there is one
let finished = false;

input.required = false; // the list below is what counts from here on
const common = form.querySelector("[data-common-label]"); // each has a label of its own in the list
const early = common.querySelector("input").value;
common.remove();
form.removeAttribute("data-once"); // site.js: this form may be sent several times, file by file

const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const number = (...states) => rows.filter((row) => states.includes(row.state)).length;
const waiting = new Waiting(text.live, {
  arrived(id, nodes) { // the same one may be in the list twice
    for (const badge of list.querySelectorAll(`[data-badge="${id}"]`)) badge.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
    say();
  },
  announced(words) { document.getElementById("announced").textContent = words; },
  signedOut() { say(text.signedOut); },
});

function add(files) {
  const room = Number(text.maxList) - number("new", "sending", "paused", "broken");
  const taken = useful(files).slice(0, Math.max(0, room));
  finished = false;
  for (const file of taken) rows.push(makeRow(file));
  document.body.classList.toggle("has-files", rows.length > 0);
  say(taken.length < files.length && room < files.length ? fill(text.tooMany, { most: text.maxList }) : "");
}

function makeRow(file) {
  const row = new Row(file, template, text, { remove, retry, again });
  Object.assign(row, tokenOf(file));
  if (rows.some((other) => other.token === row.token)) row.token = randomUUID(); // chosen twice: the server will know it
  list.append(row.node);
  row.labelByName(byName.checked);
  if (file.size > Number(text.maxBytes)) row.show("refused", tooLarge());
  return row;
}

const tooLarge = () => fill(text.tooLarge, { most: Math.floor(Number(text.maxBytes) / 1e6) });

function remove(row) {
  row.request?.abort();
  const next = row.node.nextElementSibling ?? row.node.previousElementSibling;
  row.node.remove();
  rows = rows.filter((other) => other !== row);
  document.body.classList.toggle("has-files", rows.length > 0);
  (next?.querySelector("input:not([hidden]), button:not([hidden])") ?? input).focus(); // never leave the keyboard nowhere
  say();
}

function retry(row) { row.forgiven = false; row.show("new"); start(); }
function again(row) { row.again = true; row.old = false; row.token = randomUUID(); row.show("new"); start(); }

/** The bar: how far it is, or how it ended. */
function say(message = "") {
  const rejected = number("refused") + list.querySelectorAll(".upload-item[data-state=done] .state-rejected").length;
  const values = { all: rows.length, done: rows.length - number(...UNDER_WAY, "broken"), known: number("known"), refused: rejected, uploaded: number("done"), broken: number("broken") };
  const parts = [];
  if (!begun || !rows.length) {
    if (rows.length) parts.push(fill(rows.length === 1 ? text.chosenOne : text.chosen, values));
  } else {
    parts.push(fill(finished ? text.uploaded : text.progress, values));
    if (finished || values.known) parts.push(fill(text.duplicates, values));
    if (finished || values.refused) parts.push(fill(text.rejected, values));
    if (values.broken) parts.push(fill(text.notSent, values));
  }
  const words = message || (lost ? `${text.lost} ${parts.join(" · ")}` : parts.join(" · "));
  if (summary.textContent !== words) summary.textContent = words;
  const whole = bar.querySelector("progress");
  whole.hidden = !begun || finished || !rows.length;
  whole.max = Math.max(1, values.all);
  whole.value = values.done;
  bar.querySelector("[data-results]").hidden = values.uploaded + values.known === 0;
  button.hidden = begun && number("new", "broken") === 0 && rows.length > 0;
}

function confirmed() {
  const box = form.querySelector("[name=intended_use]");
  if (!box || box.checkValidity()) return true;
  box.reportValidity();
  return false;
}

async function start() {
  if (!confirmed()) return;
  const first = !begun;
  begun = true;
  finished = false;
  if (first && rows.some((row) => row.old)) await askForArrived(rows.filter((row) => row.old && row.state === "new"));
  next();
}

function next() {
  if (!lost) {
    for (const row of rows) {
      if (number("sending") >= AT_ONCE) break;
      if (row.state === "new") send(row);
    }
  }
  button.toggleAttribute("aria-busy", number("sending") > 0);
  if (rows.length && number(...UNDER_WAY) === 0) finish();
  say();
}

function finish() {
  finished = true;
  if (!number("broken")) forgetTokens();
  const [only] = rows;
  if (rows.length === 1 && only.state === "done" && only.url) location.assign(only.url);
}

function send(row) {
  row.show("sending");
  sender.send(row, (came) => {
    if (!rows.includes(row)) { next(); return; }
    if (came.outcomes) row.show(row.take(came.outcomes, badgeTemplate, waiting), "");
    else if (came.lost) pause(row);
    else if (came.busy) { row.show("paused"); setTimeout(() => { if (row.state === "paused") { row.show("new"); next(); } }, AGAIN); }
    else if (came.expired && !row.forgiven) { row.forgiven = true; row.show("new"); }
    else if (came.expired) row.show("broken", text.expired);
    else if (came.refused) row.show("refused", tooLarge());
    else if (came.broken) row.show("broken", came.message);
    if (row.state === "known") row.find("[data-message]").textContent = text.known;
    next();
  });
}

// ---------- a lost connection ----------
function pause(row) {
  row.show("paused");
  lost = true;
  sender.soon(resume);
}

async function resume() {
  const paused = rows.filter((row) => row.state === "paused");
  if (!await askForArrived(paused)) { sender.soon(resume); return; }
  lost = false;
  for (const row of paused) if (row.state === "paused") row.show("new");
  next();
}

/** Files that had arrived before their answer was lost are not sent once more; false while nobody answers. */
async function askForArrived(asked) {
  const found = await sender.arrived(asked.map((row) => row.token));
  if (!found) return false;
  for (const row of asked) {
    const study = found[row.token];
    const isArchive = /\.zip$/i.test(row.name); // only the answer tells what else was in it
    if (study && !isArchive) row.show(row.take([{ ...study, name: row.name, known: false }], badgeTemplate, waiting));
  }
  return true;
}

// ---------- how files come in ----------
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (rows.length) { start(); return; }
  say(text.none);
  input.focus();
});
input.addEventListener("change", () => { add(input.files); input.value = ""; });
folder.addEventListener("change", () => { add(folder.files); folder.value = ""; });
form.querySelector("[data-choose-folder]").addEventListener("click", () => folder.click());
document.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) add(event.clipboardData.files); });
keepSwitch(byName, "pneumoweb-labels-by-name");
byName.addEventListener("change", () => { for (const row of rows) row.labelByName(byName.checked); });

// Anywhere on the page: a file dropped beside the box must not replace the page.
const zone = form.querySelector("[data-dropzone]");
listenToDrops((over) => zone.classList.toggle("is-over", over), add);
window.addEventListener("beforeunload", (event) => { if (begun && number("sending", "paused", "new")) event.preventDefault(); });
if (input.files.length) { // chosen before this file had come, or kept by the browser when it loaded the page again
  add(input.files);
  input.value = "";
  if (early) for (const row of rows) row.label.value = early;
}
takeUp().then((files) => { if (files.length) add(files); });
