import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { desktop, open_browser, phone, Visit } from './browser.js';
import { endless_host, Stage } from './stage.js';

let browser;
let hosts;
let stage;

before(async () => {
  browser = await open_browser();
  hosts = [await endless_host({ loaded: true }), await endless_host()];
  // Nobody listens on the last one: the port is privileged.
  const urls = [`rtx=${hosts[0].url}`, `mac=${hosts[1].url}`, 'gone=http://127.0.0.1:1'];
  stage = await Stage.serve(urls);
});

after(async () => {
  await stage?.kill();
  for (const each of hosts ?? []) each.close();
  await browser?.close();
});

for (const [name, viewport] of [
  ['desktop', desktop],
  ['phone', phone],
])
  test(`the box shows which host a request goes to, when it is asked: ${name}`, async () => {
    const visit = await Visit.pay(browser, stage.dashboard, { context: { viewport } });
    const { page } = visit;
    const asked = [];
    page.on('request', (request) => request.url().includes('/api/route') && asked.push(request));
    await visit.live();
    await page.locator('#route-models option').waitFor({ state: 'attached' });
    assert.equal(asked.length, 0);
    await page.locator('#route').getByLabel('Model', { exact: true }).fill('some/model');
    await page.keyboard.press('Enter');
    await page
      .locator('#route-answer', {
        hasText: 'A request for some/model goes to rtx: the model is loaded there.',
      })
      .waitFor();
    const row = (host) => page.locator(`#route-hosts > li[data-key="${host}"]`);
    await row('rtx').filter({ hasText: 'loaded: nothing to wait for' }).waitFor();
    await row('mac').filter({ hasText: /load \d/ }).waitFor();
    await row('gone').waitFor();
    assert.deepEqual(await page.locator('#route-hosts .tag:visible').allTextContents(), ['cheapest']);
    assert.ok(await row('rtx').locator('.tag').isVisible());
    await visit.check_access(`route, ${name}`);
    await page.locator('#route').scrollIntoViewIfNeeded();
    await visit.shoot(`route-${name}`);
    assert.equal(asked.length, 1);
    await visit.leave();
  });

test('a host that cannot be reached is shown to rest', async () => {
  const visit = await Visit.pay(browser, stage.dashboard);
  await visit.live();
  const card = visit.page.locator('.host', { hasText: 'gone' });
  await card.locator('.chip:visible', { hasText: 'Resting' }).waitFor();
  await card.filter({ hasText: 'Requests use other hosts until' }).waitFor();
  await card.locator('.advice', { hasText: 'lms server start --port' }).waitFor();
  await visit.leave();
});

test('with one host there is no box', async () => {
  const alone = await Stage.serve(hosts[0].url);
  try {
    const visit = await Visit.pay(browser, alone.dashboard);
    await visit.live();
    await visit.page.locator('.instance').waitFor();
    assert.ok(await visit.page.locator('#route').isHidden());
    await visit.leave();
  } finally {
    await alone.kill();
  }
});
