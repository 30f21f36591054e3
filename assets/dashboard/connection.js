// Keeps the store up to date: by events where they come, else by asking; and heals by itself.
import { get } from './api.js';
import { events } from './events.js';
import { poll } from './poll.js';

const status_every = 2_000;
const hosts_every = 10_000;
const recoveries_every = 5_000;

// 1, 2, 4, 8, then every 15 seconds.
export const backoff = (failures) => Math.min(1000 * 2 ** (failures - 1), 15_000);

export class connection {
  lost_since = null; // when the first question went unanswered; null while answers come
  why = null; // what became of the last question
  retry_at = null; // when the next try is due
  #store;
  #changed;
  #events;
  #misses = 0; // questions in a row without an answer
  #breaks = 0; // attempts in a row at /events that came to nothing
  #gap = false; // events were missed
  #reopen = null;
  #status = new poll(
    () => this.#ask_status(),
    () => this.#status_pause(),
  );
  #hosts = new poll(
    () => this.#ask('/api/hosts', (answer) => this.#store.take_hosts(answer)),
    () => (this.lost_since ? null : hosts_every),
  );
  #recoveries = new poll(
    () => this.#ask('/api/recoveries?limit=50', (answer) => this.#store.take_recoveries(answer)),
    () => (this.phase === 'polling' ? recoveries_every : null),
  );

  constructor(store, changed) {
    this.#store = store;
    this.#changed = changed;
    this.#events = new events(
      (message) => this.#hear(message),
      () => this.#broken(),
    );
  }

  // "connecting" at first, "live" while events come, "polling" while only questions are answered,
  // "lost" while not even these are.
  get phase() {
    if (this.lost_since) return 'lost';
    if (this.#events.heard) return 'live';
    return this.#breaks > 0 ? 'polling' : 'connecting';
  }

  start() {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.refresh();
    });
    this.refresh();
  }

  // Asks for everything that is polled, now.
  refresh() {
    this.#status.now();
    if (this.lost_since) return;
    this.#hosts.now();
    if (this.phase === 'polling') this.#recoveries.now();
  }

  // Adds the next page of recoveries that are older than those known.
  async load_older() {
    const before = this.#store.older_before;
    const answer = await get(`/api/recoveries?limit=50&before=${before}`);
    this.#store.take_recoveries(answer, true);
  }

  #status_pause() {
    if (!this.lost_since) return status_every;
    const pause = backoff(this.#misses);
    this.retry_at = new Date(Date.now() + pause);
    this.#changed();
    return pause;
  }

  async #ask_status() {
    let status;
    try {
      status = await get('/api/status');
    } catch (error) {
      ++this.#misses;
      this.why = error.message;
      this.retry_at = null;
      this.lost_since ??= new Date();
      this.#changed();
      return;
    }
    const healed = this.lost_since !== null;
    this.#misses = 0;
    this.lost_since = null;
    const restarted = this.#store.take_status(status);
    if (healed || restarted) this.#hosts.now();
    if (healed || this.#reopen === null) this.#open();
    if (this.phase === 'polling' && (restarted || this.#store.recoveries === null))
      this.#recoveries.now();
  }

  // The question about the status finds out whether anybody is there; the others do without.
  async #ask(path, take) {
    try {
      take(await get(path));
    } catch {
      this.#status.plan();
    }
  }

  #open() {
    clearTimeout(this.#reopen);
    this.#reopen = null;
    if (this.#events.is_open) return;
    const { run, sequence } = this.#store;
    this.#events.open(run, this.#gap ? null : sequence);
  }

  #hear(message) {
    this.#breaks = 0;
    this.#gap = !this.#store.take_message(message);
    if (this.#gap) this.#events.close();
    // The figures of the status have moved with it, and need not wait for their turn.
    else if (['began', 'concluded'].includes(message.step)) this.#status.now();
    // Hosts may have come and gone.
    else if (message.changed?.includes('upstreams')) this.#hosts.now();
    this.#changed();
  }

  #broken() {
    ++this.#breaks;
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => {
      this.#reopen = null;
      if (!this.lost_since) this.#open();
    }, backoff(this.#breaks));
    this.#status.now();
    if (!this.lost_since) this.#recoveries.now();
    this.#changed();
  }
}
