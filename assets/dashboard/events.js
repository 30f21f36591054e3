// The stream of live events over a WebSocket.

const patience_ms = 10_000;

export class events {
  #socket = null;
  #timer = null;
  heard = false; // a message has arrived, so the connection works

  // Calls `message(object)` for each message, and `closed()` once if the connection ends or fails.
  constructor(message, closed) {
    this.message = message;
    this.closed = closed;
  }

  get is_open() {
    return this.#socket !== null;
  }

  // Resumes after `sequence` of `run`, if both are known and the server still has the later events.
  open(run, sequence) {
    const url = new URL('/events', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    if (run && sequence !== null) url.search = new URLSearchParams({ run, after: sequence });
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#timer = setTimeout(() => socket.close(), patience_ms);
    socket.onmessage = (event) => {
      if (socket !== this.#socket) return;
      clearTimeout(this.#timer);
      this.heard = true;
      this.message(JSON.parse(event.data));
    };
    socket.onclose = () => this.#ended(socket);
  }

  // Closes the connection and reports it at once, because the closing handshake may take long.
  close() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#ended(socket);
  }

  #ended(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#socket = null;
    this.heard = false;
    this.closed();
  }
}
