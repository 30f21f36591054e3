// The known state of secondwind. It does not depend on the page.

const most_recoveries = 500;
const most_requests = 1000;

export class store {
  status = null;
  hosts = null; // null until they are known
  recoveries = null; // by number; null until they are known
  older_before = null; // the server has more recoveries with numbers below this one
  requests = null; // that have ended, newest first; null until they are known
  requests_kept = null; // how many of them the server keeps
  older_requests = null; // the server has more requests with numbers below this one
  run = null;
  sequence = null; // of the newest included event
  as_of = null; // the time of the last data
  stopped = false; // while there is no connection, so that ages do not grow
  #skew_ms = 0;

  // Calls `changed()` after each change, and `advanced(record, before)` after a step of a recovery.
  constructor(changed, advanced) {
    this.changed = changed;
    this.advanced = advanced;
  }

  // The time of the server's clock, to which all its times refer. It stops without a connection.
  now() {
    const here = this.stopped && this.as_of ? this.as_of.getTime() : Date.now();
    return new Date(here + this.#skew_ms);
  }

  seconds_since(time) {
    return Math.max(0, (this.now() - new Date(time)) / 1000);
  }

  newest_first() {
    return [...(this.recoveries ?? new Map()).values()].sort((a, b) => b.recovery - a.recovery);
  }

  // Returns true if the data is from another process than before. Then all earlier data is dropped.
  take_status(status) {
    const restarted = this.#enter(status.run);
    this.status = status;
    this.#skew_ms = new Date(status.now) - Date.now();
    this.#heard();
    return restarted;
  }

  take_hosts({ hosts }) {
    this.hosts = hosts;
    this.#heard();
  }

  // A page of recoveries: the newest ones, or with `older` those after the last known one.
  take_recoveries({ recoveries, next_before }, older = false) {
    const first = this.recoveries === null;
    this.recoveries ??= new Map();
    for (const record of recoveries) this.#put(record, first || older);
    if (first || older) this.older_before = next_before;
    this.#heard();
  }

  newest_requests() {
    return this.requests ?? [];
  }

  // The number of the newest known request.
  get newest_request() {
    return this.requests?.[0]?.number ?? 0;
  }

  // A page of requests that have ended: those after the newest known one, or with `older` those
  // before the oldest.
  take_requests({ requests, next_before, kept }, older = false) {
    this.requests_kept = kept;
    const known = this.requests ?? [];
    if (older) {
      this.requests = [...known, ...requests];
      this.older_requests = next_before;
    } else if (this.requests === null || next_before !== null) {
      // The first page, or more than a page since the last one: those before it are dropped.
      this.requests = requests;
      this.older_requests = next_before;
    } else {
      this.requests = [...requests, ...known];
    }
    if (!older && this.requests.length > most_requests) {
      this.requests.length = most_requests;
      this.older_requests = this.requests.at(-1).number;
    }
    this.#heard();
  }

  // One message of /events. Returns false if earlier events were missed; then it needs a snapshot.
  take_message(message) {
    if (message.type === 'snapshot') {
      this.#enter(message.run);
      this.sequence = message.sequence;
      this.hosts = message.hosts;
      const known = this.recoveries !== null;
      this.recoveries ??= new Map();
      for (const record of message.recoveries) this.#put(record, !known);
      if (!known)
        this.older_before =
          message.recoveries.length < 50 ? null : message.recoveries.at(-1).recovery;
      this.take_status(message.status);
      return true;
    }
    if (message.type === 'resumed') return message.run === this.run;
    if (message.sequence !== this.sequence + 1) return false;
    this.sequence = message.sequence;
    if (message.type === 'recovery') {
      this.recoveries ??= new Map();
      this.#put(message.recovery, false);
    } else if (message.type === 'host') {
      this.#put_host(message.host);
    } else if (message.type === 'settings' && this.status) {
      this.status.recovery = message.recovery;
    } else if (message.type === 'draining' && this.status) {
      this.status.draining = true;
    }
    this.#heard();
    return true;
  }

  #enter(run) {
    if (this.run === run) return false;
    const restarted = this.run !== null;
    this.run = run;
    this.sequence = null;
    this.hosts = null;
    this.recoveries = null;
    this.older_before = null;
    this.requests = null;
    this.older_requests = null;
    return restarted;
  }

  #put(record, silently) {
    const before = this.recoveries.get(record.recovery);
    this.recoveries.set(record.recovery, record);
    if (!silently) this.advanced(record, before);
    if (this.recoveries.size <= most_recoveries) return;
    const oldest = Math.min(...this.recoveries.keys());
    this.recoveries.delete(oldest);
    this.older_before = oldest + 1;
  }

  #put_host(host) {
    this.hosts ??= [];
    const at = this.hosts.findIndex((known) => known.name === host.name);
    if (at < 0) this.hosts.push(host);
    else this.hosts[at] = host;
  }

  #heard() {
    this.as_of = new Date();
    this.changed();
  }
}
