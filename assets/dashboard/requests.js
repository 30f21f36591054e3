// The requests that have ended, newest first. Each can be opened to show its attempts.
import { chip, set_chip } from './chip.js';
import { el, find, keyed, set_hidden, set_text } from './dom.js';
import { ago, bytes, count, counted, duration, moment } from './format.js';
import { outcomes } from './story.js';

const page = 10;

// How a request ended that got no complete response.
const endings = {
  client_gone: ['info', 'leave', 'Client left'],
  cut: ['bad', 'bad', 'Cut off'],
  stalled: ['attention', 'attention', 'Stalled'],
  failed: ['bad', 'bad', 'Not served'],
  refused: ['attention', 'attention', 'Refused'],
};

const first_error = 400;
const first_server_error = 500;

function state_of({ ended, status }) {
  if (endings[ended]) return endings[ended];
  if (status < first_error) return ['ok', 'check', String(status)];
  return [status < first_server_error ? 'attention' : 'bad', 'attention', `Error ${status}`];
}

// The kinds among which the filter chooses.
const kinds = {
  all: () => true,
  errors: ({ ended, status }) => ended === 'complete' && status >= first_error,
  unserved: ({ ended }) => ended !== 'complete',
  recovered: ({ recovery }) => recovery !== null,
};

const words_of = (one) =>
  [one.model, one.host, one.client, one.agent, one.address, one.path, one.request_id, one.status]
    .filter((each) => each !== null)
    .join(' ')
    .toLowerCase();

const spoken = (label) => el('span', { className: 'unseen' }, `${label}: `);

export class requests_view {
  #older;
  #changed;
  #shown = page;

  // `older()` loads the next page, and resolves when it is in the store. `changed()` renders again.
  constructor(older, changed) {
    this.#older = older;
    this.#changed = changed;
    const button = find('older-requests');
    button.onclick = async () => {
      button.setAttribute('aria-disabled', 'true');
      this.#shown += page;
      if (this.#wanting > 0) await this.#older();
      button.removeAttribute('aria-disabled');
      this.#changed();
    };
    for (const id of ['requests-words', 'requests-kind'])
      find(id).oninput = () => {
        this.#shown = page;
        this.#changed();
      };
    find('requests-filter').onsubmit = (event) => event.preventDefault();
  }

  #wanting = 0; // so many rows are to be shown and are not known

  render(store) {
    const all = store.newest_requests();
    const wanted = this.#filter(all);
    const shown = wanted.slice(0, this.#shown);
    this.#wanting = this.#shown + page - wanted.length;
    keyed(
      find('requests'),
      shown,
      (one) => one.number,
      (one) => this.#create(one),
      (item, one) => this.#when(item, one, store),
    );
    set_text(find('requests-count'), this.#summary(all, wanted));
    this.#show_emptiness(store, all, wanted);
    set_hidden(find('requests-head'), shown.length === 0);
    set_hidden(find('requests-filter'), all.length === 0);
    const more = wanted.length > this.#shown || store.older_requests !== null;
    set_hidden(find('older-requests'), !more);
  }

  #filter(all) {
    const words = find('requests-words').value.trim().toLowerCase().split(/\s+/);
    const fits = kinds[find('requests-kind').value];
    return all.filter((one) => {
      if (!fits(one)) return false;
      one.words ??= words_of(one);
      return words.every((word) => one.words.includes(word));
    });
  }

  #summary(all, wanted) {
    if (wanted.length < all.length) return `${count(wanted.length)} of the last ${count(all.length)}`;
    return all.length > 0 ? `the last ${count(all.length)}` : '';
  }

  #show_emptiness(store, all, wanted) {
    const empty = find('requests-empty');
    set_hidden(empty, wanted.length > 0);
    const text =
      store.requests === null
        ? 'Loading the requests.'
        : store.requests_kept === 0
          ? 'No requests are kept (admin.recent_requests is 0).'
          : all.length === 0
            ? 'No request has ended yet.'
            : 'No request matches the filter.';
    set_text(empty, text);
  }

  // A request that has ended does not change any more, so only its age is updated.
  #create(one) {
    const state = chip();
    set_chip(state, ...state_of(one));
    const recovery = one.recovery === null ? null : (outcomes[one.recovery]?.word ?? one.recovery);
    const when = el('time', { className: 'muted number when', dateTime: one.time });
    const body = el('div', { className: 'story' });
    const details = el(
      'details',
      {},
      el(
        'summary',
        {},
        state,
        el(
          'span',
          { className: 'subject' },
          el('strong', { className: 'name' }, one.model ?? `${one.method} ${one.path}`),
          recovery ? el('span', { className: 'tag' }, recovery) : null,
          el('span', { className: 'muted facts-line' }, this.#facts(one)),
        ),
        el('span', { className: 'number tokens' }, ...this.#tokens(one)),
        el('span', { className: 'number speed' }, ...this.#speed(one)),
        el('span', { className: 'number first' }, ...this.#time('first byte', one.first_byte)),
        el('span', { className: 'number took' }, ...this.#time('took', one.duration)),
        when,
      ),
      body,
    );
    details.addEventListener('toggle', () => {
      if (details.open && body.childElementCount === 0) body.append(...this.#story(one));
    });
    const item = el('li', { className: 'recovery request' }, details);
    item.when = when;
    return item;
  }

  #when(item, one, store) {
    const since = store.seconds_since(one.time);
    set_text(item.when, since < 3600 ? ago(since) : moment(new Date(one.time), store.now()));
  }

  #facts(one) {
    const client = one.client ?? one.address ?? one.agent;
    const facts = [
      one.model === null ? null : one.route.replaceAll('_', ' '),
      client,
      one.host,
      one.attempts.length > 1 && one.recovery === null
        ? counted(one.attempts.length, 'attempt')
        : null,
    ];
    return facts.filter(Boolean).join(' · ');
  }

  #tokens({ tokens_in, tokens_out }) {
    if (tokens_in === null && tokens_out === null) return [];
    const known = (n) => (n === null ? '?' : count(n));
    return [spoken('tokens in and out'), `${known(tokens_in)} → ${known(tokens_out)}`];
  }

  #speed({ tokens_per_second }) {
    return tokens_per_second === null ? [] : [`${count(tokens_per_second)} tok/s`];
  }

  #time(label, seconds) {
    return seconds === null ? [] : [spoken(label), duration(seconds)];
  }

  #story(one) {
    const facts = [
      ['Request', one.request_id],
      ['Path', `${one.method} ${one.path}`],
      ['Client', one.client],
      ['Program', one.agent],
      ['Address', one.address],
      ['Host', one.host],
      ['Response', one.stream ? `${one.status}, a stream` : String(one.status)],
      ['Verdict', one.verdict],
      ['Recovery', one.recovery],
      ['Ended', one.ended === 'complete' ? null : one.ended],
      ['Why', one.detail],
      ['Size', `${bytes(one.bytes_in)} in, ${bytes(one.bytes_out)} out`],
    ];
    const rows = facts
      .filter(([, value]) => value !== null)
      .map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));
    const attempts = one.attempts.map(({ host, status, reason, ended }, at) =>
      el(
        'li',
        {},
        el('span', { className: 'name' }, host ?? 'no host'),
        el('span', {}, [status, reason].filter((each) => each !== null).join(' ')),
        el(
          'span',
          { className: 'number muted' },
          at + 1 < one.attempts.length ? `until ${duration(ended)}` : `ended at ${duration(ended)}`,
        ),
      ),
    );
    const left = el(
      'div',
      {},
      el('h3', {}, `Request ${one.number}`),
      el('dl', { className: 'facts' }, ...rows),
    );
    const right = el(
      'div',
      {},
      el('h4', {}, attempts.length > 0 ? 'Attempts' : 'It was not sent to a host'),
      el('ol', { className: 'plain decisions' }, ...attempts),
    );
    return [left, right];
  }
}
