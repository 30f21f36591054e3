import assert from 'node:assert/strict';
import { test } from 'node:test';

const from = (name) => import(new URL(`../../assets/dashboard/${name}`, import.meta.url));
const { advice_of } = await from('advice.js');
const { memory_of, memory_words } = await from('memory.js');

const model = (key, size, loaded) => ({ key, size, instances: loaded ? [{ id: key }] : [] });
const host = {
  name: 'rtx',
  models: [model('a', 8e9, true), model('b', 4e9, false), model('c', 10e9, false)],
};
const refusal = (wanted, sizes, verdict = 'load_refused') => ({
  host: 'rtx',
  trigger: { model: wanted, verdict },
  plan: { instances: sizes.map((size_bytes, n) => ({ model: `m${n}`, size_bytes })) },
});

test('without a refusal the scale is the largest total that was seen', () => {
  assert.deepEqual(memory_of(host, []), { loaded: 8e9, most: 8e9, refused: null, scale: 8e9 });
  const later = memory_of(host, [], 12e9);
  assert.equal(later.scale, 12e9);
  assert.equal(memory_words(later), '8.0 GB of models loaded, 12.0 GB were loaded at once');
});

test('a refusal extends the scale to what would have been loaded then', () => {
  const memory = memory_of(host, [refusal('c', [8e9, 4e9])]);
  assert.deepEqual(memory, { loaded: 8e9, most: 12e9, refused: 22e9, scale: 22e9 });
  assert.equal(
    memory_words(memory),
    '8.0 GB of models loaded, 12.0 GB were loaded at once, 22.0 GB were refused',
  );
});

test('the least that was refused counts, unless more than that has fitted', () => {
  const records = [refusal('c', [8e9]), refusal('b', [8e9])];
  assert.equal(memory_of(host, records).refused, 12e9);
  assert.equal(memory_of(host, records, 13e9).refused, null);
});

test('other hosts, other errors and models of unknown size tell nothing of the memory', () => {
  const elsewhere = { ...refusal('c', [80e9]), host: 'mac' };
  const records = [elsewhere, refusal('c', [80e9], 'model_crash'), refusal('unknown', [80e9])];
  assert.equal(memory_of(host, records).scale, 8e9);
  assert.equal(memory_of(host, [{ ...refusal('b', []), plan: null }]).refused, null);
});

test('advice for a host that is down depends on the reason and on where it is', () => {
  const down = (reason, url) => advice_of({ state: 'down', reason, url });
  assert.equal(advice_of({ state: 'up', reason: null, url: 'http://mac:1234' }), '');
  assert.match(down('Connection refused', 'http://127.0.0.1:1234'), /lms server start --port 1234/);
  assert.match(down('Connection refused', 'http://mac:1234'), /Local Network/);
  assert.match(down('no answer within 5 s', 'http://mac:1234'), /mac is on and in this network/);
  assert.match(down('Host not found (authoritative)', 'http://mac:1234'), /has no address/);
  assert.match(down('certificate verify failed', 'https://mac'), /ca_file/);
  assert.match(down('odd', 'http://mac:1234'), /LM Studio is running at http:\/\/mac:1234/);
});
