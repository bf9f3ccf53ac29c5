// Fingers, mouse and wheel on the stage. They change the viewer through a few verbs: panBy, zoomBy, windowBy, toggleZoom.

const DOUBLE_TAP = { ms: 320, px: 24 };

export function listenToPointers(stage, viewer) {
  const fingers = new Map(); // pointer id → where it is
  let dragging = ""; // "pan" or "window"
  let pinch = null; // distance and middle of two fingers
  let tap = null; // where and when the last short touch ended
  let moved = false;

  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 2) return;
    stage.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const windows = event.button === 2 || event.shiftKey || viewer.mode === "window";
    dragging = windows && event.button !== 1 ? "window" : viewer.isDrawing && event.button === 0 ? "draw" : "pan";
    if (dragging === "draw") viewer.draw(fingers.size > 1 ? "drop" : "begin", ...viewer.toStage(event.clientX, event.clientY));
    pinch = fingers.size === 2 ? spread() : null;
    moved = fingers.size > 1;
    if (event.pointerType === "mouse") { event.preventDefault(); stage.focus({ preventScroll: true }); }
  });

  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    fingers.set(event.pointerId, now);
    const [dx, dy] = [now.x - before.x, now.y - before.y];
    if (Math.abs(dx) + Math.abs(dy) > 2) moved = true;
    if (fingers.size === 2 && pinch) {
      const next = spread();
      viewer.panBy(next.x - pinch.x, next.y - pinch.y);
      viewer.zoomBy(next.distance / Math.max(1, pinch.distance), ...viewer.toStage(next.x, next.y));
      pinch = next;
    } else if (fingers.size === 1) {
      if (dragging === "draw") viewer.draw("move", ...viewer.toStage(now.x, now.y));
      else if (dragging === "window") viewer.windowBy(dx, -dy);
      else viewer.panBy(dx, dy);
    }
  });

  const release = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    if (dragging === "draw" && !fingers.size && !pinch) {
      viewer.draw(event.type === "pointercancel" ? "drop" : "end", ...viewer.toStage(event.clientX, event.clientY));
      tap = null;
      return;
    }
    pinch = fingers.size === 2 ? spread() : null;
    if (event.pointerType === "mouse" || event.type === "pointercancel" || moved || fingers.size) { tap = null; return; }
    const now = { at: event.timeStamp, x: event.clientX, y: event.clientY };
    const near = tap && Math.hypot(now.x - tap.x, now.y - tap.y) < DOUBLE_TAP.px;
    if (near && now.at - tap.at < DOUBLE_TAP.ms) {
      viewer.toggleZoom(...viewer.toStage(now.x, now.y));
      tap = null;
    } else tap = now;
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);

  let touched = -Infinity; // browsers make a double click of a double tap, which was dealt with above
  stage.addEventListener("touchend", (event) => { touched = event.timeStamp; }, { passive: true });
  stage.addEventListener("dblclick", (event) => {
    if (event.timeStamp - touched > 1000 && !viewer.isDrawing) viewer.toggleZoom(...viewer.toStage(event.clientX, event.clientY));
  });
  stage.addEventListener("contextmenu", (event) => event.preventDefault());

  // Scrolling down over a film that is wholly in view scrolls the page, so that nobody is caught on the stage.
  stage.addEventListener("wheel", (event) => {
    const out = event.deltaY > 0;
    if (out && viewer.isFitted && !event.ctrlKey) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1);
    viewer.zoomBy(Math.exp(-Math.min(240, Math.max(-240, pixels)) / (event.ctrlKey ? 120 : 480)),
      ...viewer.toStage(event.clientX, event.clientY));
  }, { passive: false });
}
