// How long a client waits for a server that has taken its request and stays silent: the SDKs with
// their defaults, or each agent with the settings of docs/clients.md. Prints a line for each request
// with the seconds after which the client gave it up. docs/clients.md has the table.
//
//     node patience.js SECONDS          the SDKs, for at most so long
//     node patience.js SECONDS BIN      the agents, whose commands are in BIN
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { wanted } from '../models.js';
import { agents } from './agents.js';
import { section } from './page.js';

const longest = Number(process.argv[2]) * 1000;
const bin = process.argv[3] && resolve(process.argv[3]);

const models = {
  object: 'list',
  data: [{ id: wanted, object: 'model', owned_by: 'organization_owner' }],
  models: [{ key: wanted, type: 'llm', loaded_instances: [] }],
};

// A server that lists its model and never answers anything that has a body of some length.
async function silent_server(client) {
  const server = createServer(async (request, response) => {
    const began = process.hrtime.bigint();
    let size = 0;
    for await (const piece of request) size += piece.length;
    if (request.method !== 'POST' || size < 60 || request.url.includes('count_tokens')) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(models));
      return;
    }
    response.on('close', () => {
      const waited = Number(process.hrtime.bigint() - began) / 1e9;
      console.log(`${client}: ${request.url} given up after ${waited.toFixed(1)} s`);
    });
  });
  server.requestTimeout = 0;
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return server;
}

async function sdk(name, ask) {
  const server = await silent_server(name);
  const late = new Promise((over) => setTimeout(() => over('still waits'), longest));
  const url = `http://127.0.0.1:${server.address().port}`;
  const ended = await Promise.race([
    ask(url).then(() => 'answered', (error) => `${error.constructor.name}: ${error.message}`),
    late,
  ]);
  console.log(`${name}: ${ended}`);
}

const content = 'A question that is long enough to count as one, and is never answered at all.';
const messages = [{ role: 'user', content }];

async function openai(url) {
  const { default: OpenAI } = await import('openai');
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  await client.chat.completions.create({ model: wanted, stream: true, messages });
}

async function anthropic(url) {
  const { default: Anthropic } = await import('@anthropic-ai/sdk');
  const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });
  await client.messages.create({ model: wanted, max_tokens: 99, stream: true, messages });
}

async function agent(one) {
  const folder = await mkdtemp(join(tmpdir(), 'patience-'));
  const server = await silent_server(one.name);
  const url = `http://127.0.0.1:${server.address().port}`;
  const told = await section(one.name, { url, name: wanted });
  for (const { path, text } of told.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const commands = told.commands.map((words) => words.map((word) => word.replace(/^~/, folder)));
  const last = commands.pop();
  const environment = { ...told.environment, ...one.environment };
  const run = (args) =>
    new Promise((ended) => {
      const child = spawn(join(bin, one.command), args, {
        cwd: folder,
        env: { PATH: process.env.PATH, HOME: folder, ...environment },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => (output += data));
      const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), longest);
      child.on('close', (code) => {
        clearTimeout(timer);
        ended(code === null ? 'still waits' : `ended with ${code}: ${output.slice(-300)}`);
      });
    });
  for (const [, ...args] of commands) await run(args);
  console.log(`${one.name} ${(await run(['--version'])).match(/\d+\.\d+\.\d+/)?.[0]}`);
  console.log(`${one.name}: ${await run(one.run(last.slice(1), content))}`);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}

await Promise.all([
  ...(bin ? agents.map(agent) : [sdk('openai', openai), sdk('@anthropic-ai/sdk', anthropic)]),
]);
process.exit(0);
