// The canvas of a symbol: its numbers, its strip, and how far apart its venues were lately. All that changes many times
// a second is drawn here: a number drawn costs a few microseconds, and one that is laid out many times as much. What
// stayed the same isn't drawn again. The table itself is beside it, for those who don't see: see live_block.js.
import { drawSpark, drawStrip } from "./strip.js";

const ROW = 18; // heights and widths, in CSS pixels
const TOP = 4;
const PAD = 8;
const SPARK = [54, 34];
const NUMBERS = ["bid", "ask", "last", "size", "spread", "age"];

/** Where the columns are and how numbers look: what CSS says of the board and its head. Asking lays out the page, so it
 * is done once, and again when the window has changed. */
export class Columns {
  constructor(board, head) {
    Object.assign(this, { board, head });
  }

  measure() {
    const style = getComputedStyle(this.board);
    const token = (name) => style.getPropertyValue(`--${name}`).trim();
    const cells = [...this.head.querySelectorAll("[data-place]")];
    const boxes = Object.fromEntries(cells.map((cell) => [cell.dataset.place, cell.getBoundingClientRect()]));
    const origin = boxes.bid.left;
    const place = ({ left, right, width }) => (width ? { left: left - origin, right: right - origin } : null);
    this.places = Object.fromEntries(Object.entries(boxes).map(([name, box]) => [name, place(box)]));
    this.width = boxes.apart.right - origin;
    this.pad = parseFloat(token("pad"));
    this.edge = parseFloat(token("edge"));
    this.scale = Math.min(devicePixelRatio || 1, 2);
    this.fonts = {
      number: `${token("number")} ${token("mono")}`,
      large: `${token("large")} ${token("mono")}`,
      unit: `${token("unit")} ${token("sans")}`,
    };
    this.hasSpark = token("spark") === "yes";
    this.era = (this.era ?? 0) + 1;
  }
}

export class Canvas {
  constructor(rows) {
    this.element = document.createElement("canvas");
    this.element.setAttribute("aria-hidden", "true");
    this.rows = rows;
    this.drawn = new Map(); // what was drawn last, by place
  }

  /** Begin a picture: everything anew if the columns or the theme have changed. */
  begin(columns, theme) {
    if (this.era === columns.era && this.theme === theme) return;
    const { element } = this;
    const { width, scale } = columns;
    const height = this.rows * ROW + 2 * TOP;
    Object.assign(this, { columns, theme, height, era: columns.era });
    element.style.width = `${width}px`;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    this.ink = element.getContext("2d", { alpha: false });
    this.ink.setTransform(scale, 0, 0, scale, 0, 0);
    this.ink.fillStyle = theme.page;
    this.ink.fillRect(0, 0, width, height);
    this.ink.textBaseline = "middle";
    this.ink.font = columns.fonts.number;
    this.advance = this.ink.measureText("0").width;
    this.drawn.clear();
  }

  /** Whether a place doesn't show this yet. */
  isNew(place, key) {
    if (this.drawn.get(place) === key) return false;
    this.drawn.set(place, key);
    return true;
  }

  /** Write a number of a row: `still` is what stayed the same and is dim; the rest is lit. */
  number(row, name, { still = "", lit = "", isQuiet, isStale, isAlarm, hasJumped }) {
    const place = this.columns.places[name];
    if (!place || !this.isNew(8 * row + NUMBERS.indexOf(name), `${still}|${lit}${isQuiet}${isStale}${isAlarm}${hasJumped}`)) return;
    const { ink, theme, advance, columns } = this;
    const top = TOP + row * ROW;
    const right = place.right - columns.pad;
    const left = right - (still.length + lit.length) * advance;
    ink.fillStyle = theme.page;
    ink.fillRect(place.left, top, place.right - place.left, ROW);
    ink.font = columns.fonts.number;
    ink.textAlign = "left";
    if (still) {
      ink.fillStyle = theme.faint;
      ink.fillText(still, left, top + ROW / 2 + 1);
    }
    ink.fillStyle = isAlarm ? theme.alarm : isStale ? theme.faint : isQuiet ? theme.muted : theme.text;
    if (lit) ink.fillText(lit, left + still.length * advance, top + ROW / 2 + 1);
    if (hasJumped) {
      ink.fillStyle = theme.muted;
      ink.fillRect(left, top + ROW - 1, right - left, 1);
    }
  }

  /** Draw where the venues stand: for each its look, its distance in bps, and whether it is stale. */
  strip(venues, { threshold, isReal }) {
    // what moved by less than a pixel is drawn already
    const key = `${threshold}${isReal}${venues.map(({ off, isStale }) => `${off?.toFixed(1)}${isStale}`)}`;
    if (!this.isNew("strip", key)) return;
    const { left, right } = this.columns.places.strip;
    drawStrip(this.ink, { left, width: right - left, height: this.height }, venues, { threshold, isReal, theme: this.theme });
  }

  /** Write how far apart the venues are, and draw how far they were. */
  apart(text, history, { threshold, isReal }) {
    const { ink, theme, columns, height } = this;
    const { left, right } = columns.places.apart;
    const middle = height / 2;
    ink.fillStyle = theme.page;
    ink.fillRect(left, 0, right - left, height);
    ink.textAlign = "right";
    ink.font = columns.fonts.unit;
    ink.fillStyle = theme.faint;
    const unit = columns.hasSpark ? ink.measureText("bps").width + 3 : 0;
    if (unit) ink.fillText("bps", right - columns.edge, middle + 2);
    ink.font = columns.fonts.large;
    ink.fillStyle = isReal ? theme.alarm : theme.text;
    ink.fillText(text, right - columns.edge - unit, middle);
    if (!columns.hasSpark) return;
    const box = { left: left + PAD, top: middle - SPARK[1] / 2, width: SPARK[0], height: SPARK[1] };
    drawSpark(ink, box, history, { threshold, theme });
  }
}
