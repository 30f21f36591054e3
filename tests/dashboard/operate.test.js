import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { desktop, open_browser, phone, Visit } from './browser.js';
import { Stage, until } from './stage.js';

let stage;
let browser;

before(async () => {
  stage = await Stage.demo({ SECONDWIND_LOG_LEVEL: 'info' });
  await stage.provoke();
  browser = await open_browser();
});

after(async () => {
  await browser?.close();
  await stage?.kill();
});

async function look(context = { viewport: desktop }) {
  const visit = await Visit.pay(browser, stage.dashboard, { context });
  await visit.live();
  await visit.page.locator('.instance').first().waitFor();
  return visit;
}

const models = async () => (await stage.hosts())[0].models;
const is_loaded = ({ instances }) => instances.length > 0;

test('a model is pinned and unpinned with a click', async () => {
  const visit = await look();
  const { page } = visit;
  const { key } = (await models()).find(is_loaded);
  await page.getByRole('button', { name: `Pin ${key}`, exact: true }).click();
  await page.locator('#result', { hasText: `${key} is pinned` }).waitFor();
  await page.locator('.instance .tag:visible', { hasText: 'pinned' }).waitFor();
  assert.deepEqual((await stage.status()).recovery.pinned, [key]);
  await page.getByRole('button', { name: `Unpin ${key}`, exact: true }).click();
  await page.locator('#result', { hasText: `${key} is not pinned any more.` }).waitFor();
  assert.deepEqual((await stage.status()).recovery.pinned, []);
  await visit.leave();
});

test('a model on disk is loaded with a context, after a question', async () => {
  const visit = await look();
  const { page } = visit;
  const { key } = (await models()).find((model) => !is_loaded(model) && /embed/.test(model.key));
  await page.locator('.disk summary').click();
  await page.getByRole('button', { name: `Load ${key}`, exact: true }).click();
  const dialog = page.getByRole('dialog', { name: `Load ${key}?` });
  await dialog.getByLabel('Context length').fill('1024');
  const asked = page.waitForRequest((request) => request.url().endsWith('/load'));
  await dialog.getByRole('button', { name: 'Load', exact: true }).click();
  assert.deepEqual((await asked).postDataJSON(), { model: key, context_length: 1024 });
  await page.locator('#result', { hasText: `Loaded ${key}` }).waitFor();
  await page.locator('.instance', { hasText: key }).waitFor();
  assert.ok(is_loaded((await models()).find((model) => model.key === key)));
  await visit.leave();
});

test('what recoveries unload is changed, and the open configuration shows it', async () => {
  const visit = await look();
  const { page } = visit;
  await page.locator('#config > summary').click();
  const row = page.locator('#config-rows tr', { hasText: 'recovery.evict' });
  await page.locator('#config-rows tr').first().waitFor();
  assert.equal(await row.count(), 0, 'it has its default');
  const choose = async (name) => {
    await page.getByRole('group', { name: 'Unload' }).getByRole('button', { name }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Change' }).click();
  };
  await choose('All');
  await row.filter({ hasText: 'changed at run time' }).waitFor();
  await page.getByLabel('Filter by key, value or source').fill('at run time');
  await until(async () => (await page.locator('#config-rows tr').count()) === 1, 'it is filtered');
  await choose('Enough');
  await page.locator('#config-note', { hasText: 'Every setting has its default.' }).waitFor();
  await page.getByLabel('Kind of settings').selectOption('all');
  await page.getByLabel('Filter by key, value or source').fill('admin.token');
  await page.locator('#config-rows tr', { hasText: 'admin.token' }).first().waitFor();
  await visit.leave();
});

test('the log is followed while it is open, and can be filtered', async () => {
  const visit = await look();
  const { page } = visit;
  await page.locator('#log > summary').click();
  const lines = page.locator('#log-lines li');
  await lines.filter({ hasText: 'exchange' }).first().waitFor();
  await stage.chat('no/such-model').then((answer) => answer.text());
  await lines.filter({ hasText: 'no/such-model' }).first().waitFor();
  assert.equal(await lines.filter({ hasText: '"127.0.0.1"' }).count(), 0, 'without addresses');
  await page.getByLabel('Filter the lines').fill('no/such-model');
  await until(async () => (await lines.count()) < 5, 'it is filtered');
  await page.getByLabel('Level of the lines').selectOption('error');
  await page.locator('#log-note', { hasText: '0 of the last' }).waitFor();
  await visit.leave();
});

test('recoveries are searched by words and by their end', async () => {
  const visit = await look();
  const { page } = visit;
  await visit.recoveries.nth(1).waitFor();
  const [newest] = (await stage.ask('/api/recoveries')).recoveries;
  await page.getByLabel('Filter by model, host or error').fill(newest.trigger.request_id);
  await page.locator('#recoveries-count', { hasText: '1 of the last' }).waitFor();
  assert.equal(await visit.recoveries.count(), 1);
  await page.getByLabel('Kind of recoveries').selectOption('bad');
  await page.locator('#recoveries-empty', { hasText: 'No recovery matches' }).waitFor();
  await visit.leave();
});

test('a recovery is explained before it happens', async () => {
  const visit = await look();
  const { page } = visit;
  const { key } = (await models()).find((model) => !is_loaded(model) && !/embed/.test(model.key));
  await page.locator('#explain-model').fill(key);
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('#explain-answer', { hasText: `If LM Studio refuses to load ${key}` }).waitFor();
  await page.locator('#explain-hosts [data-unloads="true"]').first().waitFor();
  await visit.leave();
});

test('a chat is tried through the proxy, and its answer streams in', async () => {
  const visit = await look();
  const { page } = visit;
  const { key } = (await models()).find(is_loaded);
  const before = (await stage.status()).totals.exchanges;
  await page.locator('#try-model').fill(key);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('#try-state', { hasText: /tokens in|Done in/ }).waitFor();
  assert.ok((await page.locator('#try-answer').textContent()).length > 10);
  await until(async () => (await stage.status()).totals.exchanges === before + 1, 'it is counted');
  await visit.leave();
});

test('each link leads to a document of this server', async () => {
  const visit = await look();
  const links = await visit.page
    .locator('footer a')
    .evaluateAll((all) => all.map((each) => each.href));
  assert.equal(links.length, 3);
  for (const each of links) {
    assert.ok(each.startsWith(stage.dashboard), each);
    assert.equal((await fetch(each)).status, 200, each);
  }
  await visit.leave();
});

const sights = [
  ['light', desktop, 'light'],
  ['dark', desktop, 'dark'],
  ['phone', phone, 'dark'],
];

for (const [name, viewport, colorScheme] of sights)
  test(`with everything open the page is accessible: ${name}`, async () => {
    const visit = await look({ viewport, colorScheme });
    const { page } = visit;
    for (const each of ['.disk', '#config', '#log']) await page.locator(`${each} > summary`).click();
    await page.locator('#explain-model').fill('google/gemma-3-12b');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.locator('#try-model').fill('qwen/qwen3-coder-30b');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#try-state', { hasText: /tokens in|Done in/ }).waitFor();
    for (const each of ['#config-rows tr', '#log-lines li', '#explain-hosts li'])
      await page.locator(each).first().waitFor();
    await visit.check_access(name);
    await visit.shoot(`open-${name}`, { fullPage: true });
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
    );
    assert.ok(!wide, 'nothing needs horizontal scrolling');
    await visit.leave();
  });
