// Calls to the admin listener that served this page.

export class failure extends Error {
  // `status` is 0 if there was no response. `body` is the JSON of the response, if it has any.
  constructor(message, status = 0, body = null) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

async function call(path, options, patience_ms) {
  let answer;
  try {
    answer = await fetch(path, {
      cache: 'no-store',
      signal: AbortSignal.timeout(patience_ms),
      ...options,
    });
  } catch (error) {
    const late = error.name === 'TimeoutError';
    throw new failure(late ? `no response within ${patience_ms / 1000} s` : 'it does not answer');
  }
  let body = null;
  try {
    body = await answer.json();
  } catch {
    throw new failure(`the response with status ${answer.status} is not JSON`, answer.status);
  }
  if (!answer.ok) {
    const message = body?.error?.message ?? `the response had status ${answer.status}`;
    throw new failure(message, answer.status, body);
  }
  return body;
}

export const get = (path) => call(path, {}, 8_000);

// Unloads run one after another, and LM Studio may need half a minute for each.
export const post = (path, body, patience_ms = 120_000) =>
  call(
    path,
    {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    },
    patience_ms,
  );
