// The strip of a symbol: where each venue stands, in bps from the middle one, at the height of its row; and how far
// apart venues were lately.
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
  const [page, line, lineStrong, text, muted, faint, alarm] =
    ["page", "line", "line-strong", "text", "muted", "faint", "alarm"].map(token);
  return { page, line, lineStrong, text, muted, faint, alarm, venues: GLYPHS.map((_, k) => token(`venue-${k + 1}`)) };
}

/** Draw the venues into a box of a canvas: for each its look, its distance in bps, and whether it is stale. */
export function drawStrip(ink, { left, width, height }, venues, { threshold, isReal, theme }) {
  const middle = left + width / 2;
  const x = (bps) => middle + (Math.max(-AXIS_BPS, Math.min(AXIS_BPS, bps)) / AXIS_BPS) * (width / 2 - 7);
  ink.fillStyle = theme.page;
  ink.fillRect(left, 0, width, height);
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

const EACH = 3; // readings in a bar
const LOWEST_TOP_BPS = 30;

/** Draw how far apart a symbol was, oldest first, into a box whose ground is clean; `history` also counts its readings,
 * so that each stays in its bar. */
export function drawSpark(ink, { left, top, width, height }, { values, count }, { threshold, theme }) {
  const bars = [];
  values.forEach((bps, k) => {
    const bar = Math.floor((count - values.length + k) / EACH) - Math.floor((count - values.length) / EACH);
    bars[bar] = Math.max(bars[bar] ?? 0, bps);
  });
  const most = Math.max(LOWEST_TOP_BPS, ...bars);
  for (const isOver of [false, true]) {
    ink.beginPath();
    bars.forEach((bps, k) => {
      const tall = (bps / most) * height;
      if (bps > threshold === isOver) ink.rect(left + width - bars.length + k, top + height - tall, 1, tall);
    });
    ink.fillStyle = isOver ? theme.muted : theme.lineStrong;
    ink.fill();
  }
}
