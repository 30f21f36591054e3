// The hosts with their states and their models.
import { chip, set_chip } from './chip.js';
import { el, find, keyed, set_attribute, set_hidden, set_text } from './dom.js';
import { advice_of } from './advice.js';
import { counted, moment } from './format.js';
import { instances_view } from './instances.js';

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
    const models = new instances_view(host.name, this.#act);
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
      unload_all: el('button', { type: 'button', className: 'action danger' }, 'Unload all'),
      facts: el('p', { className: 'note' }),
      why: el('p', { className: 'why' }),
      advice: el('p', { className: 'advice' }),
      why_unknown: el('p', { className: 'note' }),
      why_resting: el('p', { className: 'note' }),
      why_turns: el('p', { className: 'note' }),
      why_leased: el('p', { className: 'note' }),
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
      parts.advice,
      parts.why_resting,
      parts.facts,
      parts.why_unknown,
      parts.why_turns,
      parts.why_leased,
      ...models.nodes,
      parts.listed,
    );
    card.parts = parts;
    card.models = models;
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
    set_text(p.facts, this.#facts(host));
    set_text(p.advice, advice_of(host));
    const loaded = card.models.render(host, store);
    set_hidden(p.unload_all, loaded === 0 || !store.status?.actions_allowed);
    set_text(card.models.empty, this.#emptiness(host, loaded));
    set_text(p.listed, this.#listing(host, now));
  }

  #facts(host) {
    const { idle, leased } = host.connections;
    const facts = [
      host.version ? `LM Studio ${host.version}` : null,
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

  #emptiness(host, loaded) {
    if (loaded > 0) return '';
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
}
