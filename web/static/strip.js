// The strip of a symbol: where each venue stands, in bps from the middle one, at the height of its row; and how far
// apart venues were lately. On small canvases, because shapes that move in every frame are cheap to draw and dear to lay
// out.
export const AXIS_BPS = 20;
const ROW = 18;
const TOP = 4;

const GLYPHS = [
  (ink, x, y) => path(ink, [x, y - 5.5], [x + 5.5, y], [x, y + 5.5], [x - 5.5, y]),
  (ink, x, y) => ink.arc(x, y, 4.5, 0, 7),
  (ink, x, y) => path(ink, [x, y - 5.5], [x + 5.5, y + 4.5], [x - 5.5, y + 4.5]),
  (ink, x, y) => ink.rect(x - 4.5, y - 4.5, 9, 9),
  (ink, x, y) => {
    ink.rect(x - 1.5, y - 5, 3, 10);
    ink.rect(x - 5, y - 1.5, 10, 3);
  },
  (ink, x, y) => path(ink, [x, y + 5.5], [x + 5.5, y - 4.5], [x - 5.5, y - 4.5]),
  (ink, x, y) => path(ink, [x, y - 5.5], [x + 5.5, y - 1], [x + 3.5, y + 5], [x - 3.5, y + 5], [x - 5.5, y - 1]),
  (ink, x, y) => ink.rect(x - 5, y - 2, 10, 4),
];

function path(ink, first, ...others) {
  ink.moveTo(...first);
  for (const point of others) ink.lineTo(...point);
}

/** Colours of the chosen theme. */
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  const [page, line, lineStrong, muted, alarm] = ["page", "line", "line-strong", "muted", "alarm"].map(token);
  return { page, line, lineStrong, muted, alarm, venues: GLYPHS.map((_, k) => token(`venue-${k + 1}`)) };
}

/** Draw the venues: for each its look, its distance in bps, and whether it is stale. */
export function drawStrip(canvas, venues, { threshold, isReal, theme }) {
  const [ink, width, height] = pen(canvas);
  const middle = width / 2;
  const x = (bps) => middle + (Math.max(-AXIS_BPS, Math.min(AXIS_BPS, bps)) / AXIS_BPS) * (middle - 7);
  ink.fillStyle = theme.page;
  ink.fillRect(0, 0, width, height);
  ink.fillStyle = theme.line;
  ink.fillRect(x(-threshold / 2), 0, x(threshold / 2) - x(-threshold / 2), height);
  ink.fillStyle = theme.lineStrong;
  ink.fillRect(Math.round(middle), 0, 1, height);
  const known = venues.filter((venue) => venue.off !== null);
  if (!known.length) return;
  const low = Math.min(...known.map((venue) => venue.off));
  const high = Math.max(...known.map((venue) => venue.off));
  if (high - low > threshold) {
    ink.fillStyle = isReal ? theme.alarm : theme.muted;
    ink.fillRect(x(low), height - 2, Math.max(2, x(high) - x(low)), 2);
  }
  venues.forEach((venue, k) => {
    if (venue.off === null) return;
    const at = x(venue.off);
    const y = TOP + ROW * k + ROW / 2;
    ink.fillStyle = ink.strokeStyle = theme.venues[venue.look - 1];
    ink.globalAlpha = venue.isStale ? 0.5 : 1;
    ink.fillRect(Math.min(middle, at), y, Math.abs(at - middle), 1);
    ink.beginPath();
    GLYPHS[venue.look - 1](ink, at, y);
    ink.closePath();
    if (venue.isStale) {
      ink.globalAlpha = 1;
      ink.fillStyle = theme.page;
      ink.fill();
      ink.globalAlpha = 0.6;
      ink.lineWidth = 1.5;
      ink.stroke();
    } else ink.fill();
    ink.globalAlpha = 1;
  });
}

const BARS = 150;
const LOWEST_TOP_BPS = 30;

/** Draw how far apart a symbol was, oldest first. */
export function drawSpark(canvas, history, { threshold, theme }) {
  const [ink, width, height] = pen(canvas);
  if (!width) return;
  const step = width / BARS;
  const top = Math.max(LOWEST_TOP_BPS, ...history);
  ink.fillStyle = theme.page;
  ink.fillRect(0, 0, width, height);
  history.forEach((bps, k) => {
    const tall = (bps / top) * height;
    ink.fillStyle = bps > threshold ? theme.muted : theme.lineStrong;
    ink.fillRect(width - (history.length - k) * step, height - tall, step, tall);
  });
}

// To ask a canvas for its size lays out the page, so it is asked once, and again when the window has changed.
const pens = new WeakMap();
let era = 0;
addEventListener("resize", () => era++);

function pen(canvas) {
  const known = pens.get(canvas);
  if (known?.era === era) return known.values;
  const scale = Math.min(devicePixelRatio || 1, 2);
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const ink = canvas.getContext("2d", { alpha: false });
  ink.setTransform(scale, 0, 0, scale, 0, 0);
  const values = [ink, width, height];
  pens.set(canvas, { era, values });
  return values;
}
