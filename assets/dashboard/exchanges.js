// The requests in flight.
import { chip, set_chip } from './chip.js';
import { el, find, keyed, set_attribute, set_hidden, set_text } from './dom.js';
import { age, base_url, bytes, count } from './format.js';

const phases = {
  sending: ['info', 'send', 'Sending'],
  waiting: ['info', 'wait', 'Waiting'],
  holding: ['attention', 'hold', 'Held back'],
  recovering: ['working', 'working', 'Waiting for a recovery'],
  relaying: ['ok', 'relay', 'Relaying'],
  tunnel: ['info', 'tunnel', 'Tunnel'],
};

export class exchanges_view {
  #act;

  constructor(act) {
    this.#act = act;
  }

  render(store) {
    const { status } = store;
    if (!status) return;
    const elapsed = store.seconds_since(status.now);
    keyed(
      find('exchanges'),
      status.exchanges,
      (each) => each.number,
      (each) => this.#create(each),
      (row, each) => this.#update(row, each, elapsed, store),
    );
    set_text(
      find('exchanges-count'),
      status.exchanges_total > 0 ? count(status.exchanges_total) : '',
    );
    const hidden = status.exchanges_total - status.exchanges.length;
    set_text(find('exchanges-more'), hidden > 0 ? `and ${count(hidden)} more` : '');
    this.#show_emptiness(status);
  }

  #show_emptiness(status) {
    const empty = find('exchanges-empty');
    set_hidden(empty, status.exchanges.length > 0);
    if (status.exchanges.length > 0) return;
    const text =
      status.totals.exchanges > 0
        ? 'No request is in flight.'
        : 'No requests yet. In your app, replace the URL of LM Studio with ' +
          `${base_url(status)}.`;
    set_text(empty, text);
  }

  #create(each) {
    const parts = {
      name: el('strong', { className: 'name' }),
      phase: chip(),
      age: el('span', { className: 'number age' }),
      facts: el('span', { className: 'muted' }),
      operations: el('ul', { className: 'operations' }),
      cancel: el('button', { type: 'button', className: 'action danger' }, 'Cancel'),
    };
    parts.cancel.onclick = () => this.#act.cancel(each);
    const row = el(
      'li',
      { className: 'row exchange' },
      parts.name,
      parts.age,
      parts.cancel,
      el('div', { className: 'line-two' }, parts.phase, parts.facts),
      parts.operations,
    );
    row.parts = parts;
    return row;
  }

  #update(row, each, elapsed, store) {
    const p = row.parts;
    const name = each.model ?? `${each.method} ${each.path}`;
    set_text(p.name, name);
    set_chip(p.phase, ...(phases[each.phase] ?? ['unknown', 'unknown', each.phase]));
    set_text(p.age, age(each.age + elapsed));
    const several = (store.hosts?.length ?? 0) > 1;
    const facts = [
      each.model ? each.path : null,
      each.moved_from ? `${each.moved_from} → ${each.host}` : several ? each.host : null,
      each.attempts > 1 ? `attempt ${each.attempts}` : null,
      each.stream ? 'stream' : null,
      each.bytes_out > 0 ? bytes(each.bytes_out) : null,
    ];
    set_text(p.facts, facts.filter(Boolean).join(' · '));
    set_attribute(p.cancel, 'aria-label', `Cancel request ${each.number}, ${name}`);
    set_hidden(p.cancel, !store.status.actions_allowed);
    set_hidden(p.operations, each.operations.length === 0);
    keyed(
      p.operations,
      each.operations,
      ({ endpoint, id }) => `${endpoint} ${id}`,
      () => this.#create_operation(),
      (item, operation) => this.#update_operation(item, operation, elapsed),
    );
  }

  // In the WebSocket of LM Studio's SDK.
  #create_operation() {
    const parts = {
      name: el('span', { className: 'name' }),
      phase: chip(),
      age: el('span', { className: 'number age' }),
    };
    const item = el('li', { className: 'line-two' }, parts.name, parts.phase, parts.age);
    item.parts = parts;
    return item;
  }

  #update_operation(item, operation, elapsed) {
    const p = item.parts;
    const { endpoint, model } = operation;
    set_text(p.name, model ? `${endpoint} · ${model}` : endpoint);
    set_chip(p.phase, ...(phases[operation.phase] ?? ['unknown', 'unknown', operation.phase]));
    set_text(p.age, age(operation.age + elapsed));
  }
}
