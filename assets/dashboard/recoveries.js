// The recoveries, newest first. Each can be opened to show its details.
import { chip, set_chip } from './chip.js';
import { el, find, keyed, set_hidden, set_text } from './dom.js';
import { ago, count, counted, duration, moment } from './format.js';
import { describe, outcomes } from './story.js';

const phase_names = {
  listing: 'Listing models',
  planning: 'Planning',
  waiting: 'Waiting for an idle model',
  unloading: 'Unloading',
  checking: 'Verifying the unload',
  replaying: 'Replaying the request',
};

// The kinds among which the filter chooses, by the level of the outcome.
const kinds = {
  all: () => true,
  good: (level) => level === 'ok',
  bad: (level) => level === 'bad' || level === 'attention',
};

const words_of = ({ host, trigger, plan, outcome, error }) =>
  [
    host,
    trigger.model,
    trigger.path,
    trigger.verdict,
    trigger.request_id,
    outcomes[outcome]?.word,
    error,
    ...(plan?.instances ?? []).map(({ id }) => id),
  ]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();

export class recoveries_view {
  // `older()` loads the next page, and resolves when it is in the store. `changed()` renders again.
  constructor(older, changed) {
    const button = find('older');
    button.onclick = async () => {
      button.setAttribute('aria-disabled', 'true');
      await older();
      button.removeAttribute('aria-disabled');
    };
    for (const id of ['recoveries-words', 'recoveries-kind']) find(id).oninput = changed;
    find('recoveries-filter').onsubmit = (event) => event.preventDefault();
  }

  render(store) {
    const all = store.newest_first();
    const records = this.#filter(all);
    keyed(
      find('recoveries'),
      records,
      (record) => record.recovery,
      (record) => this.#create(record),
      (item, record) => this.#update(item, record, store),
    );
    const { totals } = store.status ?? {};
    const some = totals && totals.recoveries > 0;
    set_text(
      find('recoveries-count'),
      records.length < all.length
        ? `${count(records.length)} of the last ${count(all.length)}`
        : some
        ? `${count(totals.recoveries)} in total, ${counted(totals.recovered, 'request')} recovered`
        : '',
    );
    const empty = find('recoveries-empty');
    set_hidden(empty, records.length > 0);
    set_text(
      empty,
      all.length > 0
        ? 'No recovery matches the filter.'
        : store.recoveries
          ? 'No recoveries yet: LM Studio has refused no request.'
          : 'Loading the recoveries.',
    );
    set_hidden(find('recoveries-filter'), all.length === 0);
    set_hidden(find('older'), store.older_before === null);
  }

  #filter(all) {
    const words = find('recoveries-words').value.trim().toLowerCase().split(/\s+/);
    const fits = kinds[find('recoveries-kind').value];
    return all.filter((record) => {
      if (!fits(outcomes[record.outcome]?.level)) return false;
      const text = words_of(record);
      return words.every((word) => text.includes(word));
    });
  }

  #create(record) {
    const parts = {
      outcome: chip(),
      headline: el('span', { className: 'headline' }),
      when: el('time', { className: 'muted number when' }),
      took: el('span', { className: 'muted number took' }),
      body: el('div', { className: 'story' }),
    };
    const details = el(
      'details',
      {},
      el('summary', {}, parts.outcome, parts.headline, parts.took, parts.when),
      parts.body,
    );
    const item = el('li', { className: 'recovery' }, details);
    item.parts = parts;
    item.details = details;
    // A closed story is not rendered.
    details.addEventListener('toggle', () => this.#fill(item));
    parts.body.append(...this.#frame(item, record));
    return item;
  }

  #frame(item, record) {
    const p = item.parts;
    p.opening = el('p', {});
    p.quote = el('blockquote');
    p.sentences = el('ul', { className: 'sentences' });
    p.steps = el('div', { className: 'bar steps', 'aria-hidden': 'true' });
    p.lengths = el('ul', { className: 'legend', 'aria-label': 'Duration of each phase' });
    p.instances_title = el('h4', {}, 'Loaded instances');
    p.instances = el('ul', { className: 'plain decisions' });
    p.ids = el('p', { className: 'note' });
    const title = el('h3', {}, `Recovery ${record.recovery}`);
    const left = el('div', {}, title, p.opening, p.quote, p.sentences);
    const right = el('div', {}, p.instances_title, p.instances, p.steps, p.lengths, p.ids);
    return [left, right];
  }

  #update(item, record, store) {
    if (item.record !== record) {
      item.record = record;
      item.story = describe(record);
      const { level, icon, word, headline } = item.story;
      set_chip(item.parts.outcome, level, icon, word);
      set_text(item.parts.headline, headline);
      set_text(item.parts.took, record.duration_ms > 0 ? duration(record.duration_ms / 1000) : '');
      item.parts.when.dateTime = record.time;
      this.#fill(item);
    }
    const since = store.seconds_since(record.time);
    const when = since < 3600 ? ago(since) : moment(new Date(record.time), store.now());
    set_text(item.parts.when, when);
  }

  #fill(item) {
    if (!item.details.open) return;
    const { parts: p, story, record } = item;
    set_text(p.opening, story.opening);
    set_hidden(p.quote, !story.quote);
    set_text(p.quote, story.quote);
    keyed(
      p.sentences,
      story.sentences.map((text, at) => ({ text, at })),
      ({ at }) => at,
      () => el('li'),
      (line, { text }) => set_text(line, text),
    );
    set_hidden(p.instances_title, story.instances.length === 0);
    keyed(p.instances, story.instances, ({ id }) => id, this.#create_instance, this.#update_instance);
    this.#draw_steps(p, story.phases);
    const at = moment(new Date(record.time), new Date());
    set_text(p.ids, `Started at ${at}. Request ${record.trigger.request_id}`);
  }

  #create_instance() {
    const name = el('span', { className: 'name' });
    return el(
      'li',
      {},
      name,
      el('span', { className: 'number muted' }),
      el('span', { className: 'decision' }),
    );
  }

  #update_instance(row, { id, size, decision, unloads }) {
    const [name, bytes, words] = row.children;
    set_text(name, id);
    set_text(bytes, size);
    set_text(words, decision);
    row.dataset.unloads = unloads;
  }

  #draw_steps(p, phases) {
    set_hidden(p.steps, phases.length === 0);
    set_hidden(p.lengths, phases.length === 0);
    const name_of = ({ name }) => name;
    keyed(
      p.steps,
      phases,
      name_of,
      ({ name }) => el('div', { className: 'segment', data: { phase: name } }),
      (segment, { ms }) => {
        segment.style.flexGrow = Math.max(ms, 0.01);
      },
    );
    keyed(
      p.lengths,
      phases,
      name_of,
      ({ name }) =>
        el(
          'li',
          {},
          el('span', { className: 'swatch', 'aria-hidden': 'true', data: { phase: name } }),
          el('span', {}, phase_names[name]),
          el('span', { className: 'number' }),
        ),
      (row, { ms }) => set_text(row.lastElementChild, duration(ms / 1000)),
    );
  }
}
