// The banner while secondwind cannot be reached, the state of the connection, the result of an
// action, and the announcements for screen readers.
import { el, find, icon, keyed, set_hidden, set_icon, set_text } from './dom.js';
import { time_of_day } from './format.js';

const result_stays_ms = 10_000;

const phases = {
  connecting: ['unknown', 'wait', 'Connecting'],
  live: ['ok', 'check', 'Live'],
  polling: ['attention', 'attention', 'Live events are not available; polling'],
  lost: ['bad', 'bad', 'Disconnected'],
};

export class notices {
  #timer = null;

  constructor(retry) {
    find('retry').onclick = retry;
    find('result-close').onclick = () => this.#hide_result();
    const theme = find('theme');
    const name_theme = () => {
      const dark = document.documentElement.dataset.theme === 'dark';
      theme.replaceChildren(icon(dark ? 'sun' : 'moon'));
      theme.setAttribute(
        'aria-label',
        dark ? 'Switch to the light theme' : 'Switch to the dark theme',
      );
    };
    theme.onclick = () => window.switchTheme();
    addEventListener('themechange', name_theme);
    name_theme();
  }

  render(connection, store) {
    const { phase, lost_since, retry_at, reason } = connection;
    const [level, name, word] = phases[phase];
    const badge = find('connection');
    if (badge.dataset.phase !== phase) {
      Object.assign(badge.dataset, { phase, level });
      badge.replaceChildren(icon(name), ` ${word}`);
    }
    const lost = phase === 'lost';
    if (document.body.classList.contains('stale') !== lost)
      document.body.classList.toggle('stale', lost);
    if (lost) {
      const seconds = retry_at ? Math.max(0, Math.ceil((retry_at - Date.now()) / 1000)) : 0;
      const next = seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again now.';
      set_text(
        find('lost-text'),
        `No connection to secondwind since ${time_of_day(lost_since)}: ${reason}. ${next}`,
      );
    }
    set_hidden(find('lost'), !lost);
    set_text(find('as-of'), lost && store.as_of ? `as of ${time_of_day(store.as_of)}` : '');
  }

  // `good` is null while the action is running.
  show_result(text, good) {
    clearTimeout(this.#timer);
    const box = find('result');
    box.dataset.level = good === null ? 'working' : good ? 'ok' : 'bad';
    set_text(find('result-text'), text);
    set_hidden(box, false);
    this.announce(text);
    if (good) this.#timer = setTimeout(() => this.#hide_result(), result_stays_ms);
  }

  #hide_result() {
    const box = find('result');
    if (box.contains(document.activeElement)) find('main').focus({ preventScroll: true });
    set_hidden(box, true);
  }

  // Announces a text to a screen reader, after its current speech.
  announce(text) {
    set_text(find('announcement'), text);
  }
}

// The sentence about the overall state.
export function render_health(verdict) {
  const box = find('health');
  if (box.dataset.level !== verdict.level) box.dataset.level = verdict.level;
  set_icon(find('health-icon'), verdict.icon);
  set_text(find('health-sentence'), verdict.sentence);
  const write = (line, text) => set_text(line, text);
  keyed(
    find('health-remarks'),
    verdict.remarks,
    (text) => text,
    () => el('li'),
    write,
  );
}
