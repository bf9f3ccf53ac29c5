// Submitting films one by one, with progress, a preview and a retry for each. Without this file the form still works.

import { Waiting } from "./upload/waiting.js";

const form = document.getElementById("submission");
const input = form.querySelector("input[type=file]");
const zone = form.querySelector("[data-dropzone]");
const list = document.getElementById("upload-list");
const template = document.getElementById("upload-item");
const badgeTemplate = document.getElementById("upload-badge");
const summary = document.getElementById("upload-summary");
const button = form.querySelector("button[type=submit]");
const text = form.dataset; // sentences in the person's language, from the server
const AT_ONCE = 2; // the server decodes on few cores; more at once would only make each slower
const mostFiles = Number(form.dataset.maxFiles);
const mostBytes = Number(form.dataset.maxBytes);
let entries = [];
let running = 0;

input.required = false; // the list below is what counts from here on
form.querySelector("[data-common-label]").remove(); // each film has a label of its own in the list
form.removeAttribute("data-once"); // site.js: this form may be sent several times, file by file

const say = (message) => { summary.textContent = message; };
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, key) => values[key]);
const waiting = new Waiting(text.live, {
  arrived(id, nodes) { // the same film may be in the list twice
    for (const badge of list.querySelectorAll(`[data-badge="${id}"]`)) badge.replaceChildren(...nodes.map((node) => node.cloneNode(true)));
  },
  announced(text) { document.getElementById("announced").textContent = text; },
  signedOut() { say(text.signedOut); },
});

function add(files) {
  const room = mostFiles - entries.filter((entry) => entry.state !== "done").length;
  const taken = [...files].slice(0, Math.max(0, room));
  for (const file of taken) entries.push(makeEntry(file));
  if (taken.length < files.length) say(fill(text.tooMany, { most: mostFiles }));
  else sayChosen();
}

function sayChosen() {
  const count = entries.filter((entry) => entry.state === "new").length;
  say(count ? fill(text.chosen, { count }) : "");
}

function makeEntry(file) {
  const node = template.content.firstElementChild.cloneNode(true);
  const entry = { file, node, state: "new", token: randomUUID(), again: false, forgiven: false };
  node.querySelector("[data-name]").textContent = file.name || text.pasted;
  node.querySelector("[data-size]").textContent = file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
  preview(file, node.querySelector(".thumb-frame"));
  node.querySelector("[data-remove]").addEventListener("click", () => remove(entry));
  node.querySelector("[data-retry]").addEventListener("click", () => { entry.forgiven = false; show(entry, "new"); start(); });
  node.querySelector("[data-again]").addEventListener("click", () => { entry.again = true; entry.token = randomUUID(); show(entry, "new"); start(); });
  list.append(node);
  show(entry, "new");
  if (file.size > mostBytes) show(entry, "refused", fill(text.tooLarge, { most: Math.floor(mostBytes / 1e6) }));
  return entry;
}

function preview(file, frame) { // what no browser draws (DICOM, ZIP, TIFF…) keeps the sign of a file
  if (!/^image\/(jpeg|png|webp|bmp)$/.test(file.type)) return;
  const image = frame.querySelector("img");
  const address = URL.createObjectURL(file);
  image.addEventListener("load", () => { frame.classList.add("is-drawn"); URL.revokeObjectURL(address); }, { once: true });
  image.addEventListener("error", () => URL.revokeObjectURL(address), { once: true });
  image.src = address;
}

function randomUUID() { // no crypto.randomUUID: it exists on secure origins only; a clinic's LAN may be plain http
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function remove(entry) {
  entry.request?.abort();
  const next = entry.node.nextElementSibling ?? entry.node.previousElementSibling;
  entry.node.remove();
  entries = entries.filter((other) => other !== entry);
  (next?.querySelector("button:not([hidden])") ?? input).focus(); // never leave the keyboard nowhere
  if (!running) sayChosen();
}

function show(entry, state, message = "") {
  entry.state = state;
  entry.node.dataset.state = state;
  const bar = entry.node.querySelector("progress");
  bar.hidden = state !== "sending";
  if (state === "sending") bar.value = 0;
  entry.node.querySelector("[data-message]").textContent = message;
  entry.node.querySelector("[data-retry]").hidden = state !== "broken";
  entry.node.querySelector("[data-remove]").hidden = state === "done" || state === "known";
  entry.node.querySelector("[data-again]").hidden = state !== "known";
  entry.node.querySelector("[data-label]").hidden = !["new", "broken"].includes(state);
}

function confirmed() {
  const box = form.querySelector("[name=intended_use]");
  if (box.checkValidity()) return true;
  box.reportValidity();
  return false;
}

function start() {
  if (!confirmed()) return;
  for (const entry of entries) {
    if (running >= AT_ONCE) break;
    if (entry.state === "new") send(entry);
  }
  button.toggleAttribute("aria-busy", running > 0);
  if (running === 0 && entries.length) finish();
}

function finish() {
  const count = (state) => entries.filter((entry) => entry.state === state).length;
  say(fill(text.finished, { taken: count("done"), known: count("known"), refused: count("refused") + count("broken") }));
  const done = entries.filter((entry) => entry.state === "done" || entry.state === "known");
  if (entries.length === 1 && done.length === 1 && done[0].url && done[0].state === "done") location.assign(done[0].url);
}

function send(entry) {
  running += 1;
  show(entry, "sending");
  const data = new FormData(form);
  data.delete("films");
  data.delete("csrfmiddlewaretoken"); // of the sign-in that this page was made under; the header has today's
  data.set("films", entry.file, entry.file.name || "pasted");
  data.set("token", entry.token);
  data.set("label", entry.node.querySelector("[data-label] input").value);
  if (entry.again) data.set("again", "on");
  const request = new XMLHttpRequest(); // fetch cannot report how much was sent
  entry.request = request;
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) entry.node.querySelector("progress").value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    if (request.status === 403 || request.responseURL.includes("/accounts/login")) { explain(entry, request.status === 403); return; }
    try { answered(entry, request); } finally { ended(); }
  });
  request.addEventListener("error", () => explain(entry));
  request.addEventListener("abort", ended);
  request.send(data);
}

function ended() {
  running -= 1;
  start();
}

// Who signed in again in another tab has another token than this page was made with: the cookie knows it. Where the
// cookie cannot be read (CSRF_COOKIE_HTTPONLY, CSRF_USE_SESSIONS), `explain` has put the new one into the form.
function csrfToken() {
  const cookie = document.cookie.split("; ").find((pair) => /^(__Host-)?csrftoken=/.test(pair));
  return cookie ? cookie.split("=")[1] : form.elements.csrfmiddlewaretoken.value;
}

// The server did not take the film, or nothing came back: is nobody signed in, has the form expired, or is it the
// network? The form as it would be now tells; one that has expired is renewed by it, and the film sent once more.
async function explain(entry, refused = false) {
  let message = text.broken;
  try {
    const page = await fetch(form.action, { headers: { Accept: "text/html" }, cache: "no-store" });
    const now = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("#submission [name=csrfmiddlewaretoken]");
    if (page.redirected) {
      message = text.signedOut;
    } else if (refused && now) {
      form.elements.csrfmiddlewaretoken.value = now.value;
      message = entry.forgiven ? text.expired : "";
      entry.forgiven = true;
    }
  } catch { /* no connection: what `broken` says */ }
  if (entry.node.isConnected) show(entry, message ? "broken" : "new", message);
  ended();
}

function answered(entry, request) {
  let answer = {};
  try { answer = JSON.parse(request.responseText); } catch { /* a page instead of data: handled by the status below */ }
  if (request.status === 422) return show(entry, "broken", answer.errors?.join(" ") ?? text.broken);
  if (request.status === 413) return show(entry, "refused", fill(text.tooLarge, { most: Math.floor(mostBytes / 1e6) }));
  if (request.status !== 200 || !answer.outcomes) return show(entry, "broken", text.broken);
  const outcomes = answer.outcomes;
  const studies = entry.node.querySelector("[data-studies]");
  const several = outcomes.length > 1 || outcomes[0]?.name.includes(" › "); // of a ZIP: say which is which
  studies.replaceChildren(...outcomes.map((outcome) => outcomeLine(outcome, several)));
  const good = outcomes.filter((outcome) => outcome.url);
  entry.url = outcomes.length === 1 && good.length === 1 ? good[0].url : null; // else there is more to read here
  if (!good.length) return show(entry, "refused");
  if (outcomes.every((outcome) => outcome.known)) return show(entry, "known", text.known);
  return show(entry, "done");
}

function outcomeLine(outcome, named) {
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
  const link = document.createElement("a");
  link.href = outcome.url;
  link.textContent = text.open;
  const badge = document.createElement("span");
  badge.dataset.badge = outcome.id;
  if (!outcome.known) badge.append(badgeTemplate.content.cloneNode(true));
  line.append(link, " ", badge);
  waiting.add(outcome.id);
  return line;
}

form.addEventListener("submit", (event) => {
  if (!entries.length) {
    event.preventDefault();
    say(text.none);
    input.focus();
    return;
  }
  event.preventDefault();
  start();
});
input.addEventListener("change", () => { add(input.files); input.value = ""; });
document.addEventListener("paste", (event) => {
  if (event.clipboardData?.files.length) add(event.clipboardData.files);
});
// Anywhere on the page: a film dropped beside the box must not replace the page.
const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
let depth = 0;
document.addEventListener("dragenter", (event) => { if (carriesFiles(event)) { depth += 1; zone.classList.add("is-over"); } });
document.addEventListener("dragleave", (event) => {
  if (carriesFiles(event) && (depth -= 1) <= 0) { depth = 0; zone.classList.remove("is-over"); }
});
document.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  depth = 0;
  zone.classList.remove("is-over");
  add(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
