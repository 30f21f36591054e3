// Asks again and again, one question at a time, for as long as somebody looks at the page.
export class poll {
  #ask;
  #pause;
  #timer = null;
  #asking = false;
  #again = false;

  // `ask` must not throw; `pause()` is how long to wait afterwards in ms, null to stop.
  constructor(ask, pause) {
    this.#ask = ask;
    this.#pause = pause;
  }

  // Asks at once, or once more when the answer that is awaited has come.
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

  // Plans the next question anew, as when the pause has become another.
  plan() {
    clearTimeout(this.#timer);
    const pause = document.hidden ? null : this.#pause();
    if (pause !== null && !this.#asking) this.#timer = setTimeout(() => this.now(), pause);
  }
}
