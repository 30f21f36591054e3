// Runs each agent once through secondwind: its model calls a tool, the tool lets another client ask
// for another model, which evicts the agent's, and the agent's next turn needs a recovery. Prints a
// line for each agent; ends with 1 if one of them failed, or needed no recovery. SECONDWIND_STAGE
// names the stage.
//
//     node run.js BIN [COMMAND]    BIN has the agents' commands, COMMAND chooses one of them
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { resident, wanted } from '../models.js';
import { Stage } from '../stage.js';
import { agents } from './agents.js';
import { section } from './page.js';

const longest_run = 120_000; // milliseconds
const task = 'Please do the work of secondwind, and tell me when it is done.';
const served = 'the other client was served';
const last_words = 'The work of all agents is done.';
const bin = resolve(process.argv[2] ?? '.');
const chosen = process.argv[3];
const kept_requests = process.env.SECONDWIND_AGENT_REQUESTS;

// What the agent's tool runs: a client that wants another model.
const other_client = (url) => `
const body = { model: '${resident}', messages: [{ role: 'user', content: 'Hi' }] };
const answer = await fetch('${url}/v1/chat/completions', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});
await answer.text();
console.log(answer.ok ? ['the other', 'client was', 'served'].join(' ') : 'it failed');
`;

// Resolves to { code, output } when the command has ended, or has been ended.
function run(command, args, environment, folder) {
  const child = spawn(join(bin, command), args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...environment },
    detached: true, // so that what it has started ends with it
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (data) => (output += data);
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const end_all = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {} // all of them have ended
  };
  const timer = setTimeout(end_all, longest_run);
  child.on('exit', end_all);
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, output });
    });
  });
}

// Makes the agent ready as the page says: resolves to { arguments, environment } of a run.
async function prepare(agent, url, folder) {
  const told = await section(agent.name, { url, name: wanted });
  for (const { path, text } of told.files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const environment = { ...told.environment, ...agent.environment };
  const commands = told.commands.map((words) => words.map((word) => word.replace(/^~/, folder)));
  for (const [command] of commands)
    if (command !== agent.command) throw new Error(`${agent.name}: the page runs "${command}"`);
  const last = commands.pop();
  for (const [command, ...args] of commands) {
    const { code, output } = await run(command, args, environment, folder);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${output}`);
  }
  return { arguments: agent.run(last.slice(1), task), environment };
}

// Everything that is wrong with how an agent's run ended.
function faults({ code, output }, state) {
  const found = [];
  if (code !== 0) found.push(`it ended with ${code}`);
  if (!output.includes(last_words)) found.push('its last answer is missing');
  if (state.refusals < 2) found.push(`${state.refusals} of 2 loads were refused`);
  if (state.recovered < 2) found.push(`${state.recovered} of 2 recoveries happened`);
  if (state.generations.failed + state.generations.unloaded !== 0) found.push('a generation broke');
  return found;
}

async function try_agent(agent) {
  const folder = await mkdtemp(join(tmpdir(), 'secondwind-agent-'));
  const stage = await Stage.open();
  try {
    const client = join(folder, 'client.mjs');
    await writeFile(client, other_client(stage.url));
    const command = `${process.execPath} ${client}`;
    const call = { tool: agent.tool, arguments: agent.arguments_of(command) };
    await stage.tell({ say_to: task, reply: { reasoning: 'I begin.', calls: [call] } });
    await stage.tell({ say_to: served, reply: { reasoning: 'I see.', text: last_words } });
    const start = await prepare(agent, stage.url, folder);
    const version = await run(agent.command, ['--version'], start.environment, folder);
    const ended = await run(agent.command, start.arguments, start.environment, folder);
    const state = await stage.tell({ state: true });
    const found = faults(ended, state);
    const result = found.length === 0 ? `served, ${state.recovered} recoveries` : found.join('; ');
    console.log(`${agent.name} ${version.output.match(/\d+\.\d+\.\d+/)?.[0] ?? '?'}: ${result}`);
    if (found.length !== 0) {
      console.log(ended.output.slice(-4000));
      if (kept_requests) {
        const { requests } = await stage.tell({ requests: agent.path });
        await writeFile(kept_requests, JSON.stringify(requests, null, 1));
      }
    }
    return found.length === 0;
  } finally {
    await stage.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

const candidates = agents.filter((agent) => !chosen || agent.command === chosen);
let failures = candidates.length === 0 ? 1 : 0;
for (const agent of candidates) if (!(await try_agent(agent))) ++failures;
process.exit(failures === 0 ? 0 : 1);
