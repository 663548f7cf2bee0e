// The live page. Frames change the model at once; the screen changes once in an animation frame, and only where it must.
import { Block } from "./live_block.js";
import { Columns } from "./live_canvas.js";
import { readingOf } from "./live_causes.js";
import { Connection, ServerClock } from "./live_feed.js";
import { Alerts, Feeds, Latency } from "./live_rail.js";
import { readTheme } from "./strip.js";

const SLOW_MS = 200;
const SAID_MS = 1000;
const RAIL_MS = 500;
const FRAMES = 60; // in a second
const SORT_MS = 1000;
const SLIDE_MS = 260;
const NOTICE_MS = 5000;

const $ = (id) => document.getElementById(id);
const board = $("board");
const latency = new Latency($("p50"), $("p95"));
const alerts = new Alerts($("alerts"), $("said"));
const clock = new ServerClock();
const columns = new Columns(board, $("head"));
const model = {
  said: null,
  rows: [],
  blocks: [],
  order: [],
  feeds: null,
  feedsSaid: [],
  limits: { threshold: 10, fees: 20 },
  isOwnThreshold: false,
  isPaused: false,
  sort: "apart",
  arrived: null,
  theme: readTheme(),
};

function hello(said, lostMs) {
  const isSame = model.said && JSON.stringify(model.said.rows) === JSON.stringify(said.rows);
  model.said = said;
  $("source").textContent = said.source + (said.lands ? ", landing" : "");
  model.limits.fees = said.limits.fees;
  if (!model.isOwnThreshold) setThreshold(said.limits.threshold);
  if (!isSame) build(said);
  for (const [k, block] of model.blocks.entries()) {
    block.board = said;
    block.remember(said.history[k]);
  }
  model.feeds = new Feeds($("feeds"), said.venues);
  alerts.clear();
  if (lostMs === null) notice("");
  else {
    alerts.missed(lostMs);
    notice(`Connected again after ${(lostMs / 1000).toFixed(1)} s; quotes in between were not shown.`, NOTICE_MS);
  }
  filter();
}

function build(said) {
  for (const block of model.blocks) block.element.remove();
  model.blocks = said.symbols.map((symbol, k) => {
    const rows = said.rows.filter(([number]) => number === k);
    return new Block(symbol, said.venues, rows, said.history[k], said);
  });
  const next = model.blocks.map(() => 0);
  model.rows = said.rows.map(([k]) => model.blocks[k].rows[next[k]++]);
  model.order = [...model.blocks];
  board.append(...model.blocks.map((block) => block.element));
  const seen = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const block = model.blocks.find((each) => each.element === target);
        if (block) block.isSeen = isIntersecting;
      }
    },
    { rootMargin: "80px" },
  );
  for (const block of model.blocks) seen.observe(block.element);
  columns.measure();
}

const anew = () => model.blocks.forEach((block) => (block.isRead = block.reading !== null));

function receive({ ms, columns, readings, feeds, alerts: changed, trouble }) {
  clock.note(ms);
  const { row, bid, ask, last, size, at } = columns;
  for (let k = 0; k < row.length; k++) {
    const target = model.rows[row[k]];
    target.bid = bid[k];
    target.ask = ask[k];
    target.last = last[k];
    target.size = size[k];
    target.at = at[k];
    target.isChanged = true;
  }
  if (row.length) model.arrived ??= ms;
  for (const [number, cause, ...values] of readings ?? []) {
    model.blocks[number].read(readingOf(values), cause ? model.said.causes[cause - 1] : null);
  }
  if (feeds) model.feedsSaid = feeds;
  if (changed) alerts.take(changed);
  if (trouble) notice(trouble);
}

function paint(now) {
  requestAnimationFrame(paint);
  if (!model.said || model.isPaused) {
    model.arrived = null;
    return;
  }
  const scene = sceneAt(now);
  for (const block of model.blocks) block.paint(scene);
  paintSlowly(scene);
  if (now - railAt > RAIL_MS) paintRail(now);
  if (model.arrived !== null) measure(model.arrived);
  model.arrived = null;
}

const sceneAt = (now) => ({ now, serverMs: clock.now(), limits: model.limits, theme: model.theme, columns });

// Each symbol in its turn, a few in every frame, so that no frame has much to do.
const turns = { slow: 0, said: 0 };
function paintSlowly(scene) {
  const { now } = scene;
  const isDue = (block) => now - block.paintedSlowlyAt > SLOW_MS;
  turns.slow = eachDue(turns.slow, SLOW_MS, isDue, (block) => block.paintSlowly(scene));
  turns.said = eachDue(turns.said, SAID_MS, (block) => now - block.saidAt > SAID_MS, (block) => block.say(scene));
}

function eachDue(turn, everyMs, isDue, act) {
  const { blocks } = model;
  const most = Math.ceil((blocks.length * 1000) / (FRAMES * everyMs));
  for (let k = 0; k < most && isDue(blocks[turn % blocks.length]); k++, turn++) act(blocks[turn % blocks.length]);
  return turn % blocks.length;
}

let railAt = 0;
function paintRail(now) {
  railAt = now;
  model.feeds.paint(model.feedsSaid, model.said.stale_ms);
  latency.paint();
  sort(now);
}

/** Draw all symbols as they are now; for another theme or window, also while paused. */
function paintAll() {
  if (!model.said) return;
  anew();
  const scene = sceneAt(performance.now());
  for (const block of model.blocks) block.paintWhole(scene);
}

// A task that is posted in an animation frame runs when that frame has been painted.
const painted = new MessageChannel();
painted.port1.onmessage = ({ data }) => latency.add(Math.max(0, clock.now() - data));
const measure = (ms) => painted.port2.postMessage(ms);

// Blocks change places at most once a second, slide there, and hold still under a pointer. Calm ones never move: only
// what was over the threshold within five seconds is ranked, and coarsely.
let sortedAt = 0;
function sort(now) {
  if (now - sortedAt < SORT_MS || board.querySelector(".block:hover")) return;
  sortedAt = now;
  const ranks = new Map(model.blocks.map((block) => [block, block.rank(model.limits)]));
  const byRank = (a, b) => ranks.get(b) - ranks.get(a);
  const byName = (a, b) => a.symbol.localeCompare(b.symbol);
  const order = [...model.order].sort(model.sort === "apart" ? byRank : byName);
  if (order.every((block, k) => block === model.order[k])) return;
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!isStill) for (const block of order) block.top = block.element.offsetTop;
  board.append(...order.map((block) => block.element));
  model.order = order;
  if (isStill) return;
  for (const block of order.filter((each) => each.isSeen)) {
    const moved = block.top - block.element.offsetTop;
    if (!moved) continue;
    block.element.animate([{ transform: `translateY(${moved}px)` }, { transform: "none" }], {
      duration: SLIDE_MS,
      easing: "cubic-bezier(.2,.7,.2,1)",
    });
  }
}

let noticeTimer = 0;
function notice(sentence, ms = 0) {
  clearTimeout(noticeTimer);
  if ($("notice").textContent !== sentence) $("notice").textContent = sentence;
  if (ms) noticeTimer = setTimeout(() => notice(""), ms);
}

function setThreshold(bps) {
  const slider = $("threshold");
  slider.value = bps;
  model.limits.threshold = Number(slider.value) === Math.round(bps) ? bps : Number(slider.value);
  $("threshold-value").value = `${model.limits.threshold} bps`;
  anew();
}

function filter() {
  const wanted = $("filter").value.trim().toUpperCase();
  let count = 0;
  for (const { symbol, element } of model.blocks) {
    element.hidden = !symbol.toUpperCase().includes(wanted);
    count += element.hidden ? 0 : 1;
  }
  if (model.blocks.length && !count) notice(`No symbol contains “${wanted}”.`);
  else if ($("notice").textContent.startsWith("No symbol")) notice("");
}

function pause() {
  model.isPaused = !model.isPaused;
  $("pause").setAttribute("aria-pressed", model.isPaused);
  $("pause-sign").textContent = model.isPaused ? "▶" : "❚❚";
  $("pause").querySelector(".words").textContent = model.isPaused ? "Resume" : "Pause";
  if (model.isPaused) {
    const scene = sceneAt(performance.now());
    for (const block of model.blocks) block.say(scene);
  }
  anew();
}

function sortBy(column) {
  model.sort = column;
  sortedAt = 0;
  for (const head of document.querySelectorAll("[data-column]")) {
    const isChosen = head.dataset.column === column;
    const arrow = column === "apart" ? " ↓" : " ↑";
    head.querySelector("button").textContent = head.dataset.column === "apart" ? "Apart" : "Symbol";
    if (isChosen) {
      head.querySelector("button").textContent += arrow;
      head.setAttribute("aria-sort", column === "apart" ? "descending" : "ascending");
    } else head.removeAttribute("aria-sort");
  }
}

const KEYS = {
  "/": () => $("filter").focus(),
  " ": pause,
  "[": () => chooseThreshold(model.limits.threshold - 1),
  "]": () => chooseThreshold(model.limits.threshold + 1),
  s: () => sortBy(model.sort === "apart" ? "symbol" : "apart"),
  "?": () => $("help").showModal(),
};

function chooseThreshold(bps) {
  model.isOwnThreshold = true;
  setThreshold(bps);
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
  const isTyping = event.target.matches("input:not([type=range]), select, textarea");
  if (event.key === "Escape" && isTyping) {
    $("filter").value = "";
    filter();
    $("filter").blur();
    return;
  }
  const isPressing = event.key === " " && event.target.closest("button, a, input");
  if (isTyping || isPressing || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
$("threshold").addEventListener("input", (event) => chooseThreshold(Number(event.target.value)));
$("filter").addEventListener("input", filter);
$("pause").addEventListener("click", pause);
$("keys").addEventListener("click", () => $("help").showModal());
for (const button of document.querySelectorAll("[data-sort]")) {
  button.addEventListener("click", () => sortBy(button.dataset.sort));
}
addEventListener("theme", () => {
  model.theme = readTheme();
  columns.measure();
  paintAll();
});

new ResizeObserver(() => {
  columns.measure();
  paintAll();
}).observe($("head"));

const lost = () => notice("The connection to the server is lost; trying again …");
const connection = new Connection({ hello, frame: receive, trouble: notice, lost });
requestAnimationFrame(paint);

/** For tests: what the page knows. */
window.live = { model, latency, alerts, connection };
