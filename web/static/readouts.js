// What is written beside the picture: the clock, the verdict, the delays, and what is missing.
import { clock, date, micro, written } from "./instant.js";
import { drawDelays, verdict, write } from "./lead_lag.js";

const $ = (id) => document.getElementById(id);

/** Write what is known at the player's instant; `eventUs` and `measured` belong to the event that is shown. */
export function writeReadouts(player, stage, tape, { eventUs, measured }) {
  const us = Math.floor(player.us);
  $("clock").textContent = clock(us);
  $("micro").textContent = micro(us);
  const since = (us - eventUs) / 1e6;
  const waiting = player.playing && player.waiting ? " · loading" : "";
  const pace = player.playing ? player.pace : player.speed;
  const sinceText = `T${since < 0 ? "−" : "+"}${Math.abs(since).toFixed(3)} s`;
  const ticks = stage.visible.toLocaleString("en");
  $("since").textContent = `${sinceText} · ${pace.toFixed(2)}× · ${ticks} ticks${waiting}`;
  const { venues, order, hasLeader, moves } = stage;
  const known = { venues, order, hasLeader, moves, us, measured };
  const { head, note } = verdict(known);
  const key = JSON.stringify(head);
  if ($("verdict").dataset.key !== key) {
    $("verdict").dataset.key = key;
    write($("verdict"), head);
    $("note").textContent = note;
  }
  drawDelays($("delays"), known);
  tape.show(us, player.segments, venues);
}

/** Say what is missing and what to do; `action` is [text, function]. Without a sentence, say nothing. */
export function notice(sentence, action) {
  $("notice").hidden = !sentence;
  if (!sentence) return;
  $("notice").querySelector("p").textContent = sentence;
  const button = $("notice").querySelector("button");
  button.hidden = !action;
  if (action) [button.textContent, button.onclick] = action;
}

/** What to say of an error of the server, or of a server that does not answer. */
export function sentenceOf({ status, message }) {
  return status ? `${message[0].toUpperCase()}${message.slice(1)}.` : `The server does not answer: ${message}`;
}

/** Say that there are no trades around an instant, and lead to the nearest minute of the day that has some. */
export function noticeEmpty(us, { symbol, dayUs, minutes }, open) {
  const { first_us, last_us } = symbol;
  const own = (us - dayUs) / 60e6;
  const near = [...minutes].sort((a, b) => Math.abs(a - own) - Math.abs(b - own))[0];
  const target = near !== undefined ? dayUs + near * 60e6 + 30e6 : us < first_us ? first_us : last_us;
  const nearest = `The nearest are at ${written(target)}`;
  const held = `the lake has some from ${date(first_us)} to ${date(last_us)}`;
  notice(`No trades of ${symbol.symbol} around ${written(us)}. ${nearest}; ${held}.`, [
    `Go to ${written(target)}`,
    () => open(target, target),
  ]);
}

/** Say that a symbol has no trades, and lead to the first that has. */
export function noticeMissing(name, symbols, showFirst) {
  const some = symbols.slice(0, 6).map(({ symbol }) => symbol);
  notice(`The lake has no trades of ${name.slice(0, 40)}. It has ${some.join(", ")}.`, [
    `Show ${some[0]}`,
    () => {
      notice("");
      showFirst();
    },
  ]);
}
