// How recovery is set, and the facts about this process.
import { el, find, keyed, set_hidden, set_text } from './dom.js';
import { bytes, count, duration } from './format.js';

const modes = {
  on: ['On', 'What LM Studio refuses for lack of memory is cured and sent again.'],
  observe: ['Observe', 'Each recovery is decided and recorded, and nothing is done.'],
  off: ['Off', 'What LM Studio refuses goes to the client as it is.'],
};

const evictions = {
  idle: 'all idle instances',
  enough: 'idle instances, as many as needed',
  all: 'every instance, busy or not',
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
    keyed(
      find('modes'),
      Object.keys(modes),
      (mode) => mode,
      (mode) => this.#create_mode(mode),
      (button, mode) => {
        const chosen = String(recovery.mode === mode);
        if (button.getAttribute('aria-pressed') !== chosen)
          button.setAttribute('aria-pressed', chosen);
        const locked = !status.actions_allowed;
        if (button.disabled !== locked) button.disabled = locked;
      },
    );
    set_text(find('mode-note'), modes[recovery.mode]?.[1]);
    set_hidden(find('reload'), !status.actions_allowed);
    set_text(
      find('actions-note'),
      status.actions_allowed
        ? ''
        : 'This page only shows. To act from it, set admin.allow_actions to true.',
    );
    this.#list(status, store);
  }

  #create_mode(mode) {
    const button = el('button', { type: 'button' }, modes[mode][0]);
    button.onclick = () => {
      if (button.getAttribute('aria-pressed') !== 'true') this.#act.switch_mode(mode);
    };
    return button;
  }

  #list(status, store) {
    const { recovery, totals, replay_buffer } = status;
    const up = status.uptime + store.seconds_since(status.now);
    const facts = [
      ['Unloads', evictions[recovery.evict] ?? recovery.evict],
      ['Pinned', recovery.pinned.length > 0 ? recovery.pinned.join(', ') : 'nothing'],
      ['Replays', `${count(recovery.max_replays)} at most`],
      ['Listens on', status.listen],
      ['Up for', duration(up < 10 ? Math.floor(up) : up)],
      ['Connections', `${count(status.connections)} of ${count(status.connections_limit)}`],
      ['Replay buffer', `${bytes(replay_buffer.used)} of ${bytes(replay_buffer.limit)}`],
      ['Requests', `${count(totals.exchanges)}, ${count(totals.failed)} failed`],
      ['Clients that left', count(totals.clients_gone)],
      ['Relayed', `${bytes(totals.bytes_in)} in, ${bytes(totals.bytes_out)} out`],
      ['Pages watching', count(status.event_listeners)],
      totals.log_lines_dropped > 0 ? ['Log lines dropped', count(totals.log_lines_dropped)] : null,
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
