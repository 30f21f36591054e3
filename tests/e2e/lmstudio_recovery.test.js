// LM Studio's own SDK and a full memory: what is refused in its WebSocket is repeated there, and
// the SDK warns of nothing.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { LMStudioClient } from '@lmstudio/sdk';

import { everything, resident, wanted } from './scenes.js';
import { Stage } from './stage.js';

const silently = { verbose: false };

describe('lmstudio with a full memory', () => {
  let stage;

  before(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.tell({ reset: true }));
  after(() => stage.close());

  // Each has a client of its own.
  function flow(name, act) {
    test(name, async () => {
      const complaints = [];
      const complain = (...words) => complaints.push(words.join(' '));
      const logger = { debug() {}, info() {}, warn: complain, error: complain };
      const client = new LMStudioClient({ baseUrl: stage.url.replace('http:', 'ws:'), logger });
      try {
        await act(client);
      } finally {
        await client[Symbol.asyncDispose]();
      }
      assert.deepEqual(complaints, []);
    });
  }

  flow('several loads at once', async (client) => {
    await stage.tell({ load: resident });
    const models = await Promise.all([1, 2, 3].map(() => client.llm.model(wanted, silently)));
    for (const model of models)
      assert.equal((await model.respond('What happened?')).content, everything);
    assert.deepEqual((await stage.tell({ state: true })).unloads, { [resident]: 1 });
  });

  flow('a load that is aborted while it waits for a busy model', async (client) => {
    await stage.tell({ load: resident });
    await stage.tell({ hold_generations: 0 });
    const busy = await client.llm.model(resident, silently);
    const answer = busy.respond('What happened?');
    await stage.tell({ await: { running: 1 } });
    const abort = new AbortController();
    const model = client.llm.model(wanted, { signal: abort.signal, ...silently });
    await stage.tell({ await: { refused: 1 } });
    abort.abort();
    await assert.rejects(model, { name: 'AbortError' });
    await stage.tell({ release_generations: true });
    assert.equal((await answer).content, everything);
    assert.deepEqual((await stage.tell({ state: true })).unloads, {});
  });
});
