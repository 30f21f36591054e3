// The scenes that every call of every client goes through.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { resident, wanted } from './models.js';
import { Stage } from './stage.js';

export const everything = 'Every model that left made room for another.';
export { embedding, resident, wanted } from './models.js';

// `calls` are { name, model, occupant, ask(client, model), expected? }: `ask` resolves to the
// answer, which must be `expected`; `occupant` is the model that leaves no memory for `model`.
export function play(title, { connect, calls }) {
  describe(title, () => {
    let stage;
    let client;

    before(async () => {
      stage = await Stage.open();
      client = connect(stage.url);
    });
    afterEach(() => stage.tell({ reset: true }));
    after(() => stage.close());

    for (const { name, model, occupant, ask, expected = everything } of calls) {
      test(`${name} is answered`, async () => {
        assert.deepEqual(await ask(client, model), expected);
        const { generations } = await stage.tell({ state: true });
        assert.equal(generations.finished, 1);
      });

      test(`${name} meets a full memory`, async () => {
        await stage.tell({ load: occupant });
        assert.deepEqual(await ask(client, model), expected);
        const state = await stage.tell({ state: true });
        assert.equal(state.refusals, 1);
        assert.deepEqual(state.unloads, { [occupant]: 1 });
      });

      test(`${name} meets a corrupt cache`, async () => {
        await stage.tell({ load: model });
        await stage.tell({ corrupt: model });
        assert.deepEqual(await ask(client, model), expected);
        const state = await stage.tell({ state: true });
        assert.equal(state.generations.failed, 1);
        assert.deepEqual(state.unloads, { [model]: 1 });
      });
    }

    test('a client that aborts its stream ends the generation', async () => {
      const streaming = calls.find((call) => call.begin);
      await stage.tell({ hold_generations: 1 });
      const stream = await streaming.begin(client, streaming.model);
      await stage.tell({ await: { running: 1 } });
      stream.controller.abort();
      const { generations } = await stage.tell({ await: { aborted: 1 } });
      assert.equal(generations.running, 0);
    });
  });
}

const key = 'sw-a-key-that-is-made-for-this-test-alone-0123';

// The client sends a key of the proxy, and LM Studio requires a token that the client does not
// know. `connect(url, key)` makes the client, and `ask(client, model)` resolves to the answer.
export function play_keyed(title, { connect, ask }) {
  describe(`${title} with a key`, () => {
    let stage;
    before(async () => (stage = await Stage.open(key)));
    afterEach(() => stage.tell({ reset: true }));
    after(() => stage.close());

    test('is served, and recovered, with the token of the proxy', async () => {
      await stage.tell({ load: resident });
      assert.equal(await ask(connect(stage.url, key), wanted), everything);
      const state = await stage.tell({ state: true });
      assert.deepEqual(state.unloads, { [resident]: 1 });
    });

    test('gets an error if the key is wrong', async () => {
      await assert.rejects(
        ask(connect(stage.url, 'sw-another-key-0123456789'), wanted),
        (e) => e.status === 401 && /Unknown API key/.test(e.message),
      );
      assert.equal((await stage.tell({ state: true })).generations.finished, 0);
    });
  });
}
