// The recovery settings, and facts about this process.
import { el, find, keyed, set_hidden, set_text } from './dom.js';
import { bytes, count, duration } from './format.js';

const modes = {
  on: [
    'On',
    'When LM Studio does not have enough memory, models are unloaded and the request is replayed.',
  ],
  observe: ['Observe', 'Each recovery is decided and recorded, but nothing is done.'],
  off: ['Off', "LM Studio's errors are passed on unchanged."],
};

const evictions = {
  idle: ['Idle', 'all idle instances'],
  enough: ['Enough', 'as many idle instances as needed'],
  all: ['All', 'every instance, even if busy'],
};

export class settings_view {
  #act;

  constructor(act) {
    this.#act = act;
    find('reload').onclick = () => act.reload();
  }

  render(store) {
    const { status } = store;
    if (!status) return;
    const { recovery } = status;
    const locked = !status.actions_allowed;
    this.#offer('modes', modes, recovery.mode, locked, (mode) => this.#act.switch_mode(mode));
    set_text(find('mode-note'), modes[recovery.mode]?.[1]);
    this.#offer('evictions', evictions, recovery.evict, locked, (evict) =>
      this.#act.switch_evict(evict, evictions[evict][1]),
    );
    set_text(find('evict-note'), `A recovery unloads ${evictions[recovery.evict]?.[1]}.`);
    set_hidden(find('reload'), !status.actions_allowed);
    set_text(
      find('actions-note'),
      status.actions_allowed
        ? ''
        : 'Actions are disabled. To enable them, set admin.allow_actions to true.',
    );
    this.#list(status, store);
  }

  // A button for each choice, of which one is pressed.
  #offer(id, choices, chosen, locked, choose) {
    keyed(
      find(id),
      Object.keys(choices),
      (each) => each,
      (each) => {
        const button = el('button', { type: 'button' }, choices[each][0]);
        button.onclick = () => {
          if (button.getAttribute('aria-pressed') !== 'true') choose(each);
        };
        return button;
      },
      (button, each) => {
        const pressed = String(each === chosen);
        if (button.getAttribute('aria-pressed') !== pressed)
          button.setAttribute('aria-pressed', pressed);
        if (button.disabled !== locked) button.disabled = locked;
      },
    );
  }

  #list(status, store) {
    const { recovery, totals, replay_buffer } = status;
    const up = status.uptime + store.seconds_since(status.now);
    const facts = [
      ['Pinned models', recovery.pinned.length > 0 ? recovery.pinned.join(', ') : 'none'],
      ['Replays', `at most ${count(recovery.max_replays)}`],
      ['Listens on', status.listen],
      ['Uptime', duration(up < 10 ? Math.floor(up) : up)],
      ['Connections', `${count(status.connections)} of ${count(status.connections_limit)}`],
      ['Replay buffer', `${bytes(replay_buffer.used)} of ${bytes(replay_buffer.limit)}`],
      [
        'Requests',
        `${count(totals.exchanges)}, ${count(totals.errors)} with an error, ` +
          `${count(totals.failed)} not served`,
      ],
      ['Client disconnects', count(totals.client_disconnects)],
      ['Relayed', `${bytes(totals.bytes_in)} in, ${bytes(totals.bytes_out)} out`],
      ['Event clients', count(status.event_subscribers)],
      totals.log_lines_dropped > 0 ? ['Lost log lines', count(totals.log_lines_dropped)] : null,
    ];
    keyed(
      find('facts'),
      facts.filter(Boolean),
      ([name]) => name,
      ([name]) => el('div', {}, el('dt', {}, name), el('dd')),
      (fact, [, value]) => set_text(fact.lastElementChild, value),
    );
  }
}
