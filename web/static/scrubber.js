// Two timelines. That of the event: trades and disagreement in each 100 ms, moves, what is loaded, and a handle. That
// of the day: volatility in each minute, and the events. Pictures are drawn once; then a veil and a line move.
import { clock, date, dayStart } from "./instant.js";
import { isStrong } from "./marks.js";
import { SEGMENT_US } from "./segments.js";
import { THRESHOLD_BPS } from "./stage.js";

const DAY_US = 86_400e6;

export class Scrubber {
  moves = [];
  bars = null;
  fromUs = 0;
  toUs = 1;

  constructor(host, player, paint) {
    Object.assign(this, { player, paint });
    this.canvas = host.querySelector("canvas");
    this.buffer = host.querySelector(".buffer");
    this.veil = host.querySelector(".veil");
    this.handle = host.querySelector(".handle");
    this.input = host.querySelector("input");
    this.input.addEventListener("input", () => player.seek(Number(this.input.value)));
    new ResizeObserver(() => this.draw()).observe(host);
  }

  show(fromUs, toUs, bars, moves, leaderLook) {
    Object.assign(this, { fromUs, toUs, bars, moves, leaderLook });
    this.input.min = fromUs;
    this.input.max = toUs;
    this.draw();
  }

  /** Move what moves. */
  move() {
    const part = (us) => Math.max(0, Math.min(1, (us - this.fromUs) / (this.toUs - this.fromUs)));
    const { player } = this;
    const now = part(player.us);
    this.veil.style.transform = `scaleX(${1 - now})`;
    this.handle.style.transform = `translateX(${now * this.width}px)`;
    const kept = [...player.segments.kept.keys()];
    this.buffer.style.left = `${part(Math.min(...kept) * SEGMENT_US) * 100}%`;
    this.buffer.style.right = `${100 - part((Math.max(...kept) + 1) * SEGMENT_US) * 100}%`;
    const value = String(Math.round(player.us));
    if (document.activeElement !== this.input || !player.playing) this.input.value = value;
    this.input.setAttribute("aria-valuetext", clock(player.us));
  }

  draw() {
    const [ink, width, height] = prepared(this.canvas);
    this.width = width;
    if (!this.bars) return;
    const { paint, bars } = this;
    const { apart_bps: apart, trades } = bars;
    const base = height - 5;
    const most = apart.reduce((a, b) => Math.max(a, b), 12);
    const busiest = trades.reduce((a, b) => Math.max(a, b), 1);
    const wide = width / apart.length;
    for (let k = 0; k < apart.length; k++) {
      const volume = Math.sqrt(trades[k] / busiest) * (height - 18);
      const tall = (apart[k] / most) * (height - 18);
      ink.fillStyle = paint["line-strong"];
      ink.fillRect(k * wide, base - volume, Math.max(1, wide - 0.6), volume);
      ink.fillStyle = apart[k] > THRESHOLD_BPS ? paint.alarm : paint.faint;
      ink.fillRect(k * wide, base - tall, Math.max(1, wide - 0.6), tall);
    }
    for (const move of this.moves) {
      ink.fillStyle = isStrong(move) ? paint.venues[this.leaderLook] : paint.faint;
      const x = ((move.us - this.fromUs) / (this.toUs - this.fromUs)) * width;
      ink.fillRect(x - 0.75, 0, 1.5, isStrong(move) ? 9 : 5);
    }
  }
}

export class DayLine {
  minutes = null;

  /** @param open called with an event that was chosen, or an instant that was clicked */
  constructor(host, paint, open) {
    Object.assign(this, { paint, open });
    this.canvas = host.querySelector("canvas");
    this.marks = host.querySelector(".events");
    this.canvas.addEventListener("click", (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.open(Math.round(this.dayUs + ((event.clientX - box.left) / box.width) * DAY_US));
    });
    new ResizeObserver(() => this.draw()).observe(host);
  }

  show(us, minutes, events) {
    this.dayUs = dayStart(us);
    this.minutes = minutes;
    this.marks.replaceChildren(...events.map((event) => this.mark(event)));
    this.draw();
  }

  mark(event) {
    const button = document.createElement("button");
    button.type = "button";
    button.style.left = `${((event.start_us - this.dayUs) / DAY_US) * 100}%`;
    button.title = `${event.rank}. ${eventText(event)}`;
    button.setAttribute("aria-label", `Event ${event.rank}, ${eventText(event)}`);
    button.dataset.us = event.start_us;
    button.addEventListener("click", () => this.open(event.start_us));
    return button;
  }

  /** Mark the event that is shown. */
  current(us) {
    for (const button of this.marks.children) {
      if (Number(button.dataset.us) === us) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  draw() {
    const [ink, width, height] = prepared(this.canvas);
    if (!this.minutes) return;
    const { paint } = this;
    const { minute, volatility_bps: volatility } = this.minutes;
    const positive = volatility.filter((value) => value > 0);
    const low = Math.log(positive.reduce((a, b) => Math.min(a, b), Infinity) * 0.9);
    const high = Math.log(positive.reduce((a, b) => Math.max(a, b), 0));
    for (let k = 0; k < minute.length; k++) {
      if (!(volatility[k] > 0)) continue;
      const part = high > low ? (Math.log(volatility[k]) - low) / (high - low) : 0.2;
      ink.fillStyle = part > 0.62 ? paint.muted : paint.faint;
      const tall = Math.max(1, part * (height - 15));
      ink.fillRect((minute[k] / 1440) * width, height - 13 - tall, Math.max(0.8, width / 1440 - 0.2), tall);
    }
    ink.font = `11px ${paint.mono}`;
    ink.fillStyle = paint.faint;
    ink.textBaseline = "bottom";
    const every = width < 560 ? 6 : 3;
    for (let hour = 0; hour < 24; hour += every) {
      const label = hour ? `${String(hour).padStart(2, "0")}:00` : date(this.dayUs);
      ink.fillText(label, (hour / 24) * width, height + 1);
    }
  }
}

/** Such as `15:12:04, −231 bps`. */
export function eventText({ start_us, move_bps }) {
  return `${clock(start_us).slice(0, 8)}, ${move_bps < 0 ? "−" : "+"}${Math.abs(move_bps).toFixed(0)} bps`;
}

function prepared(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = Math.min(devicePixelRatio || 1, 2);
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const ink = canvas.getContext("2d");
  ink.scale(scale, scale);
  return [ink, width, height];
}
