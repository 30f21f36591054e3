// What is known of secondwind. Whoever changes it calls `changed` once; it knows no page.

const most_recoveries = 500;

export class store {
  status = null;
  hosts = null; // null until they are known
  recoveries = null; // by number; null until they are known
  older_before = null; // the number before which the server has more
  run = null;
  sequence = null; // of the newest event that is in here
  as_of = null; // when anything was last heard
  stopped = false; // nothing is heard any more, so that no age may grow
  #skew_ms = 0;

  // `changed()` after each change, `told(record, before)` for each recovery that went a step on.
  constructor(changed, told) {
    this.changed = changed;
    this.told = told;
  }

  // The server's clock, by which all its times are; it stands while nothing is heard.
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

  // True if this is the first word of another process than before: all that was known has gone.
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

  // A page of recoveries: the newest ones, or with `older` those that follow the last one known.
  take_recoveries({ recoveries, next_before }, older = false) {
    const first = this.recoveries === null;
    this.recoveries ??= new Map();
    for (const record of recoveries) this.#put(record, first || older);
    if (first || older) this.older_before = next_before;
    this.#heard();
  }

  // One message of /events. False if some were missed before it: then only a snapshot helps.
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
    return restarted;
  }

  #put(record, silently) {
    const before = this.recoveries.get(record.recovery);
    this.recoveries.set(record.recovery, record);
    if (!silently) this.told(record, before);
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
