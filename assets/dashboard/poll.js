// Polls repeatedly, one request at a time, while the page is visible.
export class poll {
  #ask;
  #pause;
  #timer = null;
  #asking = false;
  #again = false;

  // `ask` must not throw. `pause()` returns the time until the next request in ms, or null to stop.
  constructor(ask, pause) {
    this.#ask = ask;
    this.#pause = pause;
  }

  // Sends a request now. If one is running, sends another one after it.
  async now() {
    clearTimeout(this.#timer);
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    do {
      this.#again = false;
      await this.#ask();
    } while (this.#again);
    this.#asking = false;
    this.plan();
  }

  // Schedules the next request again, for example after the pause has changed.
  plan() {
    clearTimeout(this.#timer);
    const pause = document.hidden ? null : this.#pause();
    if (pause !== null && !this.#asking) this.#timer = setTimeout(() => this.now(), pause);
  }
}
