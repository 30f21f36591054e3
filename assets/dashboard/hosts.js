// The hosts with their states and their models.
import { chip, set_chip } from './chip.js';
import { curve, el, find, icon, keyed, set_attribute, set_hidden, set_text } from './dom.js';
import { ago, bytes, counted, measured, moment, short_name, speeds } from './format.js';

const hues = 6;

const states = {
  up: ['ok', 'up', 'Up'],
  down: ['bad', 'down', 'Down'],
  unknown: ['unknown', 'unknown', 'Unknown'],
};

const evicts_by_itself =
  'LM Studio unloads the models that requests have loaded, even while they generate. Turn off ' +
  '"Only Keep Last JIT Loaded Model" in LM Studio.';

export class hosts_view {
  #act;

  constructor(act) {
    this.#act = act;
  }

  render(store) {
    const hosts = store.hosts ?? [];
    keyed(
      find('hosts'),
      hosts,
      (host) => host.name,
      (host) => this.#create(host),
      (card, host) => this.#update(card, host, store),
    );
  }

  #create(host) {
    const title = `host-${host.name}`;
    const parts = {
      state: chip(),
      resting: chip(),
      draining: chip(),
      at_limit: chip(),
      recovering: chip(),
      busy_unknown: chip(),
      evicts: chip(),
      leased: chip(),
      no_recovery: chip(),
      url: el('span', { className: 'muted url' }),
      drain: el('button', { type: 'button', className: 'action' }),
      unload_all: el('button', { type: 'button', className: 'action' }, 'Unload all'),
      facts: el('p', { className: 'note' }),
      why: el('p', { className: 'why' }),
      why_unknown: el('p', { className: 'note' }),
      why_resting: el('p', { className: 'note' }),
      why_turns: el('p', { className: 'note' }),
      why_leased: el('p', { className: 'note' }),
      bar: el('div', { className: 'bar', 'aria-hidden': 'true' }),
      loaded: el('ul', { className: 'rows', 'aria-label': `Loaded on ${host.name}` }),
      empty: el('p', { className: 'empty' }),
      on_disk: el(
        'details',
        { className: 'disk' },
        el('summary'),
        el('ul', { className: 'plain' }),
      ),
      listed: el('p', { className: 'note' }),
    };
    set_attribute(parts.unload_all, 'aria-label', `Unload all models of ${host.name}`);
    parts.unload_all.onclick = () => this.#act.unload_all(host.name);
    set_chip(parts.resting, 'attention', 'hold', 'Resting');
    set_chip(parts.draining, 'attention', 'attention', 'Draining');
    set_chip(parts.at_limit, 'working', 'hold', 'At its limit');
    set_chip(parts.recovering, 'working', 'working', 'Recovering');
    set_chip(parts.busy_unknown, 'unknown', 'unknown', 'Busy state unknown');
    set_chip(parts.no_recovery, 'bad', 'attention', 'No recovery');
    set_chip(parts.evicts, 'attention', 'attention', 'Evicts by itself');
    set_chip(parts.leased, 'working', 'working', 'Lab at work');
    const card = el(
      'article',
      { className: 'panel host', 'aria-labelledby': title },
      el(
        'div',
        { className: 'panel-head' },
        el('h3', { id: title }, host.name),
        parts.state,
        parts.resting,
        parts.draining,
        parts.at_limit,
        parts.recovering,
        parts.busy_unknown,
        parts.evicts,
        parts.leased,
        parts.no_recovery,
        parts.url,
        parts.drain,
        parts.unload_all,
      ),
      parts.why,
      parts.why_resting,
      parts.facts,
      parts.why_unknown,
      parts.why_turns,
      parts.why_leased,
      parts.bar,
      parts.loaded,
      parts.empty,
      parts.on_disk,
      parts.listed,
    );
    card.parts = parts;
    card.hue_of = new Map();
    return card;
  }

  #update(card, host, store) {
    const p = card.parts;
    const now = store.now();
    const since = host.since ? ` since ${moment(new Date(host.since), now)}` : '';
    const [level, name, word] = states[host.state] ?? states.unknown;
    set_chip(p.state, level, name, word + since);
    set_hidden(p.no_recovery, !host.recovery_unavailable);
    set_hidden(p.draining, !host.draining);
    set_hidden(p.at_limit, !host.at_limit);
    set_text(p.drain, host.draining ? 'Undrain' : 'Drain');
    p.drain.setAttribute('aria-label', `${host.draining ? 'Undrain' : 'Drain'} ${host.name}`);
    p.drain.onclick = () => this.#act.drain(host.name, !host.draining);
    set_hidden(p.drain, !store.status?.actions_allowed);
    set_hidden(p.recovering, !host.recovering);
    set_text(p.url, host.url);
    set_text(p.why, host.state === 'down' ? host.reason : this.#refusal(host));
    const until = host.resting_until ? new Date(host.resting_until) : null;
    const resting = until !== null && until > now;
    set_hidden(p.resting, !resting);
    set_text(p.why_resting, resting ? `Requests use other hosts until ${moment(until, now)}.` : '');
    const { reason } = host.busy_state;
    set_hidden(p.busy_unknown, !reason);
    set_text(p.why_unknown, reason ? `LM Studio does not say which models are busy: ${reason}.` : '');
    set_hidden(p.evicts, !host.evicts_by_itself);
    set_text(p.why_turns, host.evicts_by_itself ? evicts_by_itself : '');
    set_hidden(p.leased, !host.lease);
    set_text(p.why_leased, this.#lease(host.lease, now));
    const instances = host.models.flatMap((model) =>
      model.instances.map((instance) => ({ ...instance, model })),
    );
    set_text(p.facts, this.#facts(host, instances));
    this.#color(card.hue_of, instances);
    this.#draw_bar(p.bar, instances, card.hue_of);
    set_hidden(p.unload_all, instances.length === 0 || !store.status?.actions_allowed);
    keyed(
      p.loaded,
      instances,
      (instance) => instance.id,
      (instance) => this.#create_instance(host.name, instance),
      (row, instance) => this.#update_instance(row, instance, card.hue_of, store),
    );
    set_text(p.empty, this.#emptiness(host, instances));
    const unloaded = host.models.filter((model) => model.instances.length === 0);
    this.#list_disk(p.on_disk, unloaded, instances.length > 0);
    set_text(p.listed, this.#listing(host, now));
  }

  #facts(host, instances) {
    const loaded = instances.reduce((sum, { model }) => sum + model.size, 0);
    const { idle, leased } = host.connections;
    const facts = [
      host.version ? `LM Studio ${host.version}` : null,
      loaded > 0 ? `${bytes(loaded)} loaded` : null,
      `${counted(host.in_flight, 'request')} in flight`,
      host.waiting > 0 ? `${host.waiting} waiting for a recovery` : null,
      leased + idle > 0 ? `connections: ${leased} in use, ${idle} idle` : null,
      host.epoch > 0 ? `${counted(host.epoch, 'recovery', 'recoveries')}` : null,
    ];
    return facts.filter(Boolean).join(' · ');
  }

  #lease(lease, now) {
    if (!lease) return '';
    const work = lease.working_on ? `, now at work on ${lease.working_on}` : '';
    const demand = lease.wanted ? ' Requests wait, and it was asked to give the host back.' : '';
    return `A lab is alone on this host since ${moment(new Date(lease.since), now)}${work}.${demand}`;
  }

  #emptiness(host, instances) {
    if (instances.length > 0) return '';
    if (!host.listed_at)
      return host.listing_error ? '' : 'The models of this host are not known yet.';
    return 'No model is loaded. The first request will load one.';
  }

  // The reason why no recovery can work, unless the text about the listing has it.
  #refusal({ recovery_unavailable: reason, listing_error }) {
    if (!reason || reason === listing_error) return '';
    return `No recovery can work on this host: ${reason}; secondwind doctor says what to do.`;
  }

  #listing(host, now) {
    if (!host.listing_error || (!host.listed_at && host.listing_error === host.reason)) return '';
    const seen = host.listed_at
      ? ` The list above is from ${moment(new Date(host.listed_at), now)}.`
      : '';
    const effect = host.recovery_unavailable
      ? ' No recovery can work on this host; secondwind doctor says what to do.'
      : '';
    return `The models could not be listed: ${host.listing_error}.${effect}${seen}`;
  }

  // An instance keeps its color while it is loaded.
  #color(hue_of, instances) {
    const ids = new Set(instances.map(({ id }) => id));
    for (const id of [...hue_of.keys()]) if (!ids.has(id)) hue_of.delete(id);
    for (const { id } of instances) {
      if (hue_of.has(id)) continue;
      const taken = new Set(hue_of.values());
      let hue = 0;
      while (taken.has(hue) && hue < hues - 1) ++hue;
      hue_of.set(id, hue);
    }
  }

  #draw_bar(bar, instances, hue_of) {
    set_hidden(bar, instances.length === 0);
    keyed(
      bar,
      instances,
      ({ id }) => id,
      () => el('div', { className: 'segment' }),
      (segment, { id, model }) => {
        segment.dataset.hue = hue_of.get(id);
        segment.style.flexGrow = Math.max(model.size, 1);
        set_text(segment, short_name(id));
      },
    );
  }

  #create_instance(host, { id, model }) {
    const parts = {
      swatch: el('span', { className: 'swatch', 'aria-hidden': 'true' }),
      pinned: el('span', { className: 'tag' }, icon('pin'), 'pinned'),
      size: el('span', { className: 'size number' }),
      busy: chip(),
      used: el('span', { className: 'muted used' }),
      lab: el('span', { className: 'muted lab' }, el('span'), el('span')),
      unload: el('button', { type: 'button', className: 'action' }, 'Unload'),
    };
    set_attribute(parts.unload, 'aria-label', `Unload ${id}`);
    parts.unload.onclick = () => this.#act.unload(host, id, model.size);
    const name = el('span', { className: 'name' }, el('strong', {}, id), parts.pinned, parts.lab);
    const row = el(
      'li',
      { className: 'row instance' },
      parts.swatch,
      name,
      parts.size,
      parts.busy,
      parts.used,
      parts.unload,
    );
    row.parts = parts;
    return row;
  }

  #update_instance(row, { id, busy, in_flight, last_used, model }, hue_of, store) {
    const p = row.parts;
    p.swatch.dataset.hue = hue_of.get(id);
    set_hidden(p.pinned, !model.pinned);
    const [facts, picture] = p.lab.children;
    set_text(facts, measured(model.lab));
    const words = speeds(model.lab);
    if (picture.dataset.words !== words) {
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
    set_hidden(p.unload, !store.status?.actions_allowed);
  }

  #list_disk(details, models, any_loaded) {
    set_hidden(details, models.length === 0);
    set_text(
      details.firstElementChild,
      `${counted(models.length, any_loaded ? 'more model' : 'model')} on disk`,
    );
    keyed(
      details.lastElementChild,
      models,
      (model) => model.key,
      () =>
        el('li', {}, el('span', { className: 'name' }), el('span', { className: 'number muted' })),
      (row, model) => {
        set_text(row.firstElementChild, model.pinned ? `${model.key} (pinned)` : model.key);
        const size = model.size > 0 ? bytes(model.size) : '';
        set_text(row.lastElementChild, [measured(model.lab), size].filter(Boolean).join(' · '));
      },
    );
  }
}
