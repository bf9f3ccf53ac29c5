// Where the film lies on its stage: scale, place, quarter turns, mirroring. Lengths are CSS pixels, the origin of the
// stage is its middle. One View serves both panes of the side-by-side mode, which are of the same size.

const CLOSEST = 16; // screen pixels for one pixel of the film

export class View {
  constructor(width, height) {
    this.film = { width, height };
    this.stage = { width: 1, height: 1 };
    this.reset();
  }

  reset() {
    this.turns = 0;
    this.mirrored = false;
    this.fit();
  }

  /** The film's width and height on the stage, for a scale of 1. */
  get size() {
    const { width, height } = this.film;
    return this.turns % 2 ? { width: height, height: width } : { width, height };
  }

  get fitScale() {
    const { width, height } = this.size;
    return Math.min(this.stage.width / width, this.stage.height / height);
  }

  get closest() { return Math.max(CLOSEST, this.fitScale); }
  get furthest() { return Math.min(this.fitScale, 1); }

  resize(width, height) {
    this.stage = { width: Math.max(1, width), height: Math.max(1, height) };
    if (this.isFitted) this.fit(); else this.settle();
  }

  fit() {
    this.scale = this.fitScale;
    this.x = this.y = 0;
    this.isFitted = true;
  }

  /** Zoom to a scale so that the film's point under (x, y) stays where it is. */
  zoomTo(scale, x = 0, y = 0) {
    const next = Math.min(this.closest, Math.max(this.furthest, scale));
    const ratio = next / this.scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.scale = next;
    this.isFitted = Math.abs(next - this.fitScale) < 1e-6 * next;
    this.settle();
  }

  zoomBy(factor, x, y) { this.zoomTo(this.scale * factor, x, y); }

  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.settle();
  }

  /** Keep the film on the stage: it may not be pushed further than its edge to the stage's edge. */
  settle() {
    const { width, height } = this.size;
    const limit = (length, room) => Math.max(0, (length * this.scale - room) / 2);
    const right = limit(width, this.stage.width);
    const down = limit(height, this.stage.height);
    this.x = Math.min(right, Math.max(-right, this.x));
    this.y = Math.min(down, Math.max(-down, this.y));
  }

  /** Turn by quarters, clockwise; the film is fitted again if it was fitted. */
  turn(quarters) {
    this.turns = (this.turns + quarters + 4) % 4;
    [this.x, this.y] = quarters > 0 ? [-this.y, this.x] : [this.y, -this.x];
    if (this.isFitted) this.fit(); else this.settle();
  }

  /** Mirror left and right as the person sees them. */
  mirror() {
    this.mirrored = !this.mirrored;
    this.x = -this.x;
    if (this.turns % 2) this.turns = (this.turns + 2) % 4;
  }

  /** Show the same part as another view does, of a film of another size: as far zoomed in, as far from the middle. */
  follow(other) {
    [this.turns, this.mirrored] = [other.turns, other.mirrored];
    this.scale = (this.fitScale * other.scale) / other.fitScale;
    this.x = (other.x * this.size.width * this.scale) / (other.size.width * other.scale);
    this.y = (other.y * this.size.height * this.scale) / (other.size.height * other.scale);
    this.isFitted = other.isFitted;
    if (this.isFitted) this.fit(); else this.settle();
  }

  /** From pixels of the film to those of the stage, both counted from the upper left. */
  get matrix() {
    const { width, height } = this.stage;
    return new DOMMatrix().translate(width / 2 + this.x, height / 2 + this.y).rotate(90 * this.turns)
      .scale(this.mirrored ? -this.scale : this.scale, this.scale).translate(-this.film.width / 2, -this.film.height / 2);
  }

  /** Set a canvas context up so that the film is drawn by drawImage(film, -width / 2, -height / 2). */
  apply(context, ratio) {
    const { width, height } = this.stage;
    context.setTransform(ratio, 0, 0, ratio, (width / 2 + this.x) * ratio, (height / 2 + this.y) * ratio);
    context.rotate((this.turns * Math.PI) / 2);
    context.scale(this.mirrored ? -this.scale : this.scale, this.scale);
  }

  /** The part of the stage that the film covers, in device pixels: [left, top, width, height]. */
  covered(ratio) {
    const { width, height } = this.size;
    const edge = (room, offset, length, sign) => (room / 2 + offset + (sign * length * this.scale) / 2) * ratio;
    const bound = (value, room) => Math.min(Math.round(room * ratio), Math.max(0, Math.round(value)));
    const left = bound(edge(this.stage.width, this.x, width, -1), this.stage.width);
    const top = bound(edge(this.stage.height, this.y, height, -1), this.stage.height);
    const right = bound(edge(this.stage.width, this.x, width, 1), this.stage.width);
    const bottom = bound(edge(this.stage.height, this.y, height, 1), this.stage.height);
    return [left, top, right - left, bottom - top];
  }

  /** Changes whenever the same film would be drawn elsewhere. */
  get key() { return [this.scale, this.x, this.y, this.turns, this.mirrored, this.stage.width, this.stage.height].join(); }
}
