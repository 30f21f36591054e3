import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { desktop, open_browser, phone, Visit } from './browser.js';
import { Stage } from './stage.js';

let stage;
let browser;

before(async () => {
  stage = await Stage.demo({ SECONDWIND_ADMIN_ALLOW_ACTIONS: 'true' });
  await stage.provoke();
  browser = await open_browser();
});

after(async () => {
  await browser?.close();
  await stage?.kill();
});

async function look(context) {
  const visit = await Visit.pay(browser, stage.dashboard, { context });
  await visit.live();
  await visit.recoveries.nth(1).waitFor();
  await visit.page.locator('.instance').first().waitFor();
  await visit.page.locator('#chart-tokens canvas').waitFor();
  return visit;
}

const sights = [
  ['light', desktop, 'light'],
  ['dark', desktop, 'dark'],
  ['phone-light', phone, 'light'],
  ['phone-dark', phone, 'dark'],
];

for (const [name, viewport, colorScheme] of sights)
  test(`the page is accessible: ${name}`, async () => {
    const visit = await look({ viewport, colorScheme });
    const { page } = visit;
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
    await visit.check_access(name);
    await visit.shoot(name);
    await visit.recoveries.first().locator('summary').click();
    await visit.recoveries.first().locator('blockquote').waitFor();
    await visit.check_access(`${name}, with an open story`);
    await visit.shoot(`${name}-story`, { fullPage: true });
    await page.locator('.instance button', { hasText: 'Unload' }).first().click();
    await page.getByRole('dialog').waitFor();
    await visit.check_access(`${name}, with an open dialog`);
    await visit.shoot(`${name}-dialog`);
    await visit.leave();
  });

test('nothing needs horizontal scrolling at 360 pixels', async () => {
  const visit = await look({ viewport: { width: 360, height: 740 } });
  await visit.recoveries.first().locator('summary').click();
  await visit.recoveries.first().locator('blockquote').waitFor();
  const wide = await visit.page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const inside = (node) => node.getBoundingClientRect().right <= width + 0.5;
    return {
      page: document.documentElement.scrollWidth > width,
      parts: [...document.querySelectorAll('main *:not(canvas)')]
        .filter((node) => !node.closest('.uplot') && !inside(node))
        .map((node) => node.outerHTML.slice(0, 120)),
    };
  });
  assert.deepEqual(wide, { page: false, parts: [] });
  await visit.leave();
});

test('a chosen theme is kept after a reload, unless it is the theme of the system', async () => {
  const visit = await look({ viewport: desktop, colorScheme: 'light' });
  const { page } = visit;
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  assert.equal(await theme(), 'dark');
  await page.reload();
  assert.equal(await theme(), 'dark');
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  assert.equal(await theme(), 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('html[data-theme="dark"]').waitFor();
  await visit.leave();
});

test('nothing is animated if the user prefers reduced motion', async () => {
  const visit = await look({ viewport: desktop, reducedMotion: 'reduce' });
  const turning = () =>
    visit.page.evaluate(
      () => getComputedStyle(document.querySelector('.icon-working')).animationName,
    );
  assert.equal(await turning(), 'none');
  await visit.page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.equal(await turning(), 'turn');
  await visit.leave();
});
