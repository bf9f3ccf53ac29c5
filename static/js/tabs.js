// Sections under a list of links become tabs (ARIA's pattern: arrows, Home and End move, the chosen one follows). The address
// opens the tab that its #fragment lies in, and a chosen tab writes its own.

function start(root) {
  const list = root.querySelector("ul");
  const tabs = [...list.querySelectorAll("a")];
  const panelOf = (tab) => root.querySelector(tab.hash);

  const choose = (tab) => {
    for (const other of tabs) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      panelOf(other).hidden = !chosen;
    }
  };

  list.parentElement.setAttribute("role", "presentation");
  list.parentElement.removeAttribute("aria-label");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", root.dataset.tabs);
  for (const tab of tabs) {
    tab.parentElement.setAttribute("role", "presentation");
    tab.setAttribute("role", "tab");
    const panel = panelOf(tab);
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.tabIndex = 0;
    panel.setAttribute("aria-labelledby", tab.id);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest("a");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab);
    history.replaceState(null, "", tab.hash);
  });
  list.addEventListener("keydown", (event) => {
    const at = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (event.key === " ") tabs[at].click();
    else if (next === undefined) return;
    else { const tab = tabs.at(next % tabs.length); tab.focus(); tab.click(); }
    event.preventDefault();
  });

  // A link to something inside a panel opens its tab, and what is folded around it.
  const follow = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const tab = target && root.contains(target) && tabs.find((one) => panelOf(one).contains(target));
    if (!tab) return false;
    choose(tab);
    for (let fold = target; fold && fold !== root; fold = fold.parentElement) if (fold.matches("details")) fold.open = true;
    target.scrollIntoView({ block: "nearest" });
    return true;
  };
  if (!follow()) choose(tabs[0]);
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => { // the same fragment once more changes no address
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) follow();
  });
  root.dataset.ready = "";
}

for (const root of document.querySelectorAll("[data-tabs]")) start(root);
