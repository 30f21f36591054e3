// The known state of secondwind. It does not depend on the page.

const most_recoveries = 500;

export class store {
  status = null;
  hosts = null; // null until they are known
  recoveries = null; // by number; null until they are known
  older_before = null; // the server has more recoveries with numbers below this one
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
