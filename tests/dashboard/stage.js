// The executable that serves the dashboard, started for a test. SECONDWIND_BINARY names it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const patience_ms = 20_000;

// Resolves to the result of `probe` as soon as it is truthy.
export async function until(probe, what) {
  const end = Date.now() + patience_ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`timed out: ${what}`);
    await new Promise((go_on) => setTimeout(go_on, 20));
  }
}

// Settings in the environment would affect every stage, and the executable refuses unknown names
// with its prefix.
const surroundings = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SECONDWIND_')),
  );

// A released port could be found a second time.
async function two_free_ports() {
  const servers = [createServer(), createServer()];
  for (const each of servers) await once(each.listen(0, '127.0.0.1'), 'listening');
  const ports = servers.map((each) => each.address().port);
  for (const each of servers) await once(each.close(), 'close');
  return ports;
}

export class Stage {
  dashboard; // its URL, with a slash at the end
  data; // the URL of the proxy itself
  #arguments;
  #environment;
  #child = null;
  #output = '';

  // The demo: an emulated LM Studio with little memory, after its first recovery.
  static async demo(environment = {}) {
    const stage = new Stage(['demo'], environment);
    await stage.start('127.0.0.1:0', '127.0.0.1:0');
    await until(
      async () => (await stage.status()).totals.recovered > 0,
      'the demo has shown its recovery',
    );
    return stage;
  }

  // The proxy alone, in front of `upstream`, which may be several, with the settings of a file if
  // one is given.
  static async serve(upstream, environment = {}, file = null) {
    const upstreams = [upstream].flat().flatMap((each) => ['--upstream', each]);
    const words = ['serve', ...upstreams, ...(file ? ['--config', file] : [])];
    const stage = new Stage(words, environment);
    const [data, admin] = await two_free_ports();
    await stage.start(`127.0.0.1:${data}`, `127.0.0.1:${admin}`);
    return stage;
  }

  constructor(words, environment) {
    this.#arguments = words;
    this.#environment = environment;
  }

  async start(listen, admin) {
    const binary = process.env.SECONDWIND_BINARY;
    if (!binary) throw new Error('SECONDWIND_BINARY must name the secondwind executable');
    this.#output = '';
    const child = spawn(binary, [...this.#arguments, '--listen', listen, '--admin', admin], {
      env: { ...surroundings(), ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (text) => (this.#output += text));
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      this.#output += `${line}\n`;
      const found = /^Dashboard: (http:\S+)/.exec(line);
      if (found) this.dashboard = found[1];
    });
    if (!admin.endsWith(':0')) this.dashboard = `http://${admin}/`;
    const first = await until(async () => {
      if (child.exitCode !== null)
        throw new Error(`it ended with ${child.exitCode}:\n${this.#output}`);
      if (!this.dashboard) return null;
      return this.status().catch(() => null);
    }, 'the admin listener answers');
    this.data = `http://${first.listen}`;
  }

  // Kills the process without a shutdown, like a power failure.
  async kill() {
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  // Starts it again on the same ports.
  restart() {
    return this.start(new URL(this.data).host, new URL(this.dashboard).host);
  }

  async ask(path) {
    const answer = await fetch(new URL(path, this.dashboard));
    return answer.json();
  }

  status() {
    return this.ask('/api/status');
  }

  async hosts() {
    return (await this.ask('/api/hosts')).hosts;
  }

  // Sends a chat completion through the proxy; the response is not read yet.
  chat(model, more = {}) {
    return fetch(`${this.data}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
    });
  }

  // Requests the largest model that is not loaded, so that loaded models must be unloaded.
  // Resolves to the names of this model and of the unloaded models.
  async provoke() {
    const [host] = await this.hosts();
    const loaded = host.models.filter(({ instances }) => instances.length > 0);
    const [wanted] = host.models
      .filter(({ instances }) => instances.length === 0)
      .sort((a, b) => b.size - a.size);
    const answer = await this.chat(wanted.key);
    await answer.text();
    if (answer.status !== 200)
      throw new Error(`the provoked request was answered ${answer.status}`);
    return { wanted: wanted.key, victims: loaded.map(({ key }) => key) };
  }
}

// An LM Studio with one model, on disk or loaded, which answers a chat with a stream that never
// ends. `left` resolves when the client of that stream has disconnected. It opens no
// WebSocket.
export async function endless_host({ loaded = false } = {}) {
  let leave;
  const left = new Promise((resolve) => (leave = resolve));
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: {"choices":[{"delta":{"content":"Well"}}]}\n\n');
      response.on('close', leave);
      return;
    }
    const loaded_instances = loaded ? [{ id: 'some/model', config: {} }] : [];
    const model = { type: 'llm', key: 'some/model', size_bytes: 4.7e9, loaded_instances };
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ models: [model] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    left,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
