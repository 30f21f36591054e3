// The configuration in force with the source of each value, loaded when it is opened.
import { get } from './api.js';
import { el, find, set_hidden, set_text } from './dom.js';
import { counted, sentence } from './format.js';

const shown_as = (value) => (value === '' ? 'empty' : value);

export class config_view {
  #settings = null;

  constructor() {
    find('config').addEventListener('toggle', () => this.#load());
    for (const id of ['config-words', 'config-kind']) find(id).oninput = () => this.#show();
    find('config-filter').onsubmit = (event) => event.preventDefault();
  }

  // After a change of settings, an open list is loaded again.
  refresh() {
    this.#load();
  }

  async #load() {
    if (!find('config').open) return;
    let text = '';
    try {
      this.#settings = (await get('/api/config')).settings;
    } catch (error) {
      text = `The configuration could not be loaded: ${sentence(error.message)}`;
    }
    this.#show(text);
  }

  #show(problem = '') {
    const words = find('config-words').value.trim().toLowerCase();
    const all = find('config-kind').value === 'all';
    const wanted = (this.#settings ?? []).filter(
      ({ key, value, source }) =>
        (all || source !== 'default') && `${key} ${value} ${source}`.toLowerCase().includes(words),
    );
    set_hidden(find('config-table'), wanted.length === 0);
    const rows = wanted.map(({ key, value, source }) =>
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, key),
        el('td', {}, shown_as(value)),
        el('td', { className: 'muted' }, source),
      ),
    );
    find('config-rows').replaceChildren(...rows);
    const none = all ? 'No setting matches the filter.' : 'Every setting has its default.';
    set_text(
      find('config-note'),
      problem || (wanted.length > 0 ? counted(wanted.length, 'setting') : none),
    );
  }
}
