import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import OpenAI from 'openai';

import { embedding, everything, play, play_keyed, resident, wanted } from './scenes.js';
import { Stage } from './stage.js';

const messages = [{ role: 'user', content: 'What happened?' }];

// The client itself retries some failed requests, which would hide a failed recovery.
const connect = (url, apiKey = 'lm-studio') =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });

const begin_chat = (client, model) =>
  client.chat.completions.create({
    model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });

play('openai', {
  connect,
  calls: [
    {
      name: 'a chat completion',
      model: wanted,
      occupant: resident,
      ask: async (client, model) => {
        const answer = await client.chat.completions.create({ model, messages });
        assert.equal(answer.model, model);
        assert.equal(answer.choices[0].finish_reason, 'stop');
        return answer.choices[0].message.content;
      },
    },
    {
      name: 'a streamed chat completion',
      model: wanted,
      occupant: resident,
      begin: begin_chat,
      ask: async (client, model) => {
        let text = '';
        let usage;
        for await (const chunk of await begin_chat(client, model)) {
          text += chunk.choices[0]?.delta.content ?? '';
          usage = chunk.usage ?? usage;
        }
        assert.equal(usage.completion_tokens, 8);
        return text;
      },
    },
    {
      name: 'a completion',
      model: wanted,
      occupant: resident,
      ask: async (client, model) => {
        const answer = await client.completions.create({ model, prompt: 'Once' });
        return answer.choices[0].text;
      },
    },
    {
      name: 'a response',
      model: wanted,
      occupant: resident,
      ask: async (client, model) => {
        const answer = await client.responses.create({ model, input: 'What happened?' });
        assert.equal(answer.status, 'completed');
        return answer.output_text;
      },
    },
    {
      name: 'a streamed response',
      model: wanted,
      occupant: resident,
      ask: async (client, model) => {
        let text = '';
        const seen = [];
        const stream = await client.responses.create({
          model,
          input: 'What happened?',
          stream: true,
        });
        for await (const event of stream) {
          assert.equal(event.sequence_number, seen.length);
          seen.push(event.type);
          // The client passes a failure on like any other event.
          assert.notEqual(event.type, 'response.failed', JSON.stringify(event));
          if (event.type === 'response.output_text.delta') text += event.delta;
        }
        assert.equal(seen[0], 'response.created');
        assert.equal(seen.at(-1), 'response.completed');
        return text;
      },
    },
    {
      name: 'an embedding',
      model: embedding,
      occupant: wanted,
      expected: [0.5, -0.25, 0.125, 0.75],
      ask: async (client, model) => {
        const answer = await client.embeddings.create({ model, input: 'text' });
        return Array.from(answer.data[0].embedding);
      },
    },
  ],
});

play_keyed('openai', {
  connect,
  ask: async (client, model) => {
    const answer = await client.chat.completions.create({ model, messages });
    return answer.choices[0].message.content;
  },
});

describe('openai', () => {
  let stage;
  before(async () => (stage = await Stage.open()));
  after(() => stage.close());

  test('lists the models', async () => {
    const ids = [];
    for await (const model of connect(stage.url).models.list()) ids.push(model.id);
    assert.deepEqual(ids, [resident, wanted, embedding]);
  });

  test('lists the models of several hosts as one', async () => {
    const { data, response } = await connect(stage.several).models.list().withResponse();
    const ids = [];
    for await (const model of data) ids.push(model.id);
    assert.deepEqual(ids, [resident, wanted, embedding, 'stage/elsewhere']);
    assert.equal(response.headers.get('X-Secondwind-Hosts'), 'stage, other');
  });

  test('its own stream helper assembles the answer', async () => {
    const stream = connect(stage.url).chat.completions.stream({ model: wanted, messages });
    assert.equal(await stream.finalContent(), everything);
  });

  test('a client error stays a client error', async () => {
    await assert.rejects(
      connect(stage.url).chat.completions.create({ model: wanted, messages: 'none' }),
      (e) => e instanceof OpenAI.BadRequestError && /'messages' field is invalid/.test(e.message),
    );
  });
});
