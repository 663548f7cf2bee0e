// The tape: the newest trades of all venues; the fills of one sweep are one line.
import { iso } from "./instant.js";
import { priceText } from "./marks.js";
import { lowerBound, SEGMENT_US, sideOf, venueOf } from "./segments.js";

const LINES = 40;
const SWEEP_US = 20; // fills of a venue and side within so little time are one order
const LARGE_SWEEP = 40;
const SIDES = ["▽", "▲", "·"];
const SIDE_NAMES = ["sold", "bought", "unknown"];

export class Tape {
  /** @param choose called with the trade of a line that was clicked */
  constructor(body, choose) {
    this.rows = Array.from({ length: LINES }, () => {
      const row = body.insertRow();
      const cells = Array.from({ length: 5 }, () => row.insertCell());
      cells[1].append(Object.assign(document.createElement("i"), { className: "glyph" }));
      const name = Object.assign(document.createElement("span"), { className: "visually-hidden" });
      cells[1].append(name);
      row.addEventListener("click", () => row.hidden || choose(this.shown[this.rows.findIndex((r) => r.row === row)]));
      return { row, cells, name };
    });
    this.shown = [];
  }

  show(us, segments, venues) {
    this.shown = [];
    for (const sweep of sweeps(us, segments)) {
      if (this.shown.push(sweep) === LINES) break;
    }
    this.rows.forEach(({ row, cells, name }, line) => {
      const sweep = this.shown[line];
      row.hidden = !sweep;
      if (!sweep) return;
      const { look, name: venue } = venues[sweep.venue];
      row.dataset.venue = look;
      row.className = sweep.fills > LARGE_SWEEP ? "sweep" : "";
      put(cells[0], iso(sweep.us).slice(17, 26));
      put(name, venue);
      put(cells[2], SIDES[sweep.side]);
      cells[2].title = SIDE_NAMES[sweep.side];
      put(cells[3], priceText(sweep.price));
      put(cells[4], sweep.fills > 1 ? `${sweep.quantity.toFixed(3)} ×${sweep.fills}` : sweep.quantity.toFixed(3));
    });
  }
}

/** The sweeps at and before an instant, the newest first. */
export function* sweeps(us, segments) {
  let index = Math.floor(us / SEGMENT_US);
  for (let tries = 0; tries < 3; tries++, index--) {
    const segment = segments.kept.get(index);
    if (!segment) return;
    const { offset_us, price, quantity, venue_side } = segment.order;
    let k = lowerBound(offset_us, us - segment.from + 1) - 1;
    while (k >= 0) {
      const code = venue_side[k];
      const at = offset_us[k];
      const [venue, side] = [venueOf(code), sideOf(code)];
      const sweep = { us: segment.from + at, venue, side, price: price[k], quantity: 0, fills: 0 };
      for (; k >= 0 && venue_side[k] === code && at - offset_us[k] < SWEEP_US; k--) {
        sweep.quantity += quantity[k];
        sweep.fills++;
      }
      yield sweep;
    }
  }
}

function put(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}
