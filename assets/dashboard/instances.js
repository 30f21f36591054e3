// The models of one host: a bar of the memory that they take, a row for each loaded instance, and a
// list of the others. An instance has a number and a color, because colors alone are hard to tell
// apart.
import { chip, set_chip } from './chip.js';
import { curve, el, icon, keyed, set_attribute, set_hidden, set_text } from './dom.js';
import { ago, bytes, counted, measured, short_name, speeds } from './format.js';
import { memory_of, memory_words } from './memory.js';

const hues = 10;

export class instances_view {
  #act;
  #host;
  #mark_of = new Map(); // the number of each instance
  #seen = 0; // the largest total of loaded bytes
  #bar = el('div', { className: 'bar', 'aria-hidden': 'true' });
  #words = el('p', { className: 'note memory-words' });
  #loaded;
  #on_disk = el('details', { className: 'disk' }, el('summary'), el('ul', { className: 'plain' }));
  empty = el('p', { className: 'empty' });

  constructor(host, act) {
    this.#host = host;
    this.#act = act;
    this.#loaded = el('ul', { className: 'rows', 'aria-label': `Loaded on ${host}` });
  }

  get nodes() {
    return [this.#bar, this.#words, this.#loaded, this.empty, this.#on_disk];
  }

  // Returns how many instances are loaded.
  render(host, store) {
    const instances = host.models.flatMap((model) =>
      model.instances.map((instance) => ({ ...instance, model })),
    );
    this.#number(instances);
    this.#draw_bar(host, instances, store);
    keyed(
      this.#loaded,
      instances,
      (instance) => instance.id,
      (instance) => this.#create(instance),
      (row, instance) => this.#update(row, instance, store),
    );
    const unloaded = host.models.filter((model) => model.instances.length === 0);
    this.#list_disk(unloaded, instances.length > 0, store);
    return instances.length;
  }

  // An instance keeps its number while it is loaded.
  #number(instances) {
    const ids = new Set(instances.map(({ id }) => id));
    for (const id of [...this.#mark_of.keys()]) if (!ids.has(id)) this.#mark_of.delete(id);
    for (const { id } of instances) {
      if (this.#mark_of.has(id)) continue;
      const taken = new Set(this.#mark_of.values());
      let mark = 0;
      while (taken.has(mark)) ++mark;
      this.#mark_of.set(id, mark);
    }
  }

  #paint(node, id) {
    const mark = this.#mark_of.get(id);
    node.dataset.hue = mark % hues;
    node.dataset.striped = mark >= hues;
    return mark + 1;
  }

  #draw_bar(host, instances, store) {
    const memory = memory_of(host, store.newest_first(), this.#seen);
    this.#seen = memory.most;
    set_hidden(this.#bar, memory.scale === 0);
    set_hidden(this.#words, memory.scale === 0);
    set_text(this.#words, memory_words(memory));
    const rest = memory.scale - memory.loaded;
    const refused = memory.refused === null ? 0 : memory.refused - Math.max(memory.most, memory.loaded);
    const room = rest - refused;
    const parts = [
      ...instances.map(({ id, model }) => ({ id, size: model.size })),
      ...(room > 0 ? [{ id: '', size: room, kind: 'room', word: 'unused' }] : []),
      ...(refused > 0 ? [{ id: ' ', size: refused, kind: 'refused', word: 'refused' }] : []),
    ];
    keyed(
      this.#bar,
      parts,
      ({ id }) => id,
      ({ kind }) => el('div', { className: kind ? `segment ${kind}` : 'segment' }),
      (segment, { id, size, kind, word }) => {
        const grow = String(Math.max(size ?? 0, 1));
        if (segment.style.flexGrow !== grow) segment.style.flexGrow = grow;
        if (kind) set_text(segment, word);
        else set_text(segment, `${this.#paint(segment, id)} ${short_name(id)}`);
      },
    );
  }

  #create({ id, model }) {
    const parts = {
      swatch: el('span', { className: 'swatch number', 'aria-hidden': 'true' }),
      pinned: el('span', { className: 'tag' }, icon('pin'), 'pinned'),
      size: el('span', { className: 'size number' }),
      busy: chip(),
      used: el('span', { className: 'muted used' }),
      lab: el('span', { className: 'muted lab' }, el('span'), el('span')),
      pin: el('button', { type: 'button', className: 'action' }),
      unload: el('button', { type: 'button', className: 'action danger' }, 'Unload'),
    };
    set_attribute(parts.unload, 'aria-label', `Unload ${id}`);
    parts.unload.onclick = () => this.#act.unload(this.#host, id, model.size);
    const row = el(
      'li',
      { className: 'row instance' },
      parts.swatch,
      el('span', { className: 'name' }, el('strong', {}, id), parts.pinned, parts.lab),
      parts.size,
      parts.busy,
      parts.used,
      el('span', { className: 'deeds' }, parts.pin, parts.unload),
    );
    row.parts = parts;
    return row;
  }

  #update(row, { id, busy, in_flight, last_used, model }, store) {
    const p = row.parts;
    set_text(p.swatch, this.#paint(p.swatch, id));
    set_hidden(p.pinned, !model.pinned);
    const [facts, picture] = p.lab.children;
    set_text(facts, measured(model.lab));
    const words = speeds(model.lab);
    if ((picture.dataset.words ?? '') !== words) {
      picture.dataset.words = words;
      picture.replaceChildren(...(words ? [curve(model.lab.curve, words)] : []));
    }
    set_text(p.size, model.size > 0 ? bytes(model.size) : 'unknown size');
    if (busy === true || in_flight > 0) set_chip(p.busy, 'working', 'busy', 'Busy');
    else if (busy === false) set_chip(p.busy, 'idle', 'idle', 'Idle');
    else set_chip(p.busy, 'unknown', 'unknown', 'Unknown');
    const used = in_flight > 0 ? `${counted(in_flight, 'request')}` : '';
    const last = last_used ? `used ${ago(store.seconds_since(last_used))}` : '';
    set_text(p.used, used || last);
    this.#offer_pin(p.pin, model, store);
    set_hidden(p.unload, !store.status?.actions_allowed);
  }

  #offer_pin(button, { key, pinned }, store) {
    set_hidden(button, !store.status?.actions_allowed);
    const word = pinned ? 'Unpin' : 'Pin';
    if (button.textContent === word) return;
    set_text(button, word);
    set_attribute(button, 'aria-label', `${word} ${key}`);
    button.onclick = () => this.#act.pin(key, !pinned);
  }

  #create_on_disk({ key, size }) {
    const parts = {
      name: el('span', { className: 'name' }),
      facts: el('span', { className: 'number muted' }),
      pin: el('button', { type: 'button', className: 'action' }),
      load: el('button', { type: 'button', className: 'action' }, 'Load'),
    };
    set_attribute(parts.load, 'aria-label', `Load ${key}`);
    parts.load.onclick = () => this.#act.load(this.#host, key, size);
    const deeds = el('span', { className: 'deeds' }, parts.pin, parts.load);
    const row = el('li', {}, parts.name, parts.facts, deeds);
    row.parts = parts;
    return row;
  }

  #list_disk(models, any_loaded, store) {
    set_hidden(this.#on_disk, models.length === 0);
    set_text(
      this.#on_disk.firstElementChild,
      `${counted(models.length, any_loaded ? 'more model' : 'model')} on disk`,
    );
    keyed(
      this.#on_disk.lastElementChild,
      models,
      (model) => model.key,
      (model) => this.#create_on_disk(model),
      ({ parts: p }, model) => {
        set_text(p.name, model.pinned ? `${model.key} (pinned)` : model.key);
        const size = model.size > 0 ? bytes(model.size) : '';
        set_text(p.facts, [measured(model.lab), size].filter(Boolean).join(' · '));
        this.#offer_pin(p.pin, model, store);
        set_hidden(p.load, !store.status?.actions_allowed);
      },
    );
  }
}
