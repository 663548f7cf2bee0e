// A symbol's page: candles of one venue with the closes of the others, volume, and how far each is from the middle.
import { ask } from "./frames.js";
import { date, iso } from "./instant.js";
import { priceText } from "./marks.js";
import { readPaint } from "./paint.js";

const HOUR_US = 3600e6;
const RANGES = [
  ["1 h", HOUR_US],
  ["6 h", 6 * HOUR_US],
  ["1 day", 24 * HOUR_US],
  ["7 days", 168 * HOUR_US],
  ["all", null],
];
const LEFT = 8;
const RIGHT = 76; // for the labels of prices
const PARTS = [0.58, 0.18, 0.24]; // of the height: candles, volume, distance
const $ = (id) => document.getElementById(id);
const name = document.querySelector("main").dataset.symbol;
const paint = readPaint();
let found = null;
let whole = null; // the span of all trades
let chosen = 0;
let range = null;
let chosenExchange = null;

async function load() {
  const to = whole?.to_us;
  const from = range === null || !whole ? undefined : Math.max(whole.from_us, to - range);
  try {
    found = await ask("/api/candles", { symbol: name, from, to });
  } catch (error) {
    $("about").textContent = `${error.message[0].toUpperCase()}${error.message.slice(1)}.`;
    return;
  }
  whole ??= { from_us: found.from_us, to_us: found.to_us };
  const counts = found.venues.map((venue) => sum(venue.trades));
  const busiest = counts.indexOf(Math.max(...counts));
  if (found.venues[chosen].exchange !== chosenExchange) chosen = busiest;
  chosenExchange = found.venues[chosen].exchange;
  const width = found.width_minutes;
  const unit = width < 60 ? `${width} min` : width < 1440 ? `${width / 60} h` : `${width / 1440} d`;
  const span = `from ${date(found.from_us)} to ${date(found.to_us)} UTC`;
  const strip = "the strip below shows each venue’s distance from the median in bps.";
  $("about").textContent = `Candles of ${unit}, ${span}; ${strip}${mixed()}`;
  controls();
  compare();
  draw();
}

// dollars of several kinds are compared as they are, which must be said
function mixed() {
  const quotes = [...new Set(found.venues.map((venue) => venue.quote))];
  return quotes.length > 1 ? ` Prices are in ${quotes.join(" and ")}, so distances include what these differ by.` : "";
}
const sum = (values) => values.reduce((a, b) => a + b, 0);

function controls() {
  const buttons = RANGES.map(([text, span]) => button(text, span === range, () => ((range = span), load())));
  $("ranges").replaceChildren(...buttons);
  $("venues").replaceChildren(
    ...found.venues.map((venue, k) => {
      const made = button(venue.name, k === chosen, () => {
        chosen = k;
        chosenExchange = venue.exchange;
        controls();
        draw();
      });
      made.dataset.venue = venue.look;
      made.prepend(Object.assign(document.createElement("i"), { className: "glyph" }));
      return made;
    }),
  );
}

function button(text, isPressed, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button quiet";
  made.textContent = text;
  made.setAttribute("aria-pressed", String(isPressed));
  made.addEventListener("click", act);
  return made;
}

const signed = (value, digits, unit) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)} ${unit}`;

function compare() {
  const lasts = found.venues.map((venue) => venue.close.at(-1)).filter((price) => price !== undefined);
  const middle = median(lasts);
  $("compared").replaceChildren(
    ...found.venues.map((venue) => {
      const row = document.createElement("tr");
      row.dataset.venue = venue.look;
      const head = document.createElement("th");
      head.scope = "row";
      head.append(Object.assign(document.createElement("i"), { className: "glyph" }), ` ${venue.name}`);
      row.append(head);
      for (const [k, text] of facts(venue, middle).entries()) {
        const cell = row.insertCell();
        cell.textContent = text;
        cell.className = k ? "number mono" : "mono";
      }
      return row;
    }),
  );
}

function facts(venue, middle) {
  const { close, open, low, high, volume, turnover, trades, quote } = venue;
  if (!close.length) return [quote, "no trades", ...new Array(7).fill("–")];
  const last = close.at(-1);
  const total = sum(volume);
  return [
    quote,
    priceText(last),
    signed(1e4 * Math.log(last / middle), 1, "bps"),
    signed(100 * (last / open[0] - 1), 2, "%"),
    priceText(low.reduce((a, b) => Math.min(a, b))),
    priceText(high.reduce((a, b) => Math.max(a, b))),
    total.toFixed(3),
    total ? priceText(sum(turnover) / total) : "–",
    sum(trades).toLocaleString("en"),
  ];
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function draw() {
  if (!found) return;
  const canvas = $("chart").querySelector("canvas");
  const { width, height } = canvas.getBoundingClientRect();
  const scale = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const ink = canvas.getContext("2d", { alpha: false });
  ink.scale(scale, scale);
  ink.fillStyle = paint.page;
  ink.fillRect(0, 0, width, height);
  const slotUs = found.width_minutes * 60e6;
  const firstUs = Math.floor(found.from_us / slotUs) * slotUs;
  const slots = Math.max(1, Math.ceil((found.to_us - firstUs) / slotUs));
  const per = (width - LEFT - RIGHT) / slots;
  const x = (us) => LEFT + ((us - firstUs) / slotUs + 0.5) * per;
  const tops = [0, PARTS[0], PARTS[0] + PARTS[1]].map((part) => part * (height - 18));
  const frame = { ink, width, x, per };
  drawCandles({ ...frame, top: tops[0] + 8, bottom: tops[1] - 8 });
  drawVolume({ ...frame, top: tops[1], bottom: tops[2] - 6 });
  drawDistance({ ...frame, top: tops[2] + 4, bottom: height - 24 });
  ink.fillStyle = paint.line;
  for (const top of tops.slice(1)) ink.fillRect(0, Math.round(top), width, 1);
  drawTimes(frame, firstUs, slots * slotUs, height);
}

function drawCandles({ ink, width, x, per, top, bottom }) {
  const low = Math.min(...found.venues.flatMap((venue) => venue.low));
  const high = Math.max(...found.venues.flatMap((venue) => venue.high));
  if (!(low <= high)) return;
  const y = (price) => bottom - ((price - low) / (high - low || 1)) * (bottom - top);
  for (const other of found.venues.filter((_, k) => k !== chosen)) {
    line(ink, other.start_us.map(x), other.close.map(y), paint.venues[other.look]);
  }
  const venue = found.venues[chosen];
  ink.fillStyle = ink.strokeStyle = paint.venues[venue.look];
  const body = Math.max(1, per * 0.7);
  venue.start_us.forEach((us, k) => {
    const [open, close] = [y(venue.open[k]), y(venue.close[k])];
    ink.fillRect(x(us) - 0.5, y(venue.high[k]), 1, Math.max(1, y(venue.low[k]) - y(venue.high[k])));
    const tall = Math.max(1, Math.abs(open - close));
    if (close <= open || body < 3) return ink.fillRect(x(us) - body / 2, Math.min(open, close), body, tall);
    ink.clearRect(x(us) - body / 2, open, body, tall); // a fall is hollow
    ink.fillStyle = paint.page;
    ink.fillRect(x(us) - body / 2, open, body, tall);
    ink.strokeRect(x(us) - body / 2 + 0.5, open + 0.5, Math.max(0, body - 1), Math.max(0, tall - 1));
    ink.fillStyle = paint.venues[venue.look];
  });
  label(ink, width, priceText(high), y(high) + 4);
  label(ink, width, priceText(low), y(low) + 4);
  const last = venue.close.at(-1);
  const hasRoom = last && [high, low].every((other) => Math.abs(y(last) - y(other)) > 14);
  if (hasRoom) label(ink, width, priceText(last), y(last) + 4, paint.text);
}

function drawVolume({ ink, width, x, per, top, bottom }) {
  const stacked = new Map();
  for (const { start_us, volume } of found.venues) {
    start_us.forEach((us, k) => stacked.set(us, (stacked.get(us) ?? 0) + volume[k]));
  }
  const most = Math.max(...stacked.values(), 1e-12);
  const from = new Map();
  for (const venue of found.venues) {
    ink.fillStyle = paint.venues[venue.look];
    venue.start_us.forEach((us, k) => {
      const base = from.get(us) ?? 0;
      const tall = (venue.volume[k] / most) * (bottom - top - 4);
      ink.fillRect(x(us) - Math.max(1, per * 0.7) / 2, bottom - base - tall, Math.max(1, per * 0.7), tall);
      from.set(us, base + tall);
    });
  }
  label(ink, width, "volume", bottom);
}

function drawDistance({ ink, width, x, top, bottom }) {
  const closes = new Map();
  for (const { start_us, close } of found.venues) {
    start_us.forEach((us, k) => closes.set(us, [...(closes.get(us) ?? []), close[k]]));
  }
  const lines = found.venues.map((venue) => {
    const shared = venue.start_us.map((us, k) => [us, venue.close[k]]).filter(([us]) => closes.get(us).length > 1);
    return shared.map(([us, close]) => [us, 1e4 * Math.log(close / median(closes.get(us)))]);
  });
  const most = Math.max(2, ...lines.flat().map(([, bps]) => Math.abs(bps)));
  const y = (bps) => (top + bottom) / 2 - (bps / most) * ((bottom - top) / 2);
  ink.fillStyle = paint.line;
  ink.fillRect(0, Math.round(y(0)), width - RIGHT, 1);
  lines.forEach((points, k) => {
    const colour = paint.venues[found.venues[k].look];
    line(ink, points.map(([us]) => x(us)), points.map(([, bps]) => y(bps)), colour);
  });
  label(ink, width, `+${most.toFixed(1)} bps`, top + 8);
  label(ink, width, `−${most.toFixed(1)} bps`, bottom);
}

function drawTimes({ ink, width, x }, firstUs, spanUs, height) {
  const steps = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200].map((minutes) => minutes * 60e6);
  const month = steps.at(-1);
  const step = steps.find((each) => (spanUs / each) * 90 < width) ?? month * Math.ceil(((spanUs / month) * 90) / width);
  ink.font = `11px ${paint.mono}`;
  ink.fillStyle = paint.faint;
  ink.textAlign = "center";
  for (let us = Math.ceil(firstUs / step) * step; us < firstUs + spanUs; us += step) {
    const at = x(us);
    if (at > 30 && at < width - RIGHT) ink.fillText(us % 86400e6 ? iso(us).slice(11, 16) : date(us), at, height - 5);
  }
  ink.textAlign = "left";
}

function label(ink, width, text, y, colour = paint.muted) {
  ink.font = `11px ${paint.mono}`;
  ink.textAlign = "left";
  ink.fillStyle = colour;
  ink.fillText(text, width - RIGHT + 6, y);
}

function line(ink, xs, ys, colour) {
  ink.strokeStyle = colour;
  ink.lineWidth = 1.25;
  ink.beginPath();
  xs.forEach((at, k) => (k ? ink.lineTo(at, ys[k]) : ink.moveTo(at, ys[k])));
  ink.stroke();
}

$("symbols").addEventListener("change", () => location.assign(`/symbols/${encodeURIComponent($("symbols").value)}`));
new ResizeObserver(draw).observe($("chart"));
addEventListener("theme", () => {
  Object.assign(paint, readPaint());
  draw();
});
load().then(() => (window.symbolPage = { found }));
