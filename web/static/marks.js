// What the pen writes over the stage's pixels: the time axis, moves and delays, names, prices, the ribbon's values.
import { disc, GLYPHS } from "./paint.js";
import { iso } from "./instant.js";
import { AXIS, NOW_AT, THRESHOLD_BPS } from "./stage.js";

const NARROW = 560;
const STRONG_BPS = 7;
const SLOW_APART_US = 700_000;
export const isStrong = (move) => Math.abs(move.bps) >= STRONG_BPS;

/** The instants of the large moves that slow motion is for: not every one of a quick series. */
export function slowInstants(moves) {
  const chosen = [];
  for (const move of moves) {
    if (isStrong(move) && move.us - (chosen.at(-1) ?? -Infinity) > SLOW_APART_US) chosen.push(move.us);
  }
  return chosen;
}

export function writeMarks(stage, ink) {
  writeAxis(stage, ink);
  if (stage.range) {
    writeMoves(stage, ink);
    stage.order.forEach((venue, lane) => writeName(stage, ink, venue, lane));
    writeScale(stage, ink);
    writeRibbon(stage, ink);
    writeSelected(stage, ink);
  }
  ink.globalAlpha = 0.5;
  ink.fillStyle = stage.paint.text;
  ink.fillRect(stage.width * NOW_AT, 0, 1, stage.height);
  ink.globalAlpha = 1;
}

function writeAxis(stage, ink) {
  const { paint, step } = stage;
  const y = stage.height - stage.ribbonHeight - AXIS / 2;
  ink.font = `11px ${paint.mono}`;
  ink.textBaseline = "middle";
  ink.textAlign = "center";
  for (let us = Math.ceil(stage.fromUs / step) * step; us < stage.fromUs + stage.spanUs; us += step) {
    ink.fillStyle = us <= stage.us ? paint.faint : paint["line-strong"];
    ink.fillText(axisLabel(us, step), stage.x(us), y);
  }
  ink.textAlign = "left";
}

function axisLabel(us, step) {
  const digits = [0, 1, 2, 3].find((count) => Number.isInteger((step * 10 ** count) / 1e6)) ?? 4;
  return iso(us).slice(11, digits ? 20 + digits : 19);
}

// A move is a dot on the leader and a dotted line down; in each lane a bracket grows until that venue has followed.
function writeMoves(stage, ink) {
  const { paint, venues, order } = stage;
  const free = order.map(() => Infinity);
  for (let k = stage.moves.length - 1; k >= 0; k--) {
    const move = stage.moves[k];
    if (move.us > stage.us || move.us < stage.fromUs - 500_000) continue;
    const price = move.price * stage.scales[stage.leader];
    const x0 = stage.x(move.us);
    ink.strokeStyle = ink.fillStyle = paint.text;
    ink.globalAlpha = (isStrong(move) ? 1 : 0.6) * (1 - 0.5 * Math.min(1, (stage.us - move.us) / stage.spanUs));
    disc(ink, x0, stage.y(price, 0), 3);
    for (let lane = 1; lane < order.length; lane++) {
      const { exchange, look } = venues[order[lane]];
      const delay = move.delays_ms[exchange];
      if (delay != null) writeBracket(stage, ink, { move, delay, price, lane, free, colour: paint.venues[look] });
    }
    ink.globalAlpha = 1;
  }
}

function writeBracket(stage, ink, { move, delay, price, lane, free, colour }) {
  const there = move.us + delay * 1000;
  const isThere = there <= stage.us;
  const x0 = stage.x(move.us);
  const x1 = isThere ? stage.x(there) : stage.x(stage.us);
  const y = stage.y(price, lane);
  ink.lineWidth = 1;
  ink.setLineDash([1, 3]);
  line(ink, x0, lane === 1 ? stage.y(price, 0) : lane * stage.laneHeight, x0, y);
  ink.setLineDash([]);
  line(ink, x0, y - 4, x0, y + 4);
  ink.lineWidth = isStrong(move) ? 2 : 1;
  line(ink, x0, y, x1, y);
  ink.lineWidth = 1;
  if (!isThere) return;
  line(ink, x1, y - 4, x1, y + 4);
  const hasRoom = x1 + 58 < Math.min(free[lane], stage.x(stage.us)) && x1 - x0 > (isStrong(move) ? 11 : 20);
  if (!hasRoom) return;
  writeTag(stage, ink, `+${delay.toFixed(0)} ms`, x1 + 6, y, colour);
  free[lane] = x0;
}

function writeTag(stage, ink, text, x, y, colour) {
  const { globalAlpha, fillStyle } = ink;
  ink.font = `500 11px ${stage.paint.mono}`;
  ink.textBaseline = "middle";
  ink.globalAlpha = 0.85;
  ink.fillStyle = stage.paint.page;
  ink.fillRect(x - 3, y - 7, 7 * text.length + 4, 15);
  ink.globalAlpha = Math.max(globalAlpha, 0.85);
  ink.fillStyle = colour;
  ink.fillText(text, x, y + 1);
  Object.assign(ink, { globalAlpha, fillStyle });
}

function writeName(stage, ink, venue, lane) {
  const { paint, venues, columns } = stage;
  const { name, look, is_stand_in, quote } = venues[venue];
  const own = columns[venue];
  const isNarrow = stage.width < NARROW;
  const x = stage.width * NOW_AT;
  const top = lane * stage.laneHeight;
  const middle = own.end ? own.mid[own.end - 1] : 0;
  const isSilent = !own.end || own.silent[own.end - 1];
  const dot = isSilent ? top + stage.laneHeight / 2 : stage.y(middle, lane);
  const y = Math.max(top + 20, Math.min(top + stage.laneHeight - (lane ? 32 : 18), dot));
  ink.fillStyle = paint.venues[look];
  if (!isSilent) GLYPHS[look](ink, x, dot, 5);
  ink.textBaseline = "alphabetic";
  ink.font = `600 ${isNarrow ? 11 : 13}px ${paint.sans}`;
  const title = is_stand_in ? `${name.toUpperCase()} ${quote}` : name.toUpperCase();
  ink.fillText(title, x + 13, y - 4);
  ink.fillStyle = isSilent ? paint.muted : paint.text;
  ink.font = isSilent ? `12px ${paint.sans}` : `${isNarrow ? 11 : 17}px ${paint.mono}`;
  ink.fillText(isSilent ? "no trades" : priceText(middle / stage.scales[venue]), x + 13, y + 13);
  const lead = columns[stage.leader];
  if (!lane || isSilent || !stage.hasLeader || !lead.end || stage.laneHeight < 52) return;
  const off = 1e4 * (middle / lead.mid[lead.end - 1] - 1);
  ink.font = `${isNarrow ? 11 : 12}px ${paint.mono}`;
  ink.fillStyle = Math.abs(off) > THRESHOLD_BPS ? paint.alarm : paint.muted;
  ink.fillText(`${off >= 0 ? "+" : "−"}${Math.abs(off).toFixed(1)} bps`, x + 13, y + 29);
}

/** A price with as many digits as its size asks for. */
export function priceText(price) {
  const digits = price >= 1000 ? 2 : price >= 1 ? 4 : 8;
  return price.toFixed(digits);
}

// How high some bps are, at the left of the first lane.
function writeScale(stage, ink) {
  const tall = stage.perBps;
  const bps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].find((each) => each * tall >= 22) ?? 1000;
  const y = stage.laneHeight - 10;
  const top = y - bps * tall;
  ink.strokeStyle = ink.fillStyle = stage.paint.faint;
  ink.lineWidth = 1;
  line(ink, 10.5, y, 10.5, top);
  line(ink, 8, y + 0.5, 13, y + 0.5);
  line(ink, 8, top + 0.5, 13, top + 0.5);
  ink.font = `11px ${stage.paint.mono}`;
  ink.textBaseline = "middle";
  ink.fillText(`${bps} bps`, 18, (y + top) / 2);
}

function writeRibbon(stage, ink) {
  const { paint, now } = stage;
  const x = stage.width * NOW_AT + 13;
  const isNarrow = stage.width < NARROW;
  ink.font = `11px ${paint.sans}`;
  ink.fillStyle = paint.muted;
  ink.textBaseline = "alphabetic";
  ink.fillText("Disagreement", 8, now.top + 10);
  ink.fillText("Widest implied spread", 8, stage.height - 5);
  ink.fillText(`${now.spread.toFixed(1)} bps`, x, stage.height - 5);
  ink.fillStyle = now.apart > THRESHOLD_BPS ? paint.alarm : paint.text;
  ink.font = `${isNarrow ? 17 : 26}px ${paint.mono}`;
  const value = now.apart.toFixed(1);
  ink.fillText(value, x, now.zero - 12);
  const wide = ink.measureText(value).width;
  ink.font = `11px ${paint.sans}`;
  ink.fillStyle = paint.muted;
  ink.fillText(isNarrow ? "bps" : "bps apart", x + wide + 5, now.zero - 12);
}

function writeSelected(stage, ink) {
  if (!stage.selected) return;
  const { us, price, venue } = stage.selected;
  ink.strokeStyle = stage.paint.text;
  ink.lineWidth = 1.5;
  ink.beginPath();
  ink.arc(stage.x(us), stage.y(price * stage.scales[venue], stage.order.indexOf(venue)), 7, 0, 7);
  ink.stroke();
}

function line(ink, x0, y0, x1, y1) {
  ink.beginPath();
  ink.moveTo(x0, y0);
  ink.lineTo(x1, y1);
  ink.stroke();
}
