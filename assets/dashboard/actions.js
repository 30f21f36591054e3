// The actions of an operator. Each explains what it will do and asks for confirmation. Then it runs
// and shows its result.
import { post } from './api.js';
import { el, find, set_text } from './dom.js';
import { bytes, counted, duration, list, sentence } from './format.js';

// It may have to wait until other models are idle (recovery.busy_wait).
const load_patience_ms = 3_600_000;

const consequences = {
  on:
    'From now on, when LM Studio does not have enough memory for a request, secondwind unloads ' +
    'other models and sends the request again.',
  observe:
    'From now on secondwind decides and records each recovery, but unloads nothing and replays ' +
    'no request.',
  off: "From now on secondwind passes on LM Studio's errors unchanged.",
};

export class actions {
  #show_result;
  #refresh;

  // `show_result(text, good)` shows a result, `refresh()` reloads the data of the page.
  constructor(show_result, refresh) {
    this.#show_result = show_result;
    this.#refresh = refresh;
    find('ask-cancel').onclick = () => find('ask').close();
  }

  unload(host, id, size) {
    const frees = size > 0 ? ` and free about ${bytes(size)}` : '';
    this.#ask({
      title: `Unload ${id}?`,
      text: [
        `LM Studio on the host ${host} will unload it${frees}.`,
        'Its running requests will fail. The next request to this model will load it again.',
      ],
      verb: 'Unload',
      danger: true,
      act: () => this.#unload(host, { instance_id: id }),
    });
  }

  unload_all(host) {
    this.#ask({
      title: `Unload all models of ${host}?`,
      text: [
        'LM Studio will unload every instance, including pinned and busy ones.',
        'Running requests will fail.',
      ],
      verb: 'Unload all',
      danger: true,
      act: () => this.#unload(host, { all: true }),
    });
  }

  // The model is loaded as a request would load it, so others may have to make room for it.
  load(host, key, size) {
    const context = el('input', {
      id: 'ask-context',
      type: 'number',
      min: '1',
      step: '1',
      inputMode: 'numeric',
      placeholder: 'default',
    });
    const takes = size > 0 ? ` It takes about ${bytes(size)}.` : '';
    this.#ask({
      title: `Load ${key}?`,
      text: [
        `LM Studio on the host ${host} will load it.${takes}`,
        'If there is not enough memory, a recovery unloads idle models, as for a request.',
      ],
      field: el(
        'p',
        { className: 'setting' },
        el('label', { htmlFor: 'ask-context' }, 'Context length, in tokens'),
        context,
      ),
      verb: 'Load',
      act: async () => {
        const wish = { model: key };
        if (Number(context.value) > 0) wish.context_length = Math.round(Number(context.value));
        const path = `/api/hosts/${encodeURIComponent(host)}/load`;
        const { loaded, seconds } = await post(path, wish, load_patience_ms);
        return seconds === null ? `Loaded ${loaded}.` : `Loaded ${loaded} in ${duration(seconds)}.`;
      },
    });
  }

  // A pin is ended and made again with one click, so it does not ask first.
  pin(key, on) {
    this.#do(async () => {
      const { pinned, kept } = await post(on ? '/api/pin' : '/api/unpin', { model: key });
      const lasts = kept ? '' : ' This lasts until the next restart.';
      return pinned
        ? `${key} is pinned: no recovery unloads it.${lasts}`
        : `${key} is not pinned any more.`;
    });
  }

  switch_evict(evict, words) {
    this.#ask({
      title: 'Change what recoveries unload?',
      text: [
        `From now on they unload ${words}.`,
        ...(evict === 'all' ? ['Running requests of the unloaded models will fail.'] : []),
        'This lasts until the next reload or restart.',
      ],
      verb: 'Change',
      danger: evict === 'all',
      act: async () => {
        await post('/api/recovery/evict', { evict });
        return `Recoveries unload ${words}.`;
      },
    });
  }

  drain(host, on) {
    this.#ask({
      title: on ? `Drain ${host}?` : `Undrain ${host}?`,
      text: on
        ? [
            'The host gets no new requests. Those that no other host can serve are refused.',
            'Running requests are not affected. This lasts until you undrain the host, or ' +
              'secondwind restarts.',
          ]
        : ['The host gets requests again.'],
      verb: on ? 'Drain' : 'Undrain',
      danger: on,
      act: async () => {
        const path = `/api/hosts/${encodeURIComponent(host)}/${on ? 'drain' : 'undrain'}`;
        const { exchanges } = await post(path, {});
        return on
          ? `${host} is draining: ${counted(exchanges, 'request')} left.`
          : `${host} gets requests again.`;
      },
    });
  }

  switch_mode(mode) {
    this.#ask({
      title: `Change the recovery mode to "${mode}"?`,
      text: [consequences[mode], 'This lasts until the next reload or restart.'],
      verb: 'Change the mode',
      act: async () => {
        const answer = await post('/api/recovery/mode', { mode });
        return `The recovery mode is "${answer.mode}".`;
      },
    });
  }

  cancel({ number, model, method, path }) {
    this.#ask({
      title: `Cancel request ${number}?`,
      text: [
        `Request: ${model ?? `${method} ${path}`}.`,
        "The client's connection will be closed, and LM Studio stops generating.",
      ],
      verb: 'Cancel the request',
      keep: 'Keep the request',
      danger: true,
      act: async () => {
        await post(`/api/exchanges/${number}/cancel`, {});
        return `Request ${number} was cancelled.`;
      },
    });
  }

  reload() {
    this.#ask({
      title: 'Reload the configuration?',
      text: [
        'secondwind reads its configuration file again. If the file has an error, nothing changes.',
        'Running requests are not affected.',
      ],
      verb: 'Reload',
      act: async () => {
        const { changed } = await post('/api/reload', {});
        return changed.length > 0
          ? `The configuration was reloaded. Changed: ${list(changed)}.`
          : 'The configuration was reloaded. There were no changes.';
      },
    });
  }

  async #unload(host, wish) {
    const { unloaded } = await post(`/api/hosts/${encodeURIComponent(host)}/unload`, wish);
    const done = unloaded.filter(({ result }) => result === 'unloaded').map(({ id }) => id);
    if (done.length === 0) return 'Nothing was unloaded: it was not loaded any more.';
    return done.length > 3
      ? `${counted(done.length, 'instance')} were unloaded.`
      : `Unloaded ${list(done)}.`;
  }

  // With `danger` the button is red.
  #ask({ title, text, field = null, verb, keep = 'Cancel', danger = false, act }) {
    const dialog = find('ask');
    const go = find('ask-go');
    set_text(find('ask-title'), title);
    find('ask-text').replaceChildren(...text.map((line) => el('p', {}, line)), ...(field ? [field] : []));
    set_text(find('ask-cancel'), keep);
    set_text(go, verb);
    go.classList.toggle('danger', danger);
    go.onclick = () => {
      go.onclick = null;
      dialog.close();
      this.#do(act);
    };
    dialog.showModal();
    find('ask-cancel').focus();
  }

  async #do(act) {
    this.#show_result('Waiting for secondwind.', null);
    try {
      this.#show_result(await act(), true);
    } catch (error) {
      const done = (error.body?.unloaded ?? []).filter(({ result }) => result === 'unloaded');
      const some = done.length > 0 ? ` Unloaded anyway: ${list(done.map(({ id }) => id))}.` : '';
      this.#show_result(`The action failed: ${sentence(error.message)}${some}`, false);
    }
    this.#refresh();
  }
}
