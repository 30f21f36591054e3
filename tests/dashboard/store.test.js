// What the page makes of the messages of /events, in whatever order and number they come.
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

const record = (number, outcome = 'recovered') => ({ recovery: number, outcome });
const numbers = (first, last) =>
  Array.from({ length: first - last + 1 }, (_, at) => record(first - at));
const status = (run) => ({ run, now: '2026-03-01T10:00:00.000Z', recovery: { mode: 'on' } });
const snapshot = (run, sequence, recoveries) => ({
  type: 'snapshot',
  run,
  sequence,
  status: status(run),
  hosts: [],
  recoveries,
});
const step = (sequence, one) => ({ type: 'recovery', sequence, recovery: one });

// Lets a fresh store take each of [method, argument, ...], and gives what each returned and what is
// known in the end.
const play = (moves) =>
  visit.page.evaluate(async (all) => {
    const { store } = await import('/assets/store.js');
    const advanced = [];
    const one = new store(
      () => {},
      ({ recovery }, before) => advanced.push([recovery, before?.outcome ?? null]),
    );
    const returned = all.map(([method, ...given]) => one[method](...given));
    return {
      returned,
      advanced,
      known: one.newest_first().map(({ recovery }) => recovery),
      older_before: one.older_before,
      sequence: one.sequence,
      mode: one.status?.recovery.mode,
    };
  }, moves);

test('consecutive events are accepted, and an event after a gap is not', async () => {
  const { returned, known, sequence, advanced } = await play([
    ['take_message', snapshot('a', 4, [record(1)])],
    ['take_message', step(5, record(2, 'pending'))],
    ['take_message', step(6, record(2))],
    ['take_message', step(8, record(3))],
  ]);
  assert.deepEqual(returned, [true, true, true, false]);
  assert.deepEqual(known, [2, 1]);
  assert.equal(sequence, 6);
  assert.deepEqual(
    advanced,
    [
      [2, null],
      [2, 'pending'],
    ],
    'recoveries that had ended before are not announced',
  );
});

test('nothing of a previous process is kept', async () => {
  const { returned, known, advanced } = await play([
    ['take_message', snapshot('a', 4, numbers(3, 1))],
    ['take_status', status('b')],
    ['take_message', snapshot('b', 1, [record(1)])],
  ]);
  assert.equal(returned[1], true);
  assert.deepEqual(known, [1]);
  assert.deepEqual(advanced, []);
});

test('a resumed stream continues, but only within the same process', async () => {
  const { returned, sequence } = await play([
    ['take_message', snapshot('a', 4, [])],
    ['take_message', { type: 'resumed', run: 'a', sequence: 4 }],
    ['take_message', step(5, record(1))],
    ['take_message', { type: 'resumed', run: 'b', sequence: 5 }],
  ]);
  assert.deepEqual(returned, [true, true, true, false]);
  assert.equal(sequence, 5);
});

test('older recoveries are loaded after a full page, until there are none', async () => {
  const full = ['take_message', snapshot('a', 4, numbers(80, 31))];
  const first = await play([full]);
  assert.equal(first.older_before, 31);
  const all = await play([
    full,
    ['take_recoveries', { recoveries: numbers(30, 1), next_before: null }, true],
  ]);
  assert.equal(all.older_before, null);
  assert.equal(all.known.length, 80);
  const polled = await play([
    full,
    ['take_recoveries', { recoveries: numbers(81, 32), next_before: 32 }],
  ]);
  assert.equal(polled.older_before, 31, 'a newer page does not move the end');
  assert.deepEqual(
    polled.advanced.map(([number]) => number),
    [81, ...numbers(80, 32).map(({ recovery }) => recovery)],
  );
});

test('a changed mode is known at once', async () => {
  const { mode } = await play([
    ['take_message', snapshot('a', 4, [])],
    ['take_message', { type: 'settings', sequence: 5, recovery: { mode: 'off' } }],
  ]);
  assert.equal(mode, 'off');
});
