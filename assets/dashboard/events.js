// The stream of events over a WebSocket: opens it, and tells what comes of it.

const patience_ms = 10_000;

export class events {
  #socket = null;
  #timer = null;
  heard = false; // a message has come, so this one works

  // `message(object)` for each message, `closed()` once when it has gone or never came about.
  constructor(message, closed) {
    this.message = message;
    this.closed = closed;
  }

  get is_open() {
    return this.#socket !== null;
  }

  // Resumes after `sequence` of `run`, where both are known and the server still has what follows.
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
    socket.onclose = () => this.#gone(socket);
  }

  // Ends it, and tells so at once: the closing handshake may take its time.
  close() {
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    this.#gone(socket);
  }

  #gone(socket) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#socket = null;
    this.heard = false;
    this.closed();
  }
}
