// Radiographs can be dropped on every page: they are taken along to the page that submits them, which has a listener of
// its own. Without this file nothing happens on a drop that did not happen before.

import { listenToDrops } from "./upload/files.js";
import { layDown } from "./upload/handover.js";

const target = document.querySelector("[data-drop-target]");
if (target && !document.getElementById("submission")) {
  listenToDrops((over) => { target.hidden = !over; }, async (files) => {
    if (!files.length) return;
    try {
      await layDown(files);
    } finally { // where the browser keeps nothing, they are dropped once more there
      location.assign(target.dataset.dropTarget);
    }
  });
}
