import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { open_browser, Visit } from './browser.js';
import { Stage } from './stage.js';

let stage;
let browser;

before(async () => {
  stage = await Stage.demo();
  browser = await open_browser();
});

after(async () => {
  await browser?.close();
  await stage?.kill();
});

test('a recovery is shown live, and its story names the unloaded models', async () => {
  const visit = await Visit.pay(browser, stage.dashboard);
  await visit.live();
  await visit.recoveries.first().waitFor();
  const before = await visit.recoveries.count();
  await visit.page.evaluate(() => (window.not_loaded_again = true));

  const { wanted, victims } = await stage.provoke();
  const newest = visit.recoveries.first();
  await newest
    .filter({ hasText: `${wanted} did not fit into memory` })
    .filter({ hasText: 'Recovered' })
    .waitFor();
  assert.equal(await visit.recoveries.count(), before + 1);

  await newest.locator('summary').click();
  const story = newest.locator('.story');
  await story.filter({ hasText: 'insufficient system resources' }).waitFor();
  for (const victim of victims) {
    await story.filter({ hasText: `It unloaded ${victim} in ` }).waitFor();
    await story
      .locator('.decisions li', { hasText: victim })
      .filter({ hasText: 'chosen for unloading' })
      .waitFor();
  }
  await story.filter({ hasText: 'The client got one normal response.' }).waitFor();
  await story.locator('.legend li', { hasText: 'Unloading' }).waitFor();
  await visit.page
    .locator('#announcement', { hasText: `${wanted} did not fit into memory` })
    .waitFor({ state: 'attached' });
  await visit.page.locator('.instance', { hasText: wanted }).waitFor();
  assert.ok(await visit.page.evaluate(() => window.not_loaded_again));
  await visit.leave();
});

test('a story opens by keyboard, and stays open and focused when others arrive', async () => {
  const visit = await Visit.pay(browser, stage.dashboard);
  await visit.live();
  await visit.recoveries.first().waitFor();
  const key = await visit.recoveries.first().getAttribute('data-key');
  const focused = () =>
    visit.page.evaluate(() => document.activeElement.closest('#recoveries > li')?.dataset.key);
  for (let presses = 0; presses < 60 && (await focused()) !== key; ++presses)
    await visit.page.keyboard.press('Tab');
  assert.equal(await focused(), key, 'Tab has come to the newest recovery');
  await visit.page.keyboard.press('Enter');
  const story = visit.page.locator(`#recoveries > li[data-key="${key}"] .story`);
  await story.waitFor({ state: 'visible' });

  await stage.provoke();
  await visit.recoveries
    .first()
    .filter({ hasText: 'Recovered' })
    .and(visit.page.locator(`:not([data-key="${key}"])`))
    .waitFor();
  assert.equal(await focused(), key);
  assert.ok(await story.isVisible());
  await visit.page.keyboard.press('Enter');
  await story.waitFor({ state: 'hidden' });
  await visit.leave();
});

test('without live events the page says so, and polls', async () => {
  const visit = await Visit.pay(browser, stage.dashboard, {
    before: (page) => page.routeWebSocket(/\/events/, (socket) => socket.close()),
  });
  await visit.page
    .locator('#connection', { hasText: 'Live events are not available; polling' })
    .waitFor();
  await visit.recoveries.first().waitFor();
  const before = await visit.recoveries.count();
  await stage.provoke();
  await visit.recoveries.nth(before).waitFor();
  await visit.leave();
});
