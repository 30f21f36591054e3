// Hosts with many models, and many requests for them.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Agent, request } from 'node:http';

const publishers = ['qwen', 'google', 'mistralai', 'meta', 'deepseek', 'ibm'];
const families = ['qwen3', 'gemma-3', 'devstral', 'llama-3.3', 'r1-distill', 'granite-4'];
const sizes = [2.1e9, 4.7e9, 8.1e9, 12.4e9, 17.2e9, 31.8e9];

// The name and the size of the model with this number.
const model = (n) => {
  const at = n % families.length;
  const billions = [1.7, 4, 8, 14, 30, 70][(n + Math.floor(n / 6)) % 6];
  return {
    key: `${publishers[at]}/${families[at]}-${billions}b${n >= 6 ? `-v${Math.floor(n / 6) + 1}` : ''}`,
    size: sizes[(n + Math.floor(n / 6)) % 6],
  };
};

// Each of `count` hosts has its part of `models` models loaded, and answers each chat with the
// tokens that it took. They open no WebSocket.
export async function crowd_of_hosts(count, models) {
  const all = Array.from({ length: models }, (_, n) => model(n));
  const hosts = [];
  for (let at = 0; at < count; ++at) {
    const own = all.filter((_, n) => n % count === at);
    const list = JSON.stringify({
      models: own.map(({ key, size }) => ({
        type: 'llm',
        key,
        size_bytes: size,
        loaded_instances: [{ id: key, config: { context_length: 8192 } }],
      })),
    });
    const server = createServer((asked, response) => {
      asked.resume();
      response.setHeader('Content-Type', 'application/json');
      if (asked.method === 'GET') return response.end(list);
      asked.on('end', () =>
        response.end(
          '{"choices":[{"message":{"content":"Well."}}],' +
            '"usage":{"prompt_tokens":41,"completion_tokens":12,"total_tokens":53}}',
        ),
      );
    });
    server.keepAliveTimeout = 60_000;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    hosts.push(server);
  }
  const names = ['rtx', 'mac', 'spark', 'attic', 'office'];
  return {
    models: all.map(({ key }) => key),
    upstreams: hosts.map((each, n) => `${names[n]}=http://127.0.0.1:${each.address().port}`),
    close: () => {
      for (const each of hosts) {
        each.closeAllConnections();
        each.close();
      }
    },
  };
}

// Sends `total` chats through the proxy at `url`, `lanes` of them at once, for each model in turn.
export async function storm(url, models, total, lanes) {
  const agent = new Agent({ keepAlive: true, maxSockets: lanes });
  const { hostname, port } = new URL(url);
  let next = 0;
  const chat = (name) =>
    new Promise((resolve, reject) => {
      const body = JSON.stringify({ model: name, messages: [{ role: 'user', content: 'Hi' }] });
      const sent = request(
        {
          agent,
          hostname,
          port,
          method: 'POST',
          path: '/v1/chat/completions',
          headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
        },
        (answer) => {
          answer.resume();
          answer.on('end', () => resolve(answer.statusCode));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  const lane = async () => {
    while (next < total) {
      const status = await chat(models[next++ % models.length]);
      if (status !== 200) throw new Error(`a request of the storm was answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  agent.destroy();
}
