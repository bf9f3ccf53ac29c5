// Sends one file, and tells what came of it. A lost connection is no failure: the file waits until there is one again,
// and the server is asked first whether it had arrived after all.

import { sending } from "./tokens.js";

const TRY_AGAIN = 2000; // ms
const PASSING = new Set([0, 429, 502, 503, 504]);

export class Sender {
  constructor(form) {
    this.form = form;
    this.text = form.dataset;
  }

  /** Send it; `told` hears {outcomes}, {broken, message}, {refused, message}, {lost} or {expired}, once. */
  send(row, told) {
    const data = new FormData(this.form);
    data.delete("films");
    data.delete("csrfmiddlewaretoken"); // of the sign-in that this page was made under; the header has today's
    data.set("films", row.file, row.file.name || "pasted");
    data.set("token", row.token);
    data.set("label", row.label.value);
    if (row.again) data.set("again", "on");
    sending(row.file, row.token);
    const request = new XMLHttpRequest(); // fetch cannot report how much was sent
    row.request = request;
    request.open("POST", this.form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", this.#csrfToken());
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) row.progress(event.loaded / event.total); });
    request.addEventListener("load", () => this.#answered(request, told));
    request.addEventListener("error", () => told({ lost: true }));
    request.addEventListener("abort", () => told({}));
    request.send(data);
  }

  #answered(request, told) {
    if (request.status === 403 || request.responseURL.includes("/accounts/login")) return this.#explain(request.status === 403, told);
    if (PASSING.has(request.status)) return told({ lost: true });
    let answer = {};
    try { answer = JSON.parse(request.responseText); } catch { /* a page instead of data: handled by the status below */ }
    if (request.status === 422) return told({ broken: true, message: answer.errors?.join(" ") ?? this.text.broken });
    if (request.status === 413) return told({ refused: true, message: "" });
    if (request.status !== 200 || !answer.outcomes) return told({ broken: true, message: this.text.broken });
    if (answer.outcomes.length === 1 && answer.outcomes[0].code === "BUSY") return told({ busy: true });
    return told({ outcomes: answer.outcomes });
  }

  // Who signed in again in another tab has another token than this page was made with: the cookie knows it. Where the
  // cookie cannot be read (CSRF_COOKIE_HTTPONLY, CSRF_USE_SESSIONS), `#explain` has put the new one into the form.
  #csrfToken() {
    const cookie = document.cookie.split("; ").find((pair) => /^(__Host-)?csrftoken=/.test(pair));
    return cookie ? cookie.split("=")[1] : this.form.elements.csrfmiddlewaretoken.value;
  }

  // The server did not take the file: is nobody signed in, or has the form expired? The form as it would be now tells;
  // one that has expired is renewed by it, and the file sent once more.
  async #explain(refused, told) {
    try {
      this.asking ??= this.#formNow().finally(() => { this.asking = null; });
      const { signedOut, token } = await this.asking;
      if (signedOut) return told({ broken: true, message: this.text.signedOut });
      if (refused && token) {
        this.form.elements.csrfmiddlewaretoken.value = token;
        return told({ expired: true });
      }
      return told({ broken: true, message: this.text.broken });
    } catch {
      return told({ lost: true });
    }
  }

  // Asked for once, whatever number of files wait for it: each answer to a browser without the cookie sets another one.
  async #formNow() {
    const page = await fetch(this.form.action, { headers: { Accept: "text/html" }, cache: "no-store" });
    const form = new DOMParser().parseFromString(await page.text(), "text/html");
    return { signedOut: page.redirected, token: form.querySelector("#submission [name=csrfmiddlewaretoken]")?.value };
  }

  /** Which of these tokens have become studies, {token: {url, id}}; null while nobody answers. */
  async arrived(tokens) {
    const found = {};
    try {
      for (let start = 0; start < tokens.length; start += 100) {
        const asked = tokens.slice(start, start + 100).join(",");
        const answer = await fetch(`${this.text.arrived}?tokens=${asked}`, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (!answer.ok || answer.redirected) return answer.status >= 500 ? null : found;
        Object.assign(found, await answer.json());
      }
      return found;
    } catch {
      return null;
    }
  }

  /** Call when it is worth another try: the browser is online again, or some time has passed. */
  soon(act) {
    clearTimeout(this.timer);
    this.timer = setTimeout(act, TRY_AGAIN);
    this.act = act;
    if (this.listens) return;
    this.listens = true;
    window.addEventListener("online", () => { clearTimeout(this.timer); this.act(); });
  }
}
