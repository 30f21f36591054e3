// What an operator may do from the page. Each asks first and says what will happen, then does it
// and tells what came of it.
import { post } from './api.js';
import { el, find, set_text } from './dom.js';
import { bytes, counted, list, sentence } from './format.js';

const consequences = {
  on:
    'From now on secondwind cures what LM Studio refuses for lack of memory: it unloads other ' +
    'models and sends the request again.',
  observe:
    'From now on secondwind decides and records each recovery, but unloads nothing and repeats ' +
    'no request.',
  off: "From now on LM Studio's errors go to the clients as they are.",
};

export class actions {
  #told;
  #refresh;

  // `told(text, good)` shows a result, `refresh()` has the page ask for what has changed.
  constructor(told, refresh) {
    this.#told = told;
    this.#refresh = refresh;
    find('ask-cancel').onclick = () => find('ask').close();
  }

  unload(host, id, size) {
    const frees = size > 0 ? ` and frees about ${bytes(size)}` : '';
    this.#ask({
      title: `Unload ${id}?`,
      text: [
        `LM Studio on the host ${host} unloads it${frees}.`,
        'A request that it is answering breaks off. The next request for it loads it again.',
      ],
      verb: 'Unload',
      act: () => this.#unload(host, { instance_id: id }),
    });
  }

  unload_all(host) {
    this.#ask({
      title: `Unload all models of ${host}?`,
      text: [
        'LM Studio unloads every instance, pinned and busy ones too.',
        'Requests that are being answered right now break off.',
      ],
      verb: 'Unload all',
      act: () => this.#unload(host, { all: true }),
    });
  }

  switch_mode(mode) {
    this.#ask({
      title: `Switch recovery to "${mode}"?`,
      text: [consequences[mode], 'This lasts until the configuration is loaded again.'],
      verb: 'Switch',
      act: async () => {
        const answer = await post('/api/recovery/mode', { mode });
        return `Recovery is set to "${answer.mode}".`;
      },
    });
  }

  cancel({ number, model, method, path }) {
    this.#ask({
      title: `Cancel request ${number}?`,
      text: [
        `It is ${model ? `for ${model}` : `${method} ${path}`}.`,
        "Its client's connection is closed, and LM Studio stops generating.",
      ],
      verb: 'Cancel the request',
      keep: 'Let it go on',
      act: async () => {
        await post(`/api/exchanges/${number}/cancel`, {});
        return `Request ${number} is cancelled.`;
      },
    });
  }

  reload() {
    this.#ask({
      title: 'Reload the configuration?',
      text: [
        'secondwind reads its configuration file again. With a mistake in it, nothing changes.',
        'Requests in flight go on undisturbed.',
      ],
      verb: 'Reload',
      act: async () => {
        const { changed } = await post('/api/reload', {});
        return changed.length > 0
          ? `The configuration is reloaded. Changed: ${list(changed)}.`
          : 'The configuration is reloaded. Nothing in it had changed.';
      },
    });
  }

  async #unload(host, wish) {
    const { unloaded } = await post(`/api/hosts/${encodeURIComponent(host)}/unload`, wish);
    const gone = unloaded.filter(({ result }) => result === 'unloaded').map(({ id }) => id);
    if (gone.length === 0) return 'Nothing was unloaded: it was not loaded any more.';
    return gone.length > 3
      ? `${counted(gone.length, 'instance')} were unloaded.`
      : `Unloaded ${list(gone)}.`;
  }

  #ask({ title, text, verb, keep = 'Cancel', act }) {
    const dialog = find('ask');
    const go = find('ask-go');
    set_text(find('ask-title'), title);
    find('ask-text').replaceChildren(...text.map((line) => el('p', {}, line)));
    set_text(find('ask-cancel'), keep);
    set_text(go, verb);
    go.onclick = () => {
      go.onclick = null;
      dialog.close();
      this.#do(act);
    };
    dialog.showModal();
    find('ask-cancel').focus();
  }

  async #do(act) {
    this.#told('Asking secondwind to do it.', null);
    try {
      this.#told(await act(), true);
    } catch (error) {
      const gone = (error.body?.unloaded ?? []).filter(({ result }) => result === 'unloaded');
      const some = gone.length > 0 ? ` But ${list(gone.map(({ id }) => id))} went.` : '';
      this.#told(`That did not work: ${sentence(error.message)}${some}`, false);
    }
    this.#refresh();
  }
}
