// The texts of the page are pure functions of the data. The tests call them in the browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { open_browser, Visit } from './browser.js';
import { endless_host, Stage } from './stage.js';

let host;
let stage;
let browser;
let visit;

before(async () => {
  host = await endless_host();
  stage = await Stage.serve(host.url);
  browser = await open_browser();
  visit = await Visit.pay(browser, stage.dashboard);
});

after(async () => {
  await browser?.close();
  await stage?.kill();
  host?.close();
});

const call = (file, name, ...given) =>
  visit.page.evaluate(
    async ([from, which, values]) => (await import(`/assets/${from}`))[which](...values),
    [file, name, given],
  );

const record = (changes = {}) => ({
  recovery: 7,
  time: '2026-03-01T10:00:00.000Z',
  host: 'default',
  trigger: {
    request_id: 'r1',
    path: '/v1/chat/completions',
    model: 'a/big',
    verdict: 'load_refused',
    message: 'too much',
    after_commit: false,
  },
  plan: {
    reason: 'unload',
    exhaustive: false,
    instances: [
      { id: 'b/small', model: 'b/small', size_bytes: 4.7e9, decision: 'unload' },
      { id: 'c/pinned', model: 'c/pinned', size_bytes: 0, decision: 'pinned' },
    ],
  },
  unloads: [{ id: 'b/small', done: true, error: '', duration_ms: 12.5 }],
  reloads: [],
  steps: [
    { step: 'began', at_ms: 0 },
    { step: 'listed', at_ms: 2 },
    { step: 'planned', at_ms: 3 },
    { step: 'unloading', at_ms: 3 },
    { step: 'unloaded', at_ms: 15.5 },
    { step: 'verified', at_ms: 17 },
    { step: 'replaying', at_ms: 17 },
    { step: 'finished', at_ms: 417 },
    { step: 'concluded', at_ms: 417 },
  ],
  outcome: 'recovered',
  finished: true,
  error: '',
  joined: 0,
  duration_ms: 417,
  replays: [{ request_id: 'r1', outcome: 'recovered' }],
  ...changes,
});

const describe = (changes) => call('story.js', 'describe', record(changes));

test('a story names the request, the unloaded models and the kept ones', async () => {
  const story = await describe();
  assert.equal(
    story.headline,
    'a/big did not fit into memory; b/small was unloaded, and the second attempt succeeded.',
  );
  assert.equal(story.quote, 'too much');
  assert.ok(story.sentences.includes('It unloaded b/small in 13 ms.'), story.sentences.join('\n'));
  assert.match(story.sentences.at(-1), /^The request was sent again 17 ms after the error/);
  assert.deepEqual(
    story.instances.map(({ id, size, decision }) => [id, size, decision]),
    [
      ['b/small', '4.7 GB', 'chosen for unloading'],
      ['c/pinned', '', 'kept: it is pinned'],
    ],
  );
  assert.deepEqual(story.phases, [
    { name: 'listing', ms: 2 },
    { name: 'planning', ms: 1 },
    { name: 'unloading', ms: 12.5 },
    { name: 'checking', ms: 1.5 },
    { name: 'replaying', ms: 400 },
  ]);
});

test('each outcome has its own word and its own last sentence', async () => {
  const outcomes = [
    'pending',
    'recovered',
    'replay_failed',
    'unload_failed',
    'no_candidate',
    'busy_timeout',
    'futile',
    'healed',
    'not_replayable',
    'client_gone',
    'observed',
  ];
  const stories = await Promise.all(outcomes.map((outcome) => describe({ outcome })));
  assert.equal(new Set(stories.map(({ word }) => word)).size, outcomes.length);
  const ends = stories.map(({ sentences }) => sentences.at(-1));
  assert.equal(new Set(ends).size, outcomes.length);
});

test('every decision, reason and step has words of its own', async () => {
  const decisions =
    'unload wanted pinned named remote busy_here busy_there resident not_needed not_enough unrelated';
  const { instances } = await describe({
    plan: {
      reason: 'unload',
      exhaustive: false,
      instances: decisions.split(' ').map((decision) => ({ id: decision, size_bytes: 1, decision })),
    },
  });
  assert.equal(new Set(instances.map(({ decision }) => decision)).size, instances.length);
  for (const { id, decision } of instances) assert.notEqual(decision, id);
  const reasons = ['nothing_loaded', 'all_pinned', 'all_busy', 'too_large', 'loaded'];
  const stories = await Promise.all(
    reasons.map((reason) => describe({ plan: { reason, exhaustive: false, instances: [] } })),
  );
  assert.equal(new Set(stories.map(({ sentences }) => sentences[1])).size, reasons.length);
  const refused = await describe({
    steps: [
      { step: 'began', at_ms: 0 },
      { step: 'replaying', at_ms: 10 },
      { step: 'refused', at_ms: 30 },
      { step: 'waiting', at_ms: 35 },
      { step: 'replaying', at_ms: 95 },
      { step: 'concluded', at_ms: 195 },
    ],
  });
  assert.ok(refused.sentences.includes('LM Studio refused the request 1 more time.'));
  assert.deepEqual(refused.phases, [
    { name: 'listing', ms: 10 },
    { name: 'replaying', ms: 120 },
    { name: 'planning', ms: 5 },
    { name: 'waiting', ms: 60 },
  ]);
});

test('a story has a failed unload, shared requests and a started response', async () => {
  const base = record();
  const { sentences } = await describe({
    outcome: 'unload_failed',
    unloads: [{ id: 'b/small', done: false, error: 'it did not answer', duration_ms: 1 }],
    joined: 3,
    trigger: { ...base.trigger, after_commit: true },
    replays: [
      { request_id: 'r1', outcome: 'unload_failed' },
      { request_id: 'r2', outcome: 'client_gone' },
    ],
  });
  const text = sentences.join('\n');
  for (const part of [
    'The response had already started, so the client saw the error.',
    'b/small was not unloaded: It did not answer.',
    '3 other requests failed during this recovery and shared it.',
    '2 requests waited for it: 1 × unload failed and 1 × client disconnected.',
  ])
    assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
});

test('durations, sizes and addresses are formatted for people', async () => {
  const durations = [
    [0.0004, '0.4 ms'],
    [0.8124, '812 ms'],
    [2.44, '2.4 s'],
    [42, '42 s'],
    [192, '3 min 12 s'],
    [7500, '2 h 5 min'],
    [0.9999, '1 s'],
    [59.7, '1 min 0 s'],
  ];
  for (const [seconds, text] of durations)
    assert.equal(await call('format.js', 'duration', seconds), text);
  const sizes = [
    [0, '0 B'],
    [999, '999 B'],
    [4.7e9, '4.7 GB'],
    [268435456, '268 MB'],
    [84e6, '84.0 MB'],
  ];
  for (const [size, text] of sizes) assert.equal(await call('format.js', 'bytes', size), text);
  const addresses = [
    ['127.0.0.1:1235', false, 'http://127.0.0.1:1235/v1'],
    ['0.0.0.0:1235', false, 'http://box:1235/v1'],
    ['[::]:80', true, 'https://box:80/v1'],
    ['[::1]:80', true, 'https://[::1]:80/v1'],
  ];
  for (const [listen, tls, url] of addresses)
    assert.equal(await call('format.js', 'base_url', { listen, tls }, 'box'), url);
  assert.deepEqual(await call('format.js', 'list', ['a', 'b', 'c']), 'a, b and c');
});

test('a lost connection is retried after 1 to 15 seconds', async () => {
  const pauses = await Promise.all(
    [1, 2, 3, 4, 5, 50].map((n) => call('connection.js', 'backoff', n)),
  );
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 15000, 15000]);
});

test('one sentence describes the overall state', async () => {
  const judge = (status, hosts, records) =>
    visit.page.evaluate(
      async ([s, h, r]) => (await import('/assets/health.js')).judge(s, h, r, () => 60),
      [
        { recovery: { mode: 'on' }, exchanges_total: 0, draining: false, ...status },
        hosts,
        records,
      ],
    );
  const up = { name: 'one', state: 'up', recovering: false };
  const down = { name: 'two', state: 'down', reason: 'connection refused', recovering: false };
  const cases = [
    [{}, [up], [], 'ok', 'All is well. The host one is up, and nothing is in flight.'],
    [
      { exchanges_total: 2 },
      [up],
      [],
      'ok',
      'All is well. The host one is up, and 2 requests are in flight.',
    ],
    [
      {},
      [{ ...up, state: 'unknown' }],
      [],
      'unknown',
      'secondwind is running. No host has answered so far.',
    ],
    [
      {},
      [up, { ...down, state: 'unknown' }],
      [],
      'ok',
      'All is well so far. Not all hosts have been checked yet, and nothing is in flight.',
    ],
    [
      {},
      [up, { ...up, name: 'two', recovery_unavailable: 'it requires an API token' }],
      [],
      'attention',
      'No recovery can work on two.',
    ],
    [{}, [down], [], 'bad', 'The host two is down: LM Studio does not answer.'],
    [{}, [up, down], [], 'attention', '1 of 2 hosts is down: two.'],
    [
      {},
      [up, { ...up, name: 'three', draining: true }],
      [],
      'attention',
      'No new requests go to hosts that are draining: three.',
    ],
    [
      {},
      [{ ...up, recovering: true }],
      [],
      'working',
      'A recovery is running on the host one; requests to this host wait for it.',
    ],
    [
      { draining: true },
      [up],
      [],
      'attention',
      'secondwind is draining: it finishes its running requests and accepts no new ones.',
    ],
    [
      {},
      [up],
      [record({ outcome: 'replay_failed' })],
      'attention',
      'The hosts are up, but the last recovery failed (1 min ago).',
    ],
  ];
  for (const [status, hosts, records, level, sentence] of cases) {
    const verdict = await judge(status, hosts, records);
    assert.deepEqual([verdict.level, verdict.sentence], [level, sentence]);
  }
});

test('a name from a client is shown as text', async () => {
  const nasty = '<img src="x" alt="seen">';
  const answer = await stage.chat(nasty, { stream: true, max_tokens: 1_000_000 });
  await visit.page.locator('.exchange', { hasText: nasty }).waitFor();
  assert.equal(await visit.page.locator('main img').count(), 0);
  await answer.body.cancel();
});

test('marks that nobody sees become visible, in texts and in labels', async () => {
  const [texts, label] = await visit.page.evaluate(async () => {
    const { el, set_text } = await import('/assets/dom.js');
    const node = el('p', { 'aria-label': 'Unload a\u202eb' }, 'gpt\u200b', ' and qwen/qwen3-8b\n');
    const before = node.textContent;
    set_text(node, '\u2066x\u0007\u{e0041}');
    return [[before, node.textContent], node.getAttribute('aria-label')];
  });
  assert.deepEqual(texts, [
    'gpt\\u200b and qwen/qwen3-8b\n',
    '\\u2066x\\u0007\\u{e0041}',
  ]);
  assert.equal(label, 'Unload a\\u202eb');
});
