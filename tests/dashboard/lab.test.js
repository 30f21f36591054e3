import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { desktop, open_browser, phone, Visit } from './browser.js';
import { endless_host, Stage } from './stage.js';

let browser;
let host;
let stage;

const measured = (curve) => ({
  schema: 1,
  models: [
    {
      key: 'some/model',
      measured_at: new Date().toISOString(),
      size: 4.7e9,
      works: 49_152,
      max_context: 131_072,
      limited_by: 'guardrail',
      tps: 41.2,
      curve,
    },
  ],
});

async function publish(results) {
  const [{ name }] = await stage.hosts();
  const answer = await fetch(new URL(`/api/hosts/${name}/results`, stage.dashboard), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(results),
  });
  assert.equal(answer.status, 200, await answer.text());
}

before(async () => {
  browser = await open_browser();
  host = await endless_host({ loaded: true });
  stage = await Stage.serve(host.url, { SECONDWIND_ADMIN_ALLOW_ACTIONS: 'true' });
});

after(async () => {
  await stage?.kill();
  host?.close();
  await browser?.close();
});

for (const [name, viewport] of [
  ['desktop', desktop],
  ['phone', phone],
])
  test(`a model shows what the lab has measured, with its curve: ${name}`, async () => {
    const curve = [
      { context: 4096, tps: 48.4 },
      { context: 16_384, tps: 45 },
      { context: 49_152, tps: 41.2 },
    ];
    await publish(measured(curve));
    const visit = await Visit.pay(browser, stage.dashboard, { context: { viewport } });
    await visit.live();
    const row = visit.page.locator('.instance');
    await row.filter({ hasText: 'works to 49,152 of 131,072, guardrail, 41 tok/s' }).waitFor();
    const words = '48 tok/s at 4,096, 45 at 16,384, 41 at 49,152';
    const picture = row.getByRole('img', { name: words });
    assert.ok(await picture.isVisible());
    assert.equal(
      await picture.locator('polyline').getAttribute('points'),
      '9.2,1.0 33.7,2.5 99.0,4.3',
    );
    await visit.check_access(`lab, ${name}`);
    await visit.shoot(`lab-${name}`);
    await visit.leave();
  });

test('one point makes no curve', async () => {
  await publish(measured([{ context: 4096, tps: 48.4 }]));
  const visit = await Visit.pay(browser, stage.dashboard);
  await visit.live();
  await visit.page.locator('.instance', { hasText: 'works to 49,152' }).waitFor();
  assert.equal(await visit.page.locator('.curve').count(), 0);
  await visit.leave();
});
