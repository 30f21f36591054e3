// The charts of fifteen minutes, six hours and seven days.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { desktop, open_browser, phone, Visit } from './browser.js';
import { Stage } from './stage.js';

let browser;
let demo;

before(async () => {
  browser = await open_browser();
  demo = await Stage.demo();
  await demo.provoke();
});

after(async () => {
  await demo?.kill();
  await browser?.close();
});

const choice = (visit, name) => visit.page.locator('#ranges').getByRole('button', { name });
const says = (visit) => visit.page.locator('#chart-requests .picture').getAttribute('aria-label');

test('the range of the charts is chosen with the keyboard', async () => {
  const visit = await Visit.pay(browser, demo.dashboard);
  await visit.live();
  await visit.page.getByRole('heading', { name: 'The last 15 minutes' }).waitFor();
  await choice(visit, '15 minutes').focus();
  await visit.page.keyboard.press('Tab');
  await visit.page.keyboard.press('Enter');
  await visit.page.getByRole('heading', { name: 'The last 6 hours' }).waitFor();
  assert.equal(await choice(visit, '6 hours').getAttribute('aria-pressed'), 'true');
  assert.equal(await choice(visit, '15 minutes').getAttribute('aria-pressed'), 'false');
  await visit.page.getByRole('heading', { name: 'Requests per minute' }).waitFor();
  await visit.page.keyboard.press('Tab');
  await visit.page.keyboard.press('Enter');
  await visit.page.getByRole('heading', { name: 'Requests per hour' }).waitFor();
  assert.match(await says(visit), /^Requests per hour: /);
  await visit.check_access();
  await visit.leave();
});

test('a range has the history of earlier processes, with a gap where there was none', async () => {
  const visit = await Visit.pay(browser, demo.dashboard);
  const now = Date.now();
  const sample = (back) => ({
    time: new Date(now - back * 120_000).toISOString(),
    seconds: 120,
    exchanges: 10,
    failed: 1,
    errors: 2,
    first_byte_p50: 0.5,
    first_byte_p95: 2,
    stream_events: 2400,
  });
  const samples = [...Array(100).keys()].map((at) => 100 - at).filter((at) => at < 40 || at > 60);
  await visit.page.route('**/api/history?range=6h', (route) =>
    route.fulfill({
      json: {
        range: '6h',
        now: new Date(now).toISOString(),
        interval: 120,
        samples: samples.map(sample),
      },
    }),
  );
  await visit.live();
  await choice(visit, '6 hours').click();
  await visit.page
    .locator('#chart-requests .picture[aria-label*="5 requests in the last minute"]')
    .waitFor();
  assert.match(await says(visit), /1 answered with an error and 1 not served; at most 5 in one/);
  const tokens = visit.page.locator('#chart-tokens .figure');
  assert.equal(await tokens.textContent(), '20');
  for (const [name, size] of Object.entries({ desktop, phone }))
    for (const scheme of ['light', 'dark']) {
      await visit.page.setViewportSize(size);
      await visit.page.emulateMedia({ colorScheme: scheme });
      await visit.page.locator('#charts-title').scrollIntoViewIfNeeded();
      await visit.shoot(`history-${name}-${scheme}`, { fullPage: name === 'phone' });
    }
  await visit.leave();
});
