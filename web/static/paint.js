// What canvases need of the theme: colours as text for the pen, and as pixels for what is written by hand.
import { mix } from "./raster.js";

const RAMP = 48;
const LOOKS = 8;
const NAMES = ["page", "surface", "line", "line-strong", "text", "muted", "faint", "alarm", "sans", "mono"];

/** `colours` and `venues` are #rrggbb by name and by look, from 1; `pixels` are words of ImageData. */
export function readPaint() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const colours = Object.fromEntries(NAMES.map((name) => [name, token(name)]));
  const venues = Array.from({ length: LOOKS + 1 }, (_, look) => token(`venue-${Math.max(1, look)}`));
  const { page, line, text, muted, alarm } = colours;
  return {
    ...colours,
    venues,
    pixels: {
      page: mix(page, page, 0),
      grid: mix(page, line, 0.6),
      line: mix(page, line, 1),
      gap: mix(page, alarm, 0.3),
      calm: mix(page, muted, 0.45),
      alarm: mix(page, alarm, 1),
      spread: mix(page, muted, 0.25),
      limit: mix(page, alarm, 0.8),
      hatch: mix(page, muted, 0.22),
      venues: venues.map((colour) => ({
        band: mix(page, colour, 0.2),
        trace: mix(page, colour, 1),
        ghost: mix(page, colour, 0.62),
        ramp: ramp(page, colour, text),
      })),
    },
  };
}

// A new tick is as bright as text; it turns to its venue's colour, and ends as an ember.
function ramp(page, colour, hot) {
  return Uint32Array.from({ length: RAMP }, (_, k) => {
    const part = k / (RAMP - 1);
    if (part < 0.3) return mix(colour, hot, 1 - part / 0.3);
    return mix(page, colour, 0.42 + 0.58 * (1 - (part - 0.3) / 0.7) ** 1.5);
  });
}

/** The shapes of the venues, by look, from 1: as in theme.css. */
export const GLYPHS = [null, diamond, disc, triangle, square, plus, triangleDown, pentagon, bar];

/** A path through points around (x, y), given as multiples of r. */
function shape(ink, x, y, r, points) {
  ink.beginPath();
  points.forEach(([a, b], k) => (k ? ink.lineTo(x + a * r, y + b * r) : ink.moveTo(x + a * r, y + b * r)));
  ink.fill();
}
function diamond(ink, x, y, r) {
  shape(ink, x, y, r + 1, [[0, -1], [1, 0], [0, 1], [-1, 0]]);
}
export function disc(ink, x, y, r) {
  ink.beginPath();
  ink.arc(x, y, r, 0, 7);
  ink.fill();
}
function triangle(ink, x, y, r) {
  shape(ink, x, y, r + 1, [[0, -1], [1, 0.9], [-1, 0.9]]);
}
function triangleDown(ink, x, y, r) {
  shape(ink, x, y, r + 1, [[0, 1], [1, -0.9], [-1, -0.9]]);
}
function square(ink, x, y, r) {
  ink.fillRect(x - r, y - r, 2 * r, 2 * r);
}
function plus(ink, x, y, r) {
  ink.fillRect(x - r - 1, y - r / 3, 2 * r + 2, (2 * r) / 3);
  ink.fillRect(x - r / 3, y - r - 1, (2 * r) / 3, 2 * r + 2);
}
function pentagon(ink, x, y, r) {
  shape(ink, x, y, r + 1, [[0, -1], [1, -0.24], [0.62, 1], [-0.62, 1], [-1, -0.24]]);
}
function bar(ink, x, y, r) {
  ink.fillRect(x - r - 1, y - r / 2, 2 * r + 2, r);
}
