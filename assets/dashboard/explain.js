// What a recovery for a model would do now, shown when somebody asks.
import { get } from './api.js';
import { el, find, set_text } from './dom.js';
import { bytes, sentence } from './format.js';
import { decisions } from './story.js';

const reasons = {
  unload: 'a recovery would unload what is marked',
  all_busy: 'a recovery would wait until something is idle (recovery.busy_wait)',
  too_large: 'it would not fit even alone, so that nothing would be unloaded',
  all_pinned: 'everything loaded is pinned, so that nothing would be unloaded',
  nothing_loaded: 'nothing is loaded that could be unloaded',
  loaded: 'the model is loaded already',
};

const plan_words = (reason) => reasons[reason] ?? `the plan is "${reason}"`;

function host_item({ host, error, size, reason, second_reason, instances }) {
  if (error !== null)
    return el('li', { className: 'row' }, el('strong', {}, host), el('span', {}, sentence(error)));
  const rows = instances.map(({ id, size_bytes, decision, second_decision }) =>
    el(
      'li',
      { data: { unloads: decision === 'unload' } },
      el('span', { className: 'name' }, id),
      el('span', { className: 'number muted' }, size_bytes > 0 ? bytes(size_bytes) : ''),
      el(
        'span',
        { className: 'decision' },
        decision !== 'unload' && second_decision === 'unload'
          ? 'kept at first; unloaded if LM Studio refuses again'
          : (decisions[decision] ?? decision),
      ),
    ),
  );
  const more =
    second_reason === reason ? '' : ` If LM Studio refuses again, ${plan_words(second_reason)}.`;
  return el(
    'li',
    { className: 'row' },
    el('strong', {}, size === null ? host : `${host} (${bytes(size)} needed)`),
    el('span', {}, sentence(plan_words(reason)) + more),
    el('ul', { className: 'plain decisions' }, ...rows),
  );
}

export class explain_view {
  #asked = 0;

  constructor() {
    find('explain-form').onsubmit = (event) => {
      event.preventDefault();
      this.#ask(find('explain-model').value.trim());
    };
  }

  async #ask(model) {
    const number = ++this.#asked;
    let items = [];
    let text;
    try {
      const { hosts, mode } = await get(`/api/explain?model=${encodeURIComponent(model)}`);
      items = hosts.map(host_item);
      const idle = mode === 'on' ? '' : ` The recovery mode is "${mode}", so nothing would be done.`;
      text = `If LM Studio refuses to load ${model} because there is not enough memory:${idle}`;
    } catch (error) {
      text = `This could not be found out: ${sentence(error.message)}`;
    }
    // The answer to a later question may have come first.
    if (number !== this.#asked) return;
    set_text(find('explain-answer'), text);
    find('explain-hosts').replaceChildren(...items);
  }
}
