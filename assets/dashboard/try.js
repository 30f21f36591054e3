// A chat with one message to try a model. It takes the way of every request, and its answer is shown
// as it comes.
import { el, find, set_hidden, set_text } from './dom.js';
import { count, duration, sentence } from './format.js';

// Gives each complete line to `use`; returns the rest.
function lines(text, use) {
  const all = text.split('\n');
  const rest = all.pop();
  for (const line of all) use(line.trimEnd());
  return rest;
}

function said(event) {
  const delta = event.choices?.[0]?.delta ?? {};
  return [delta.reasoning_content ?? '', delta.content ?? ''];
}

export class try_view {
  #running = null; // the AbortController

  constructor() {
    find('try-form').onsubmit = (event) => {
      event.preventDefault();
      if (this.#running) this.#running.abort();
      else this.#run(find('try-model').value.trim(), find('try-prompt').value);
    };
  }

  render(store) {
    set_hidden(find('try'), !store.status?.actions_allowed);
  }

  async #run(model, prompt) {
    this.#running = new AbortController();
    set_text(find('try-send'), 'Stop');
    find('try-answer').replaceChildren();
    set_hidden(find('try-answer'), true);
    set_text(find('try-state'), 'Waiting for the first token.');
    const begun = performance.now();
    try {
      const usage = await this.#stream({ model, prompt }, begun);
      const took = duration((performance.now() - begun) / 1000);
      const tokens = usage?.completion_tokens;
      set_text(find('try-state'), tokens ? `${count(tokens)} tokens in ${took}.` : `Done in ${took}.`);
    } catch (error) {
      const text = error.name === 'AbortError' ? 'Stopped.' : `It failed: ${sentence(error.message)}`;
      set_text(find('try-state'), text);
    }
    this.#running = null;
    set_text(find('try-send'), 'Send');
  }

  // Returns the usage that the stream tells, if it does.
  async #stream(wish, begun) {
    const answer = await fetch('/api/try', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(wish),
      signal: this.#running.signal,
    });
    if (!answer.ok) {
      const body = await answer.json().catch(() => null);
      const error = body?.error;
      throw new Error(error?.message ?? (typeof error === 'string' ? error : `status ${answer.status}`));
    }
    const thought = el('span', { className: 'muted' });
    const text = el('span');
    find('try-answer').replaceChildren(thought, text);
    let usage = null;
    let problem = null;
    let first = true;
    const hear = (line) => {
      if (!line.startsWith('data:') || line.endsWith('[DONE]')) return;
      const event = JSON.parse(line.slice(5));
      usage = event.usage ?? usage;
      if (event.error) problem = event.error.message ?? String(event.error);
      const [reasoning, content] = said(event);
      thought.append(reasoning);
      text.append(content);
      if (!first || !(reasoning || content)) return;
      first = false;
      set_hidden(find('try-answer'), false);
      set_text(find('try-state'), `First token after ${duration((performance.now() - begun) / 1000)}.`);
    };
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      rest = lines(rest + value, hear);
    }
    if (problem) throw new Error(problem);
    return usage;
  }
}
