// LM Studio's own SDK, which uses WebSockets: the proxy passes them on, and cures refused loads.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';

import { LMStudioClient } from '@lmstudio/sdk';
import OpenAI from 'openai';

import { embedding, everything, resident, wanted } from './scenes.js';
import { Stage } from './stage.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const silently = { verbose: false };

describe('lmstudio', () => {
  let stage;
  let client;

  before(async () => {
    stage = await Stage.open();
    client = new LMStudioClient({ baseUrl: stage.url.replace('http:', 'ws:'), logger: quiet });
  });
  afterEach(() => stage.tell({ reset: true }));
  after(async () => {
    await client[Symbol.asyncDispose]();
    await stage.close();
  });

  test('gets the version', async () => {
    assert.match((await client.system.getLMStudioVersion()).version, /^\d+\.\d+\.\d+$/);
  });

  test('lists the downloaded models', async () => {
    const all = await client.system.listDownloadedModels();
    assert.deepEqual(
      all.map(({ modelKey, type }) => [modelKey, type]),
      [
        [resident, 'llm'],
        [wanted, 'llm'],
        [embedding, 'embedding'],
      ],
    );
  });

  test('lists the loaded models, each kind in its namespace', async () => {
    assert.deepEqual(await client.llm.listLoaded(), []);
    await stage.tell({ load: resident });
    await stage.tell({ load: embedding });
    const llms = await client.llm.listLoaded();
    assert.deepEqual(llms.map(({ identifier }) => identifier), [resident]);
    const embeddings = await client.embedding.listLoaded();
    assert.deepEqual(embeddings.map(({ identifier }) => identifier), [embedding]);
  });

  test('loads a model under a chosen name and unloads it', async () => {
    const progress = [];
    const model = await client.llm.load(wanted, {
      identifier: 'mine',
      onProgress: (part) => progress.push(part),
      ...silently,
    });
    assert.equal(model.identifier, 'mine');
    assert.equal(progress.at(-1), 1);
    assert.deepEqual((await stage.tell({ state: true })).loaded, ['mine']);
    assert.equal(await model.getContextLength(), 4096);
    await model.unload();
    assert.deepEqual((await stage.tell({ state: true })).loaded, []);
    await assert.rejects(model.getModelInfo(), /already been unloaded/);
  });

  test('gets a loaded model, or loads it', async () => {
    const first = await client.llm.model(wanted, silently);
    const again = await client.llm.model(wanted, silently);
    assert.equal(first.identifier, again.identifier);
    assert.equal((await stage.tell({ state: true })).loads, 1);
  });

  test('gets a whole answer, fragment by fragment', async () => {
    const model = await client.llm.model(wanted, silently);
    const prediction = model.respond('What happened?');
    const fragments = [];
    for await (const { content } of prediction) fragments.push(content);
    assert.equal(fragments.length, 8);
    assert.equal(fragments.join(''), everything);
    const result = await prediction.result();
    assert.equal(result.content, everything);
    assert.equal(result.stats.stopReason, 'eosFound');
    assert.equal(result.modelInfo.identifier, wanted);
  });

  test('gets no more tokens than it asked for', async () => {
    const model = await client.llm.model(wanted, silently);
    const { content, stats } = await model.respond('What happened?', { maxTokens: 2 });
    assert.equal(content, 'Every model');
    assert.equal(stats.stopReason, 'maxPredictedTokensReached');
  });

  test('a cancelled prediction ends the generation', async () => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ hold_generations: 1 });
    const prediction = model.respond('What happened?');
    await stage.tell({ await: { running: 1 } });
    await prediction.cancel();
    const { generations } = await stage.tell({ await: { aborted: 1 } });
    assert.equal(generations.running, 0);
    assert.equal((await prediction.result()).stats.stopReason, 'userStopped');
  });

  test('a load that is refused for memory is cured, without a warning', async () => {
    const complaints = [];
    const complain = (...words) => complaints.push(words.join(' '));
    const logger = { ...quiet, warn: complain, error: complain };
    const baseUrl = stage.url.replace('http:', 'ws:');
    const client = new LMStudioClient({ baseUrl, logger });
    for (const load of [client.llm.load, client.llm.model]) {
      await stage.tell({ load: resident });
      const progress = [];
      const onProgress = (part) => progress.push(part);
      const model = await load.call(client.llm, wanted, { onProgress, ...silently });
      assert.deepEqual(progress, [0, 1]);
      assert.equal((await model.respond('What happened?')).content, everything);
      const state = await stage.tell({ state: true });
      assert.equal(state.refusals, 1);
      assert.deepEqual(state.unloads, { [resident]: 1 });
      assert.deepEqual(state.loaded, [wanted]);
      await stage.tell({ reset: true });
    }
    await client[Symbol.asyncDispose]();
    assert.deepEqual(complaints, []);
  });

  test('a refused load that nothing can cure is an error with its reason', async () => {
    // An instance with a name of its own is never unloaded for another one.
    await client.llm.load(wanted, { identifier: 'mine', ...silently });
    await assert.rejects(client.llm.load(resident, silently), /insufficient system resources/);
    await assert.rejects(client.llm.model(resident, silently), /insufficient system resources/);
    const state = await stage.tell({ state: true });
    assert.equal(state.refusals, 2);
    assert.deepEqual(state.loaded, ['mine']);
  });

  test('a prediction that fails is an error with its reason', async () => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ fail: 'predict', error: 'Context size has been exceeded.' });
    await assert.rejects(async () => await model.respond('What happened?'), /has been exceeded/);
  });

  test('an unload cuts a prediction', async () => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ hold_generations: 1 });
    const prediction = model.respond('What happened?');
    await stage.tell({ await: { running: 1 } });
    await client.llm.unload(wanted);
    await assert.rejects(async () => await prediction, /Model unloaded/);
  });

  test('an unknown model is an error', async () => {
    await assert.rejects(client.llm.unload('nobody'), /No loaded model satisfies/);
    await assert.rejects(client.llm.model('nobody', silently), /Cannot find a model/);
    await assert.rejects(client.llm.load(embedding, silently), /wrong domain/);
  });

  test('plain HTTP works during a prediction', async () => {
    const model = await client.llm.model(wanted, silently);
    await stage.tell({ hold_generations: 1 });
    const prediction = model.respond('What happened?');
    await stage.tell({ await: { running: 1 } });
    const http = new OpenAI({ baseURL: `${stage.url}/v1`, apiKey: 'lm-studio', maxRetries: 0 });
    const ids = [];
    for await (const { id } of http.models.list()) ids.push(id);
    assert.deepEqual(ids, [resident, wanted, embedding]);
    await stage.tell({ release_generations: true });
    const answer = await http.chat.completions.create({
      model: wanted,
      messages: [{ role: 'user', content: 'And now?' }],
    });
    assert.equal(answer.choices[0].message.content, everything);
    assert.equal((await prediction.result()).content, everything);
  });
});
