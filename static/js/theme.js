// Runs before the first paint (head, not deferred) so that the theme never flashes. A stored choice wins over the
// system's; choosing what the system already says forgets the choice, so that the page follows the system again.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const KEY = "pneumoweb-theme";
  const system = () => (dark.matches ? "dark" : "light");
  const stored = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const store = (theme) => {
    try {
      if (theme === system()) localStorage.removeItem(KEY); else localStorage.setItem(KEY, theme);
    } catch { /* storage is switched off: the choice lasts for this page */ }
  };
  const show = (theme) => { root.dataset.bsTheme = theme; };
  root.classList.add("js");
  show(stored() ?? system());
  dark.addEventListener("change", () => show(stored() ?? system()));
  window.addEventListener("storage", (event) => { if (event.key === KEY) show(stored() ?? system()); });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    const next = root.dataset.bsTheme === "dark" ? "light" : "dark";
    store(next);
    show(next);
  });
})();
