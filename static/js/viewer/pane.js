// One canvas with the film on it, seen through a View and Tones, and perhaps overlays. The film itself is never written to:
// each overlay is a layer of its own on every redraw. Between pixels all is interpolated, however far one zooms in.

export class Pane {
  constructor(canvas, film) {
    this.canvas = canvas;
    this.film = film;
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this.greys = null; // what lies on the canvas before windowing, and under which view
  }

  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.greys = null;
  }

  /** Draw the film and, over it, layers: pictures of any size that cover it, each with its opacity. */
  draw(view, tones, layers) {
    const { context, canvas, ratio } = this;
    const area = view.covered(ratio);
    const windowed = !tones.plain && area[2] > 0 && area[3] > 0;
    if (!windowed || this.greys?.key !== view.key) {
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.globalAlpha = 1;
      context.fillStyle = "#000";
      context.fillRect(0, 0, canvas.width, canvas.height);
      view.apply(context, ratio);
      context.imageSmoothingQuality = "high";
      context.drawImage(this.film, -view.film.width / 2, -view.film.height / 2, view.film.width, view.film.height);
      this.greys = windowed ? { key: view.key, data: context.getImageData(...area) } : null;
    }
    if (windowed) this.#window(tones, area);
    for (const [picture, opacity] of layers) {
      view.apply(context, ratio);
      context.globalAlpha = opacity;
      context.drawImage(picture, -view.film.width / 2, -view.film.height / 2, view.film.width, view.film.height);
    }
  }

  #window(tones, [left, top, width, height]) {
    const shown = this.context.createImageData(width, height);
    const from = new Uint32Array(this.greys.data.data.buffer);
    const to = new Uint32Array(shown.data.buffer);
    const table = tones.table;
    const first = new Uint8Array(new Uint32Array([1]).buffer)[0] ? 0 : 24; // red is the lowest byte, or the highest
    for (let i = 0; i < from.length; i += 1) to[i] = table[(from[i] >>> first) & 255];
    this.context.putImageData(shown, left, top);
  }
}
