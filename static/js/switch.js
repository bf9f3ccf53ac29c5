// A checkbox that this browser remembers: on, unless it was switched off here.

/** Set the box as it was left here, and keep how it is left from now on. */
export function keepSwitch(box, name) {
  try { box.checked = localStorage.getItem(name) !== "off"; } catch { box.checked = true; /* storage is switched off */ }
  box.addEventListener("change", () => {
    try { localStorage.setItem(name, box.checked ? "on" : "off"); } catch { /* holds for this page */ }
  });
}
