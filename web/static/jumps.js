// What lies beside an instant, or at it: moves, events and ticks to jump to.
import { tickAt } from "./stage.js";

/** The next move (by = 1) or the one before (by = -1); undefined if there is none. */
export function moveBeside(moves, us, by) {
  return by > 0 ? moves.find((move) => move.us > us + 1000) : moves.findLast((move) => move.us < us - 120_000);
}

/** When the next event begins, or the one before; undefined if there is none. */
export function eventBeside(events, us, by) {
  const starts = events.map(({ start_us }) => start_us).sort((a, b) => a - b);
  return by > 0 ? starts.find((start) => start > us) : starts.findLast((start) => start < us);
}

/** The tick of a line of the tape, with which of its venue's at that instant it is. */
export function tickOf(segments, { venue, us }) {
  return asTick(venue, segments.last(venue, us));
}

/** The newest tick of all venues at an instant; undefined if there is none near. */
export function newestTick(segments, venueCount, us) {
  const each = Array.from({ length: venueCount }, (_, venue) => ({ venue, found: segments.last(venue, us) }));
  const last = each.filter(({ found }) => found);
  if (!last.length) return undefined;
  const { venue, found } = last.reduce((a, b) => (a.found.us >= b.found.us ? a : b));
  return asTick(venue, found);
}

const asTick = (venue, { ticks, k, us }) => ({ venue, ...tickAt(ticks, k, us - ticks.us[k]) });
