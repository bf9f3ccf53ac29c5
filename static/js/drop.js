// Radiographs can be dropped on every page: they are taken along to the page that submits them, which has a listener of
// its own. Without this file nothing happens on a drop that did not happen before.

import { carriesFiles, dropped } from "./upload/files.js";
import { layDown } from "./upload/handover.js";

const target = document.querySelector("[data-drop-target]");
if (target && !document.getElementById("submission")) {
  let depth = 0;
  const show = (on) => { target.hidden = !on; };
  document.addEventListener("dragenter", (event) => { if (carriesFiles(event)) { depth += 1; show(true); } });
  document.addEventListener("dragleave", (event) => { if (carriesFiles(event) && (depth -= 1) <= 0) { depth = 0; show(false); } });
  document.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  document.addEventListener("drop", async (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    const files = await dropped(event.dataTransfer);
    try {
      if (files.length) await layDown(files);
    } finally { // where the browser keeps nothing, they are dropped once more there
      depth = 0;
      show(false);
      if (files.length) location.assign(target.dataset.dropTarget);
    }
  });
}
