import assert from 'node:assert/strict';

import Anthropic from '@anthropic-ai/sdk';

import { play, play_keyed, resident, wanted } from './scenes.js';

const question = { max_tokens: 1000, messages: [{ role: 'user', content: 'What happened?' }] };

const begin = (client, model) => client.messages.create({ model, ...question, stream: true });

// The client itself retries some failed requests, which would hide a failed recovery.
const connect = (url, apiKey = 'lm-studio') =>
  new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });

play('anthropic', {
  connect,
  calls: [
    {
      name: 'a message',
      model: wanted,
      occupant: resident,
      ask: async (client, model) => {
        const answer = await client.messages.create({ model, ...question });
        assert.equal(answer.stop_reason, 'end_turn');
        assert.equal(answer.model, model);
        return answer.content[0].text;
      },
    },
    {
      name: 'a streamed message',
      model: wanted,
      occupant: resident,
      begin,
      ask: async (client, model) => {
        let text = '';
        const seen = [];
        for await (const event of await begin(client, model)) {
          seen.push(event.type);
          if (event.type === 'content_block_delta') text += event.delta.text;
        }
        assert.equal(seen[0], 'message_start');
        assert.equal(seen.at(-1), 'message_stop');
        return text;
      },
    },
    {
      name: 'a message through the stream helper',
      model: wanted,
      occupant: resident,
      ask: async (client, model) => {
        const answer = await client.messages.stream({ model, ...question }).finalMessage();
        assert.equal(answer.usage.output_tokens, 8);
        return answer.content[0].text;
      },
    },
  ],
});

play_keyed('anthropic', {
  connect,
  ask: async (client, model) => {
    const answer = await client.messages.create({ model, ...question });
    return answer.content[0].text;
  },
});
