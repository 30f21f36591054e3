// Every flow of LM Studio's own SDK on a healthy host: it succeeds without a warning, and the proxy
// passes on each byte of its WebSockets as it came, in both directions.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { LMStudioClient, rawFunctionTool } from '@lmstudio/sdk';

import { embedding, everything, resident, wanted } from './scenes.js';
import { Recorder } from './recorder.js';
import { Stage } from './stage.js';

const silently = { verbose: false };
const schema = {
  type: 'object',
  properties: { title: { type: 'string' }, year: { type: 'integer' } },
  required: ['title', 'year'],
};

describe('lmstudio over a recorded tunnel', () => {
  let stage;
  let outside; // between the client and the proxy
  let inside; // between the proxy and the host
  let complaints;

  before(async () => {
    inside = await Recorder.open();
    stage = await Stage.open({ upstream: inside.port });
    inside.target = Number(new URL(stage.emulator).port);
    outside = await Recorder.open(Number(new URL(stage.url).port));
  });
  afterEach(() => stage.tell({ reset: true }));
  after(async () => {
    await stage.close();
    outside.close();
    inside.close();
  });

  const seen = new Set();

  // Each flow has a client of its own.
  function flow(name, act) {
    test(name, async () => {
      complaints = [];
      const complain = (...words) => complaints.push(words.join(' '));
      const logger = { debug() {}, info() {}, warn: complain, error: complain };
      const client = new LMStudioClient({ baseUrl: `ws://127.0.0.1:${outside.port}`, logger });
      try {
        await act(client);
      } finally {
        await client[Symbol.asyncDispose]();
      }
      assert.deepEqual(complaints, []);

      const before = await outside.tunnels();
      const fresh = new Set([...before.keys()].filter((key) => !seen.has(key)));
      assert.ok(fresh.size > 0);
      const behind = await inside.tunnels(fresh);
      for (const key of fresh) {
        seen.add(key);
        assert.ok(before.get(key).up.length > 0 && before.get(key).down.length > 0);
        assert.ok(before.get(key).up.equals(behind.get(key).up), 'what the client has sent');
        assert.ok(before.get(key).down.equals(behind.get(key).down), 'what the host has sent');
      }
    });
  }

  flow('load, and use the same handle again', async (client) => {
    const progress = [];
    const model = await client.llm.load(wanted, {
      identifier: 'mine',
      config: { contextLength: 2048, flashAttention: false, seed: 7 },
      ttl: 600,
      onProgress: (part) => progress.push(part),
      ...silently,
    });
    assert.equal(model.identifier, 'mine');
    assert.deepEqual(progress, [0, 1]);
    assert.equal(await model.getContextLength(), 2048);
    const { fields } = await model.getLoadConfig();
    const loaded = Object.fromEntries(fields.map(({ key, value }) => [key, value]));
    assert.equal(loaded['llm.load.llama.flashAttention'], false);
    assert.deepEqual(loaded['llm.load.seed'], { checked: true, value: 7 });
    assert.equal((await model.respond('What happened?')).content, everything);
    assert.equal((await model.respond('And then?')).content, everything);
  });

  flow('model with progress, loaded and found', async (client) => {
    const progress = [];
    const onProgress = (part) => progress.push(part);
    await client.llm.model(wanted, { onProgress, ...silently });
    assert.deepEqual(progress, [0, 1]);
    const again = await client.llm.model(wanted, silently);
    assert.equal(again.identifier, wanted);
    assert.equal((await stage.tell({ state: true })).loads, 1);
  });

  flow('respond, with the progress of the prompt and each fragment', async (client) => {
    const model = await client.llm.model(wanted, silently);
    const heard = [];
    const prompt = [];
    const { content } = await model.respond('What happened?', {
      onPromptProcessingProgress: (part) => prompt.push(part),
      onPredictionFragment: (fragment) => heard.push(fragment.content),
    });
    assert.equal(content, everything);
    assert.equal(heard.join(''), everything);
    assert.equal(prompt.at(-1), 1);
  });

  flow('complete', async (client) => {
    const model = await client.llm.model(wanted, silently);
    assert.equal((await model.complete('Once upon a time')).content, everything);
  });

  flow('respond with reasoning', async (client) => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ say_to: 'puzzle', reply: { reasoning: 'Well, now.', text: 'Yes.' } });
    const { content, reasoningContent } = await model.respond('A puzzle');
    assert.equal(reasoningContent, 'Well, now.');
    assert.equal(content, 'Well, now.Yes.');
  });

  flow('act with a tool', async (client) => {
    const model = await client.llm.model(wanted, silently);
    const calls = [{ tool: 'look_up', arguments: { what: 'the moon', times: 2 } }];
    await stage.tell({ say_to: 'sky', reply: { text: 'Let me see.', calls } });
    const looked = [];
    const look_up = rawFunctionTool({
      name: 'look_up',
      description: 'Looks something up',
      parametersJsonSchema: {
        type: 'object',
        properties: { what: { type: 'string' }, times: { type: 'integer' } },
      },
      implementation: (what) => {
        looked.push(what);
        return 'it is full';
      },
    });
    const messages = [];
    const named = [];
    await model.act('How is the sky?', [look_up], {
      onMessage: (message) => messages.push(message),
      onToolCallRequestNameReceived: (round, call, name) => named.push(name),
    });
    assert.deepEqual(looked, [{ what: 'the moon', times: 2 }]);
    assert.deepEqual(named, ['look_up']);
    assert.deepEqual(
      messages.map((message) => message.getRole()),
      ['assistant', 'tool', 'assistant'],
    );
    assert.equal(messages.at(-1).getText(), everything);
  });

  flow('structured output', async (client) => {
    const model = await client.llm.model(wanted, silently);
    const structured = { type: 'json', jsonSchema: schema };
    const { content } = await model.respond('A book', { structured });
    assert.deepEqual(JSON.parse(content), { title: 'Every', year: 1 });
  });

  flow('embed of many', async (client) => {
    const model = await client.embedding.model(embedding, silently);
    const texts = Array.from({ length: 50 }, (_, i) => `text ${i}`);
    const vectors = await model.embed(texts);
    assert.equal(vectors.length, texts.length);
    for (const { embedding: vector } of vectors) assert.equal(vector.length, 4);
    assert.equal((await stage.tell({ state: true })).generations.finished, texts.length);
    assert.equal(await model.countTokens('12345678'), 2);
    assert.equal((await model.tokenize('12345678')).length, 2);
  });

  flow('tokenize, countTokens and applyPromptTemplate', async (client) => {
    const model = await client.llm.model(wanted, silently);
    assert.equal((await model.tokenize(everything)).length, await model.countTokens(everything));
    assert.deepEqual(
      (await model.tokenize(['a', 'abcde'])).map((tokens) => tokens.length),
      [1, 2],
    );
    assert.match(await model.applyPromptTemplate('What happened?'), /user\nWhat happened\?/);
  });

  flow('a file, the catalogue and the log', async (client) => {
    const file = await client.files.prepareFileBase64('a.txt', 'QUJD');
    assert.equal(file.sizeBytes, 3);
    const [found] = await client.repository.searchModels({ searchTerm: 'wanted' });
    assert.equal(found.name, wanted);

    const model = await client.llm.model(wanted, silently);
    let entry;
    const stop = client.diagnostics.unstable_streamLogs((one) => (entry ??= one));
    while (!entry) await model.respond('Write this down');
    assert.match(entry.data.input, /Write this down/);
    stop();
  });

  flow('a prediction that is cancelled', async (client) => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ hold_generations: 1 });
    const prediction = model.respond('What happened?');
    await stage.tell({ await: { running: 1 } });
    await prediction.cancel();
    assert.equal((await prediction.result()).stats.stopReason, 'userStopped');
    await stage.tell({ release_generations: true });
    assert.equal((await model.respond('And then?')).content, everything);
  });

  flow('a load that is aborted', async (client) => {
    await stage.tell({ hold_loads: true });
    const abort = new AbortController();
    const load = client.llm.load(wanted, { signal: abort.signal, ...silently });
    await stage.tell({ await: { loading: 1 } });
    abort.abort();
    await assert.rejects(load, { name: 'AbortError' });
    await stage.tell({ await: { not_loading: true } });
    await stage.tell({ release_loads: true });
    assert.equal((await client.llm.load(resident, silently)).identifier, resident);
  });

  flow('a model that is aborted while it loads', async (client) => {
    await stage.tell({ hold_loads: true });
    const abort = new AbortController();
    const model = client.llm.model(wanted, { signal: abort.signal, ...silently });
    await stage.tell({ await: { loading: 1 } });
    abort.abort();
    await assert.rejects(model, { name: 'AbortError' });
    await stage.tell({ await: { not_loading: true } });
  });

  flow('a prediction that is aborted', async (client) => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ hold_generations: 0 });
    const abort = new AbortController();
    const prediction = model.respond('What happened?', { signal: abort.signal });
    await stage.tell({ await: { running: 1 } });
    abort.abort();
    assert.equal((await prediction.result()).stats.stopReason, 'userStopped');
  });

  flow('many long predictions at once', async (client) => {
    const model = await client.llm.model(wanted, silently);
    const asked = Array.from({ length: 20 }, (_, i) => model.respond(`${i} `.repeat(40_000)));
    for (const { content } of await Promise.all(asked)) assert.equal(content, everything);
  });

  flow('an instance that another client has unloaded', async (client) => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ unload: wanted });
    await assert.rejects(async () => await model.respond('What happened?'), /unloaded/i);
    const again = await client.llm.model(wanted, silently);
    assert.equal((await again.respond('And now?')).content, everything);
  });

  flow('an identifier that is in use', async (client) => {
    const config = { identifier: 'mine', ...silently };
    await client.llm.load(wanted, config);
    await assert.rejects(client.llm.load(wanted, config), /already in use/);
  });
});
