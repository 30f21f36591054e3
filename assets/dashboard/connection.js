// Keeps the store up to date, with live events if they work and by polling otherwise. Reconnects by
// itself.
import { get } from './api.js';
import { events } from './events.js';
import { poll } from './poll.js';

const status_every = 2_000;
const hosts_every = 10_000;
const recoveries_every = 5_000;

// 1, 2, 4, 8, then every 15 seconds.
export const backoff = (failures) => Math.min(1000 * 2 ** (failures - 1), 15_000);

export class connection {
  lost_since = null; // the time of the first failed request; null while requests succeed
  reason = null; // why the last request failed
  retry_at = null; // the time of the next attempt
  #store;
  #changed;
  #events;
  #misses = 0; // consecutive failed requests
  #breaks = 0; // consecutive failed connections to /events
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

  // Asked only when the status says that a request has ended.
  #requests = new poll(
    () => this.#ask(this.#requests_path(), (answer) => this.#store.take_requests(answer)),
    () => null,
  );
  #ended = null; // how many had ended when they were asked for last

  constructor(store, changed) {
    this.#store = store;
    this.#changed = changed;
    this.#events = new events(
      (message) => this.#hear(message),
      () => this.#broken(),
    );
  }

  // "connecting" at first, "live" while events arrive, "polling" while only requests succeed,
  // "lost" while requests fail too.
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

  // Polls everything now.
  refresh() {
    this.#status.now();
    if (this.lost_since) return;
    this.#hosts.now();
    if (this.phase === 'polling') this.#recoveries.now();
  }

  // Loads the next page of older recoveries.
  async load_older() {
    const before = this.#store.older_before;
    const answer = await get(`/api/recoveries?limit=50&before=${before}`);
    this.#store.take_recoveries(answer, true);
  }

  async load_older_requests() {
    const before = this.#store.older_requests;
    if (before === null) return;
    const answer = await get(`/api/requests?limit=100&before=${before}`);
    this.#store.take_requests(answer, true);
  }

  #requests_path() {
    const { requests, newest_request } = this.#store;
    return requests === null
      ? '/api/requests?limit=100'
      : `/api/requests?limit=500&after=${newest_request}`;
  }

  #ask_for_ended({ totals }, restarted) {
    if (!restarted && this.#store.requests !== null && totals.exchanges === this.#ended) return;
    this.#ended = totals.exchanges;
    this.#requests.now();
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
      this.reason = error.message;
      this.retry_at = null;
      this.lost_since ??= new Date();
      this.#changed();
      return;
    }
    const reconnected = this.lost_since !== null;
    this.#misses = 0;
    this.lost_since = null;
    const restarted = this.#store.take_status(status);
    this.#ask_for_ended(status, reconnected || restarted);
    if (reconnected || restarted) this.#hosts.now();
    if (reconnected || this.#reopen === null) this.#open();
    if (this.phase === 'polling' && (restarted || this.#store.recoveries === null))
      this.#recoveries.now();
  }

  // Only the request for the status detects a lost connection; the other requests ignore errors.
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
    // The event also changes figures of the status, so poll it now.
    else if (['began', 'concluded'].includes(message.step)) this.#status.now();
    // Hosts may have been added or removed.
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
