// The connection to the server: the whole board, then what changes. It says which frames it has taken in, so that a page
// that can't keep up gets fewer, and connects again when it is lost.
import { unpack } from "./frames.js";

const ACKNOWLEDGE_EVERY = 2;
const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
// Clocks of one machine agree, and a message takes a few milliseconds there, which are no difference of clocks.
const SAME_MACHINE_MS = 20;

export class Connection {
  /** `on` has hello(board, lostMs), frame(frame), trouble(sentence) and lost(). `lostMs` is null the first time. */
  constructor(on) {
    this.on = on;
    this.wait = SHORTEST_WAIT_MS;
    this.lostAt = null;
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live/feed`);
    socket.binaryType = "arraybuffer";
    let acknowledged = 0;
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") return this.begin(JSON.parse(data));
      const frame = unpack(data);
      if (frame.n - acknowledged >= ACKNOWLEDGE_EVERY || !acknowledged) {
        acknowledged = frame.n;
        socket.send(String(frame.n));
      }
      this.on.frame(frame);
    };
    socket.onclose = () => {
      this.lostAt ??= performance.now();
      this.on.lost();
      setTimeout(() => this.open(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT_MS);
    };
    this.socket = socket;
  }

  begin(said) {
    if (said.trouble) return this.on.trouble(said.trouble);
    this.on.hello(said, this.lostAt === null ? null : performance.now() - this.lostAt);
    this.lostAt = null;
    this.wait = SHORTEST_WAIT_MS;
  }
}

/** Compares the server's clock with this one. A message takes time, so the least difference counts. */
export class ServerClock {
  constructor() {
    this.least = Infinity;
  }

  note(ms) {
    this.least = Math.min(this.least, Date.now() - ms);
  }

  /** The server's time now, in milliseconds since 1970. */
  now() {
    const isSame = this.least >= 0 && this.least <= SAME_MACHINE_MS;
    return Date.now() - (isSame || this.least === Infinity ? 0 : this.least);
  }
}
