// A relay that keeps the bytes of WebSockets. One in front of the proxy and one behind it show
// whether the proxy has changed anything.
import { once } from 'node:events';
import net from 'node:net';

export class Recorder {
  // The port that connections are passed on to; set it before the first one.
  target;
  #server;
  #connections = [];

  // Listens on a free `port` of its own.
  static async open(target) {
    const recorder = new Recorder();
    recorder.target = target;
    recorder.#server = net.createServer({ allowHalfOpen: true }, (client) =>
      recorder.#pass(client),
    );
    recorder.#server.listen(0, '127.0.0.1');
    await once(recorder.#server, 'listening');
    recorder.port = recorder.#server.address().port;
    return recorder;
  }

  // Resolves to what each WebSocket has carried after its handshake, by its Sec-WebSocket-Key,
  // once all `keys` have ended; without them, once all connections have.
  async tunnels(keys) {
    const found = new Map();
    for (const connection of this.#connections) {
      const key = keyOf(connection);
      if (!key || (keys && !keys.has(key))) continue;
      await connection.ended;
      found.set(key, payloads(connection, key));
    }
    return found;
  }

  close() {
    this.#server.close();
  }

  #pass(client) {
    const host = net.connect({ port: this.target, host: '127.0.0.1', allowHalfOpen: true });
    const connection = { up: [], down: [] };
    client.on('data', (bytes) => connection.up.push(bytes));
    host.on('data', (bytes) => connection.down.push(bytes));
    for (const [from, to] of [
      [client, host],
      [host, client],
    ]) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
    connection.ended = Promise.all([once(client, 'close'), once(host, 'close')]);
    this.#connections.push(connection);
  }
}

function keyOf({ up }) {
  return /^sec-websocket-key: *(\S+)/im.exec(Buffer.concat(up).toString('latin1'))?.[1];
}

// A connection of the proxy may have carried other requests before the handshake.
function payloads({ up, down }, key) {
  const sent = Buffer.concat(up);
  const received = Buffer.concat(down);
  return {
    up: afterHead(sent, sent.indexOf(key)),
    down: afterHead(received, received.indexOf('HTTP/1.1 101 ')),
  };
}

function afterHead(bytes, from) {
  const end = bytes.indexOf('\r\n\r\n', from);
  return bytes.subarray(end + 4);
}
