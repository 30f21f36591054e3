// LM Studio's own SDK and a host with too little memory, or with a corrupt cache: what fails in its
// WebSocket is repeated there, what was unloaded comes back, and the SDK warns of nothing.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { LMStudioClient, rawFunctionTool } from '@lmstudio/sdk';

import { embedding, everything, resident, wanted } from './scenes.js';
import { Stage } from './stage.js';

const silently = { verbose: false };

// The reply with the call goes to so many predictions: those that fail use it up as well.
async function act_with_a_tool(model, stage, predictions = 1) {
  const calls = [{ tool: 'look_up', arguments: { what: 'the moon' } }];
  for (let n = 0; n < predictions; ++n)
    await stage.tell({ say_to: 'sky', reply: { text: 'Let me see.', calls } });
  const looked = [];
  const look_up = rawFunctionTool({
    name: 'look_up',
    description: 'Looks something up',
    parametersJsonSchema: { type: 'object', properties: { what: { type: 'string' } } },
    implementation: ({ what }) => {
      looked.push(what);
      return 'it is full';
    },
  });
  const messages = [];
  await model.act('How is the sky?', [look_up], { onMessage: (one) => messages.push(one) });
  assert.equal(looked.length, 1);
  return messages.at(-1).getText();
}

const structured = {
  type: 'json',
  jsonSchema: { type: 'object', properties: { year: { type: 'integer' } }, required: ['year'] },
};

// What an app does with a handle, and the model that leaves no memory for its own.
const uses = [
  {
    name: 'respond',
    use: async (model) => (await model.respond('What happened?')).content,
    expected: everything,
  },
  {
    name: 'complete',
    use: async (model) => (await model.complete('Once upon a time')).content,
    expected: everything,
  },
  { name: 'act with a tool', use: act_with_a_tool, expected: everything },
  {
    name: 'structured output',
    use: async (model) => JSON.parse((await model.respond('A book', { structured })).content),
    expected: { year: 1 },
  },
  {
    name: 'embed of many',
    namespace: 'embedding',
    key: embedding,
    occupant: wanted,
    use: async (model) => (await model.embed(Array.from({ length: 20 }, String))).length,
    expected: 20,
  },
  {
    name: 'tokenize',
    use: async (model) => (await model.tokenize('12345678')).length,
    expected: 2,
    cache: false,
  },
  {
    name: 'getContextLength after respond',
    use: async (model) => {
      await model.respond('What happened?');
      return (await model.getContextLength()) > 0 && (await model.getModelInfo()).modelKey;
    },
    expected: wanted,
  },
];

describe('lmstudio with too little memory', () => {
  let stage;
  let clients;
  let complaints;

  before(async () => {
    stage = await Stage.open();
  });
  afterEach(() => stage.tell({ reset: true }));
  after(() => stage.close());

  function app() {
    const complain = (...words) => complaints.push(words.join(' '));
    const logger = { debug() {}, info() {}, warn: complain, error: complain };
    const client = new LMStudioClient({ baseUrl: stage.url.replace('http:', 'ws:'), logger });
    clients.push(client);
    return client;
  }

  // Each has clients of its own.
  function flow(name, play) {
    test(name, async () => {
      clients = [];
      complaints = [];
      try {
        await play(app());
      } finally {
        for (const client of clients) await client[Symbol.asyncDispose]();
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

  flow('load and model with progress', async (client) => {
    for (const [load, key, occupant] of [
      ['load', wanted, resident],
      ['model', resident, wanted],
    ]) {
      const progress = [];
      await stage.tell({ load: occupant }).catch(() => {});
      await client.llm[load](key, { onProgress: (part) => progress.push(part), ...silently });
      assert.deepEqual(progress, [0, 1]);
    }
  });

  for (const each of uses) {
    const { name, use, expected, namespace = 'llm', key = wanted, occupant = resident } = each;

    flow(`${name} on a handle whose model was unloaded, and again`, async (client) => {
      const model = await client[namespace].model(key, silently);
      for (let round = 0; round < 2; ++round) {
        await app().llm.model(occupant, silently);
        assert.deepEqual((await stage.tell({ state: true })).loaded, [occupant]);
        assert.deepEqual(await use(model, stage), expected);
        assert.deepEqual(await use(model, stage), expected);
        assert.deepEqual((await stage.tell({ state: true })).loaded, [key]);
      }
    });

    if (each.cache === false) continue;
    flow(`${name} into a corrupt cache, and again`, async (client) => {
      const model = await client[namespace].model(key, silently);
      for (let round = 1; round < 3; ++round) {
        await stage.tell({ corrupt: key });
        assert.deepEqual(await use(model, stage, 2), expected);
        assert.deepEqual(await use(model, stage), expected);
        assert.deepEqual((await stage.tell({ state: true })).unloads, { [key]: round });
      }
    });
  }

  flow('two apps whose models exclude each other take turns on their first handles', async (one) => {
    const first = await one.llm.model(wanted, silently);
    const second = await app().llm.model(resident, silently);
    for (let round = 0; round < 3; ++round) {
      assert.equal((await first.respond('What happened?')).content, everything);
      assert.equal((await second.respond('What happened?')).content, everything);
      assert.equal((await second.respond('And then?')).content, everything);
    }
    const both = await Promise.all([1, 2, 3].flatMap(() => [first, second].map((model) => uses[0].use(model))));
    assert.deepEqual(new Set(both), new Set([everything]));
  });

  flow('a handle of an instance with an identifier and a configuration', async (client) => {
    const config = { contextLength: 2048 };
    const model = await client.llm.load(wanted, { config, ttl: 600, ...silently });
    await app().llm.model(resident, silently);
    assert.equal((await model.respond('What happened?')).content, everything);
    assert.equal(await model.getContextLength(), 2048);
  });

  flow('a handle whose model its app has unloaded', async (client) => {
    const model = await client.llm.model(wanted, silently);
    await app().llm.model(resident, silently);
    assert.equal((await model.respond('What happened?')).content, everything);
    await model.unload();
    await assert.rejects(async () => await model.respond('And then?'), /unloaded/i);
    assert.deepEqual((await stage.tell({ state: true })).loaded, []);
  });

  for (const [name, stop] of [
    ['cancelled', ({ prediction }) => prediction.cancel()],
    ['aborted', ({ abort }) => abort.abort()],
  ])
    flow(`a prediction that is ${name} while its model is loaded again`, async (client) => {
      const model = await client.llm.model(wanted, silently);
      await app().llm.model(resident, silently);
      await stage.tell({ hold_loads: true });
      const abort = new AbortController();
      const prediction = model.respond('What happened?', { signal: abort.signal });
      const ended = prediction.result().then(
        ({ stats }) => stats.stopReason,
        (error) => error.message,
      );
      await stage.tell({ await: { loading: 1 } });
      await stop({ prediction, abort });
      assert.match(await ended, /unloaded|userStopped/i);
      await stage.tell({ await: { not_loading: true } });
      await stage.tell({ release_loads: true });
      assert.equal((await model.respond('And then?')).content, everything);
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
