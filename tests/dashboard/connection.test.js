import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { open_browser, outage, Visit } from './browser.js';
import { endless_host, Stage } from './stage.js';

let browser;

before(async () => {
  browser = await open_browser();
});

after(() => browser?.close());

test('a lost connection is shown, and is restored with the new state', async () => {
  const stage = await Stage.demo();
  const visit = await Visit.pay(browser, stage.dashboard, { expected: outage });
  const { page } = visit;
  try {
    await visit.live();
    await stage.provoke();
    await visit.recoveries.nth(1).filter({ hasText: 'Recovered' }).waitFor();

    await stage.kill();
    const banner = page.getByRole('alert');
    await banner.filter({ hasText: /No connection to secondwind since \d\d:\d\d:\d\d/ }).waitFor();
    await banner.filter({ hasText: /Trying again in \d+ s\./ }).waitFor();
    await page.locator('#as-of', { hasText: /as of \d\d:\d\d:\d\d/ }).waitFor();
    await page.locator('body.stale').waitFor();
    assert.ok(await visit.recoveries.nth(1).isVisible(), 'what was known stays readable');
    await visit.check_access('disconnected');
    await visit.shoot('disconnected');

    await stage.restart();
    await visit.live();
    await banner.waitFor({ state: 'hidden' });
    // The new process has only its own recovery so far.
    await visit.recoveries.nth(1).waitFor({ state: 'detached' });
    await visit.recoveries.filter({ hasText: 'Recovered' }).waitFor();
    assert.equal(await page.locator('body.stale').count(), 0);
    const number = await visit.recoveries.count();
    await stage.provoke();
    await visit.recoveries.nth(number).waitFor();
    await visit.leave();
  } finally {
    await stage.kill();
  }
});

test('a page without any traffic says what to do', async () => {
  const host = await endless_host();
  const stage = await Stage.serve(host.url);
  try {
    const visit = await Visit.pay(browser, stage.dashboard);
    const { page } = visit;
    await visit.live();
    const base = `${stage.data}/v1`;
    await page
      .locator('#exchanges-empty', {
        hasText: `No requests yet. In your app, replace the URL of LM Studio with ${base}.`,
      })
      .waitFor();
    await page
      .locator('#recoveries-empty', {
        hasText: 'No recoveries yet: LM Studio has refused no request.',
      })
      .waitFor();
    await page
      .locator('.host', { hasText: 'No model is loaded. The first request will load one.' })
      .waitFor();
    await page.locator('.host', { hasText: '1 model on disk' }).waitFor();
    await visit.check_access('empty');
    await visit.shoot('empty');
    await visit.leave();
  } finally {
    await stage.kill();
    host.close();
  }
});

test('the card of a host says why it is not known which models are busy', async () => {
  const host = await endless_host({ loaded: true });
  const stage = await Stage.serve(host.url);
  try {
    const visit = await Visit.pay(browser, stage.dashboard);
    await visit.live();
    const card = visit.page.locator('.host');
    await card.locator('.chip', { hasText: 'Busy state unknown' }).waitFor();
    await card
      .locator('.note', {
        hasText: "LM Studio does not say which models are busy: the SDK's WebSocket /llm: it",
      })
      .waitFor();
    await visit.check_access('busy state unknown');
    await visit.leave();
  } finally {
    await stage.kill();
    host.close();
  }
});

test('the card of a host that says which models are busy has no such mark', async () => {
  const stage = await Stage.demo();
  try {
    const visit = await Visit.pay(browser, stage.dashboard);
    await visit.live();
    const card = visit.page.locator('.host');
    await card.locator('.instance').first().waitFor();
    await card.locator('.chip', { hasText: 'Idle' }).waitFor();
    assert.equal(await card.getByText('Busy state unknown').isVisible(), false);
    await visit.leave();
  } finally {
    await stage.kill();
  }
});
