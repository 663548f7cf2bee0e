// The clock of the replay: market time against the browser's, with speed, steps, and slow motion around large moves.
const SLOWEST = 0.06;
const EASE_MS = 120;
const BEFORE_US = 60_000;
const AFTER_US = 190_000;

export class Player extends EventTarget {
  us = 0;
  speed = 0.25;
  pace = 0.25; // what the speed is right now, eased
  playing = false;
  waiting = false;
  slowMotion = true;
  slow = []; // the instants that slow motion is for, in order
  spanUs = 1_200_000;
  endUs = Infinity;

  /** @param segments where the ticks are; another symbol or snapshot sets it again */
  constructor(segments) {
    super();
    this.segments = segments;
  }

  async seek(us) {
    this.us = Math.max(0, Math.round(us));
    await this.segments.around(this.us, this.spanUs);
    this.dispatchEvent(new Event("seek"));
  }

  /** Move on by what has passed since the last frame; waits, as a film does, where ticks are not there yet. */
  advance(passedMs) {
    if (!this.playing) return;
    this.segments.ahead(this.us, 2 + Math.ceil(this.speed));
    this.waiting = !this.segments.has(this.us);
    if (this.waiting) return;
    const wanted = this.slowMotion && this.isSlow() ? Math.min(this.speed, SLOWEST) : this.speed;
    this.pace += (wanted - this.pace) * (1 - Math.exp(-passedMs / EASE_MS));
    this.us += Math.min(passedMs, 50) * 1000 * this.pace;
    if (this.us >= this.endUs) {
      this.us = this.endUs;
      this.toggle(false);
    }
  }

  isSlow() {
    return this.slow.some((us) => this.us > us - BEFORE_US && this.us < us + AFTER_US);
  }

  toggle(playing = !this.playing) {
    this.playing = playing;
    this.dispatchEvent(new Event("state"));
  }

  setSpeed(speed) {
    this.speed = speed;
    if (!this.playing) this.pace = speed;
    this.dispatchEvent(new Event("state"));
  }
}
