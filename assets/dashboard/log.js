// The newest lines of the log, followed while they are open. Network addresses are left out unless
// admin.show_addresses is set.
import { get } from './api.js';
import { el, find, set_hidden, set_text } from './dom.js';
import { count, sentence } from './format.js';
import { poll } from './poll.js';

const every_ms = 2_000;
const most_lines = 500;

const ranks = { debug: 0, info: 1, warn: 2, error: 3 };

export class log_view {
  #lines = [];
  #newest = null;
  #poll = new poll(
    () => this.#ask(),
    () => (find('log').open && !this.#paused ? every_ms : null),
  );
  #paused = false;

  constructor() {
    find('log').addEventListener('toggle', () => this.#poll.now());
    find('log-pause').onclick = () => {
      this.#paused = !this.#paused;
      find('log-pause').setAttribute('aria-pressed', String(this.#paused));
      this.#poll.now();
    };
    for (const id of ['log-words', 'log-level']) find(id).oninput = () => this.#show(true);
    find('log-filter').onsubmit = (event) => event.preventDefault();
    document.addEventListener('visibilitychange', () => this.#poll.plan());
  }

  async #ask() {
    if (!find('log').open || this.#paused) return;
    const since = this.#newest === null ? '' : `&after=${this.#newest}`;
    try {
      const { lines, newest } = await get(`/api/log?limit=500${since}`);
      // After a restart of secondwind the numbers begin again.
      const restarted = this.#newest !== null && newest < this.#newest;
      if (restarted) this.#lines = [];
      this.#newest = restarted ? null : newest;
      this.#lines.push(...lines);
      this.#lines.splice(0, this.#lines.length - most_lines);
      if (restarted || lines.length > 0 || since === '') this.#show(false);
    } catch (error) {
      set_text(find('log-note'), `The log could not be loaded: ${sentence(error.message)}`);
    }
  }

  #show(filtered) {
    const words = find('log-words').value.trim().toLowerCase();
    const least = ranks[find('log-level').value];
    const wanted = this.#lines.filter(
      ({ level, text }) => (ranks[level] ?? 1) >= least && text.toLowerCase().includes(words),
    );
    const box = find('log-box');
    // Whoever has scrolled up reads there.
    const follows = filtered || box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    const rows = wanted.map(({ level, text }) => el('li', { data: { level } }, text));
    find('log-lines').replaceChildren(...rows);
    set_hidden(box, wanted.length === 0);
    const few = wanted.length < this.#lines.length;
    const all = `the last ${count(this.#lines.length)} lines`;
    set_text(
      find('log-note'),
      this.#lines.length === 0
        ? 'No line has been written (log.level).'
        : few
          ? `${count(wanted.length)} of ${all}`
          : all,
    );
    if (follows) box.scrollTop = box.scrollHeight;
  }
}
