// Small manners shared by all pages; each works without this file too.
"use strict";

// Menus (<details class="menu">) close on Escape, on a click elsewhere and when focus leaves them.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A link to a place inside a closed <details> opens it.
const reveal = () => {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const closed = target && target.closest("details:not([open]):not(.menu)");
  if (closed) { closed.open = true; target.scrollIntoView(); }
};
reveal();
window.addEventListener("hashchange", reveal);

// Times are rendered in the server's zone; <time datetime> elements with data-local are shown in the reader's own: the
// one they chose (data-time-zone), else the browser's. data-local="short" is for lists:
// on a phone day and month alone.
const lang = document.documentElement.lang;
const locale = navigator.languages.find((one) => one.split("-")[0] === lang) ?? lang; // "en-GB" writes days otherwise than "en"
const narrow = window.matchMedia("(max-width: 47.99rem)");
const localTimes = (root) => {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const when = new Date(time.dateTime);
    if (Number.isNaN(when.valueOf())) continue;
    const short = time.dataset.local === "short";
    const style = short && narrow.matches ? { day: "numeric", month: "short" } : { dateStyle: short ? "short" : "medium", timeStyle: "short" };
    time.textContent = new Intl.DateTimeFormat(locale || undefined, { ...style, timeZone: document.documentElement.dataset.timeZone }).format(when);
    time.title = when.toString();
  }
};
localTimes(document);
document.addEventListener("htmx:afterSwap", (event) => localTimes(event.detail.elt.parentElement ?? document));

// A poll that found no server tries again, else the page would wait for ever. One that is told that the session has ended
// shows what it is told; the history has words of its own for that.
const AGAIN = 5000; // ms
for (const failure of ["htmx:sendError", "htmx:responseError"]) {
  document.addEventListener(failure, ({ detail: { elt, xhr } }) => {
    if (!elt.matches("[hx-trigger^=load]") || (xhr.status >= 400 && xhr.status < 500)) return;
    const ask = () => { if (elt.isConnected) htmx.ajax("GET", elt.getAttribute("hx-get"), { source: elt, target: elt, swap: "outerHTML" }); };
    setTimeout(ask, AGAIN);
  });
}
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status === 404 && detail.elt.id === "status") location.reload(); // deleted in another tab
  if (detail.xhr.status === 403 && detail.elt.id === "status") detail.shouldSwap = true;
});

// A form marked data-once is sent once: a second click does nothing. Coming back by the back button revives it.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "true";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// On a phone the account's pages stand beside each other in a strip: the one that is open is moved into sight.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// A print button is only useful where there is a script to press it.
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) window.print();
});
