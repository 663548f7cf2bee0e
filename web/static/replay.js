// The replay page: opens a symbol at an instant, runs the clock, and connects the stage, the readouts and the controls.
import { readAddress, SPANS_MS, SPEEDS, symbolNamed, writeAddress } from "./address.js";
import { scalesOf, writeChip } from "./basis.js";
import { beside, choices, onKeys } from "./controls.js";
import { Evidence } from "./evidence.js";
import { ask } from "./frames.js";
import { listen } from "./gestures.js";
import { dayStart, iso, LATEST_US, parseInstant, written } from "./instant.js";
import { eventBeside, moveBeside, newestTick, tickOf } from "./jumps.js";
import { slowInstants } from "./marks.js";
import { readPaint } from "./paint.js";
import { Player } from "./player.js";
import { notice, noticeEmpty, noticeMissing, sentenceOf, writeReadouts } from "./readouts.js";
import { DayLine, eventText, Scrubber } from "./scrubber.js";
import { Segments } from "./segments.js";
import { Stage } from "./stage.js";
import { Tape } from "./tape.js";

const BEFORE_US = 15e6; // what is opened around an event
const AFTER_US = 35e6;
const NEAR_US = 60e6; // an instant this near to an event belongs to it
const LEAD_IN_US = 900_000;
const TEXT_EVERY_MS = 90;
const REST_MS = 250; // after a jump, until moves and bars are read: who searches jumps often
const AGAIN_MS = 3000; // after a window could not be read, until the next one may be

const $ = (id) => document.getElementById(id);
const asked = readAddress(location.search);
const paint = readPaint();
const player = new Player(new Segments("", "", 0));
const stage = new Stage($("stage"), paint);
const scrubber = new Scrubber($("scrub"), player, paint);
const tape = new Tape($("tape"), (trade) => showEvidence(tickOf(player.segments, trade), $("tape").getBoundingClientRect()));
const day = new DayLine($("day"), paint, (us) => open(us, us - LEAD_IN_US));
const evidence = new Evidence($("evidence"));

const state = {
  snapshot: asked.snapshot,
  symbols: [],
  symbol: null,
  events: [],
  dayUs: null,
  eventUs: 0,
  basis: [],
  measured: [],
  isBasisOff: asked.isBasisOff,
  isReady: false,
};
let opened = 0; // counts what was opened, so that what comes late is dropped
let refused = null; // where the clock stood, and when, as a window could not be read

function fail(error) {
  player.toggle(false);
  const newest = ["Show the newest snapshot", () => location.assign(withoutSnapshot())];
  const isGone = error.status === 410;
  notice(sentenceOf(error), isGone ? newest : undefined);
}

/** Say why a window could not be read. It is not asked for again before the clock has moved on. */
function failWindow(error) {
  refused = { us: player.us, at: performance.now() };
  fail(error);
}

function withoutSnapshot() {
  const address = new URL(location.href);
  address.searchParams.delete("snapshot");
  return address;
}

/** Read what the snapshot has, and open what the address asks for. */
async function start() {
  const found = await ask("/api/symbols", { snapshot: state.snapshot });
  Object.assign(state, { snapshot: found.snapshot, symbols: found.symbols });
  $("snapshot").textContent = `snapshot of ${found.committed_at.slice(0, 16).replace("T", " ")}`;
  $("snapshot").title = `${found.snapshot}: what is shown can be shown again, because the address holds the snapshot`;
  const named = symbolNamed(found.symbols, asked.symbol ?? "");
  const symbol = named ?? found.symbols[0];
  $("symbol").replaceChildren(...found.symbols.map((each) => new Option(each.symbol, each.symbol)));
  $("symbol").value = symbol.symbol;
  if (asked.symbol && !named) {
    return noticeMissing(asked.symbol, found.symbols, () => begin(symbol).catch(fail));
  }
  return begin(symbol);
}

async function begin(symbol) {
  choose(symbol);
  await openDay(asked.us ?? symbol.last_us);
  if (asked.us !== null) return open(asked.us, asked.us);
  const us = state.events[0]?.start_us ?? Math.max(symbol.first_us, symbol.last_us - AFTER_US);
  return open(us, us - LEAD_IN_US);
}

function choose(symbol) {
  state.symbol = symbol;
  state.dayUs = null;
  const segments = new Segments(symbol.symbol, state.snapshot, symbol.venues.length);
  segments.failed = fail;
  player.segments = segments;
  player.endUs = symbol.last_us + 5e6;
  stage.show(symbol.venues, segments);
}

const parameters = (more) => ({ symbol: state.symbol.symbol, snapshot: state.snapshot, ...more });

async function openDay(us) {
  if (dayStart(us) === state.dayUs) return;
  const at = Math.max(0, Math.floor(us));
  const paths = ["/api/events", "/api/day"];
  const [events, minutes] = await Promise.all(paths.map((path) => ask(path, parameters({ at }))));
  state.dayUs = dayStart(us);
  state.events = events;
  day.show(us, minutes.columns, events);
  const options = events.map((event) => new Option(`${event.rank}. ${eventText(event)}`, event.start_us));
  $("events").replaceChildren(new Option(events.length ? "Events" : "No events", ""), ...options);
}

/** Open what happened around an instant, and stand at another one. */
async function open(us, seekUs) {
  const mine = ++opened;
  player.toggle(false);
  evidence.card.close();
  notice("");
  state.isReady = false;
  refused = null;
  try {
    await openDay(us);
    const starts = state.events.map((event) => event.start_us);
    const nearest = starts.sort((a, b) => Math.abs(a - us) - Math.abs(b - us))[0];
    state.eventUs = nearest !== undefined && Math.abs(nearest - us) < NEAR_US ? nearest : us;
    const readings = [readBasis(), readMeasured(), openWindow(state.eventUs, mine)];
    await Promise.all([...readings, player.seek(Math.max(0, seekUs))]);
    if (mine !== opened) return;
    applyBasis();
    if (!seen() && !scrubber.bars.trades.some((count) => count > 0)) {
      noticeEmpty(us, { symbol: state.symbol, dayUs: state.dayUs, minutes: day.minutes.minute }, open);
    }
  } catch (error) {
    failWindow(error);
  }
  if (mine !== opened) return;
  $("instant").value = written(state.eventUs);
  day.current(state.eventUs);
  $("events").value = state.events.some(({ start_us }) => start_us === state.eventUs) ? state.eventUs : "";
  state.isReady = true;
  remember();
}

/** Read the moves and the bars around an instant. */
async function openWindow(us, mine = opened) {
  const from = Math.max(0, Math.floor(us - BEFORE_US));
  const to = Math.min(LATEST_US, Math.floor(us + AFTER_US));
  const basis_at = state.isBasisOff && hasStandIn() ? Math.floor(state.eventUs) : null;
  const [found, bars] = await Promise.all([
    ask("/api/moves", parameters({ from, to })),
    ask("/api/bars", parameters({ from, to, basis_at })),
  ]);
  if (mine !== opened) return;
  stage.moves = found.moves;
  stage.lead(found.leader);
  player.slow = slowInstants(found.moves);
  scrubber.show(from, to, bars.columns, found.moves, stage.venues[stage.leader].look);
  drawn = "";
}

const hasStandIn = () => state.symbol.venues.some((venue) => venue.is_stand_in);

async function readBasis() {
  state.basis = hasStandIn() ? await ask("/api/basis", parameters({ at: Math.floor(state.eventUs) })) : [];
}

async function readMeasured() {
  const { symbol } = state.symbol;
  state.measured = await ask("/api/lead-lag", { symbol, at: Math.floor(state.eventUs) });
}

function applyBasis() {
  stage.scales = scalesOf(state.symbol.venues, state.basis, state.isBasisOff);
  writeChip($("basis"), state.basis, state.isBasisOff);
  refresh();
}

function toggleBasis() {
  state.isBasisOff = !state.isBasisOff;
  applyBasis();
  openWindow(scrubber.fromUs + BEFORE_US).catch(fail);
  remember();
}

const seen = () => state.symbol.venues.some((_, venue) => player.segments.last(venue, player.us));

let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    if (!state.symbol || player.playing) return;
    const { symbol, snapshot, isBasisOff } = { ...state, symbol: state.symbol.symbol };
    writeAddress({ symbol, us: player.us, spanMs: stage.spanUs / 1000, speed: player.speed, snapshot, isBasisOff });
  }, 120);
}

// the clock and the picture

let before = performance.now();
let lastText = 0;
let drawn = "";
let isMoved = false;
let soughtAt = 0;
let loading = false;

/** Draw anew, and without following softly. */
function refresh() {
  stage.settle();
  drawn = "";
}

function frame(now) {
  player.advance(now - before);
  before = now;
  const view = `${player.us}|${stage.spanUs}|${player.segments.kept.size}`;
  if (player.playing || stage.resized || view !== drawn) {
    stage.draw(player.us, player.pace);
    isMoved = true;
  }
  drawn = view;
  if (now - lastText > TEXT_EVERY_MS) {
    lastText = now;
    if (state.symbol) writeReadouts(player, stage, tape, state);
    // all that is painted in a frame lies in one rectangle, so the handle below the stage moves only now and then
    if (isMoved && scrubber.bars) scrubber.move();
    isMoved = false;
    if (player.playing || now - soughtAt > REST_MS) goOn(now);
  }
  requestAnimationFrame(frame);
}

// Beyond the window of the event, open the next one.
function goOn(now) {
  const isOutside = player.us < scrubber.fromUs || player.us > scrubber.toUs;
  const isTooSoon = refused && (player.us === refused.us || now - refused.at < AGAIN_MS);
  if (!state.isReady || !isOutside || loading || isTooSoon) return;
  loading = true;
  openDay(player.us)
    .then(() => openWindow(player.us + BEFORE_US - 1e6))
    .then(() => {
      if (refused) notice("");
      refused = null;
    })
    .catch(failWindow)
    .finally(() => (loading = false));
}

// controls

const spanName = (ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
const pickSpeed = (speed) => player.setSpeed(speed);
const showSpeed = choices($("speeds"), SPEEDS, (speed) => `${speed}×`, () => player.speed, pickSpeed);
const showSpan = choices($("spans"), SPANS_MS, spanName, () => stage.spanUs / 1000, zoomTo);

function zoomTo(ms) {
  stage.spanUs = player.spanUs = ms * 1000;
  player.segments.around(player.us, stage.spanUs).catch(fail);
  showSpan();
  remember();
}
const zoom = (by) => zoomTo(beside(SPANS_MS, stage.spanUs / 1000, by));
const faster = (by) => player.setSpeed(beside(SPEEDS, player.speed, by));

async function step(by) {
  player.toggle(false);
  const us = await player.segments.neighbour(player.us, by);
  if (us !== undefined) await player.seek(us);
}

function toMove(by) {
  const target = moveBeside(stage.moves, player.us, by);
  if (target) player.seek(target.us + (player.playing ? -40_000 : 0)).catch(fail);
}

function toEvent(by) {
  const us = eventBeside(state.events, state.eventUs, by);
  if (us !== undefined) open(us, us - LEAD_IN_US);
}

async function showEvidence(tick, near) {
  stage.selected = tick ?? null;
  drawn = "";
  if (!tick) return evidence.card.close();
  player.toggle(false);
  const { symbol, snapshot } = parameters();
  try {
    await evidence.open({ symbol, snapshot, venue: stage.venues[tick.venue], us: tick.us, nth: tick.nth }, near);
  } catch (error) {
    fail(error);
  }
}

listen($("stage"), stage, {
  hold: () => player.toggle(false),
  drag: (us) => {
    player.us = Math.max(0, us);
    player.segments.around(player.us, stage.spanUs).catch(fail);
  },
  release: remember,
  zoom,
  pick: (x, y, event) => showEvidence(stage.nearest(x, y), { x: event.clientX, y: event.clientY }),
});

const KEYS = {
  " ": () => player.toggle(),
  ArrowRight: (event) => (event.shiftKey ? player.seek(player.us + 1e5) : step(1)),
  ArrowLeft: (event) => (event.shiftKey ? player.seek(player.us - 1e5) : step(-1)),
  j: () => toMove(1),
  k: () => toMove(-1),
  n: () => toEvent(1),
  p: () => toEvent(-1),
  Home: () => player.seek(state.eventUs - LEAD_IN_US),
  "]": () => faster(1),
  "[": () => faster(-1),
  "+": () => zoom(-1),
  "=": () => zoom(-1),
  "-": () => zoom(1),
  e: () => showEvidence(newestTick(player.segments, stage.venues.length, player.us), { x: innerWidth / 2, y: 120 }),
  b: () => state.basis.length && toggleBasis(),
  t: () => $("instant").select(),
  "?": () => $("keys").showModal(),
  Escape: () => (stage.selected = null) ?? evidence.card.close(),
};
onKeys(KEYS, () => $("keys").open || !state.symbol, fail);

$("play").addEventListener("click", () => player.toggle());
$("step").addEventListener("click", () => step(1).catch(fail));
$("step-back").addEventListener("click", () => step(-1).catch(fail));
$("next").addEventListener("click", () => toMove(1));
$("back").addEventListener("click", () => toMove(-1));
$("help").addEventListener("click", () => $("keys").showModal());
$("basis").addEventListener("click", toggleBasis);
$("slow").addEventListener("change", () => (player.slowMotion = $("slow").checked));
$("events").addEventListener("change", () => {
  const us = Number($("events").value);
  if (us) open(us, us - LEAD_IN_US);
});
$("symbol").addEventListener("change", () => {
  choose(state.symbols.find(({ symbol }) => symbol === $("symbol").value));
  open(player.us || state.symbol.last_us, player.us || state.symbol.last_us);
});
$("instant").addEventListener("input", () => $("instant").setCustomValidity(""));
$("goto").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = $("instant");
  const us = parseInstant(field.value, player.us);
  if (us === null) {
    field.setCustomValidity(
      "Expected a UTC instant, such as 2024-02-08 15:12:04, 15:12:04 on the day shown, or seconds since 1970.",
    );
    return field.reportValidity();
  }
  await open(us, us);
  if ($("notice").hidden) player.toggle(true);
});

player.addEventListener("seek", () => {
  soughtAt = performance.now();
  refresh();
  remember();
});
player.addEventListener("state", () => {
  $("play-icon").setAttribute("d", player.playing ? "M3 1h4v14H3zM9 1h4v14H9z" : "M3 1v14l12-7z");
  $("headline").setAttribute("aria-live", player.playing ? "off" : "polite"); // it would be read out all the time
  $("play-word").textContent = player.playing ? "Pause" : "Replay";
  showSpeed();
  remember();
});
addEventListener("theme", () => {
  Object.assign(paint, readPaint());
  drawn = "";
  scrubber.draw();
  day.draw();
});

if (matchMedia("(prefers-reduced-motion: reduce)").matches) $("slow").checked = player.slowMotion = false;
player.speed = player.pace = asked.speed;
stage.spanUs = player.spanUs = asked.spanMs * 1000;
showSpeed();
showSpan();
requestAnimationFrame(frame);
// a test sets the clock, and need not wait for it
window.replay = { player, stage, scrubber, state, tape, iso, open };
start().catch(fail);
