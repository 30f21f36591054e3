import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { open_browser, Visit } from './browser.js';
import { endless_host, Stage, until } from './stage.js';

const allowed = { SECONDWIND_ADMIN_ALLOW_ACTIONS: 'true' };

let stage;
let browser;

before(async () => {
  stage = await Stage.demo(allowed);
  browser = await open_browser();
});

after(async () => {
  await browser?.close();
  await stage?.kill();
});

async function visit_live(at = stage) {
  const visit = await Visit.pay(browser, at.dashboard);
  await visit.live();
  return visit;
}

const loaded = async () => {
  const [host] = await stage.hosts();
  return host.models.flatMap(({ instances }) => instances.map(({ id }) => id));
};

test('an unload asks first, does nothing when cancelled, and shows the result', async () => {
  const visit = await visit_live();
  const { page } = visit;
  const [id] = await loaded();
  const posts = [];
  page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()));
  const unload = page.getByRole('button', { name: `Unload ${id}`, exact: true });
  const dialog = page.getByRole('dialog', { name: `Unload ${id}?` });

  await unload.click();
  await dialog.filter({ hasText: 'will fail' }).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(
    await unload.evaluate((button) => button === document.activeElement),
    'the focus is back',
  );
  await unload.click();
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.deepEqual(posts, []);
  assert.ok((await loaded()).includes(id));

  await unload.click();
  await dialog.getByRole('button', { name: 'Unload' }).click();
  await page
    .locator('#announcement', { hasText: `Unloaded ${id}.` })
    .waitFor({ state: 'attached' });
  await page.locator('#result', { hasText: `Unloaded ${id}.` }).waitFor();
  await unload.waitFor({ state: 'detached' });
  assert.equal(posts.length, 1);
  assert.ok(!(await loaded()).includes(id));
  assert.notEqual(
    await page.evaluate(() => document.activeElement.tagName),
    'BODY',
    'the focus is kept',
  );
  await visit.leave();
});

test('all models of a host are unloaded at once, and the empty host says what to do', async () => {
  const [host] = await stage.hosts();
  await (await stage.chat(host.models[0].key)).text();
  const visit = await visit_live();
  const { page } = visit;
  await page.getByRole('button', { name: `Unload all models of ${host.name}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.filter({ hasText: 'including pinned and busy ones' }).waitFor();
  await dialog.getByRole('button', { name: 'Unload all' }).click();
  await page
    .locator('.host', { hasText: 'No model is loaded. The first request will load one.' })
    .waitFor();
  assert.deepEqual(await loaded(), []);
  await visit.leave();
});

test('the mode changes after a confirmation, and other pages show it', async () => {
  const visit = await visit_live();
  const other = await visit_live();
  const observe = (at) =>
    at.page.getByRole('group', { name: 'Recovery' }).getByRole('button', { name: 'Observe' });
  await observe(visit).click();
  const dialog = visit.page.getByRole('dialog');
  await dialog.filter({ hasText: 'unloads nothing' }).waitFor();
  assert.equal((await stage.status()).recovery.mode, 'on');
  await dialog.getByRole('button', { name: 'Change the mode' }).click();
  for (const each of [visit, other]) {
    await each.page.locator('#modes [aria-pressed="true"]', { hasText: 'Observe' }).waitFor();
    await each.page.locator('#health', { hasText: 'The recovery mode is "observe"' }).waitFor();
  }
  assert.equal((await stage.status()).recovery.mode, 'observe');
  await visit.page
    .getByRole('group', { name: 'Recovery' })
    .getByRole('button', { name: 'On' })
    .click();
  await dialog.getByRole('button', { name: 'Change the mode' }).click();
  await until(async () => (await stage.status()).recovery.mode === 'on', 'it is on again');
  await other.leave();
  await visit.leave();
});

test('a host is drained and undrained', async () => {
  const host = await endless_host();
  const proxy = await Stage.serve(host.url, allowed);
  try {
    const visit = await visit_live(proxy);
    const { page } = visit;
    await page.getByRole('button', { name: 'Drain default' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.filter({ hasText: 'no new requests' }).waitFor();
    await dialog.getByRole('button', { name: 'Drain' }).click();
    await page.locator('#result', { hasText: 'default is draining: 0 requests left.' }).waitFor();
    await page.locator('.host', { hasText: 'Draining' }).waitFor();
    assert.equal((await proxy.chat('some/model')).status, 503);
    await page.getByRole('button', { name: 'Undrain default' }).click();
    await dialog.getByRole('button', { name: 'Undrain' }).click();
    await page.locator('#result', { hasText: 'default gets requests again.' }).waitFor();
    await page.getByRole('button', { name: 'Drain default', exact: true }).waitFor();
    await visit.leave();
  } finally {
    await proxy.kill();
    host.close();
  }
});

test('a request in flight is shown with its model, and ends when it is cancelled', async () => {
  const host = await endless_host();
  const proxy = await Stage.serve(host.url, allowed);
  try {
    const visit = await visit_live(proxy);
    const { page } = visit;
    const answer = await proxy.chat('some/model', { stream: true, max_tokens: 1_000_000 });
    const row = page.locator('.exchange');
    await row.filter({ hasText: 'some/model' }).filter({ hasText: 'Relaying' }).waitFor();
    await page.locator('#health', { hasText: '1 request is in flight' }).waitFor();
    await row.getByRole('button').click();
    const dialog = page.getByRole('dialog');
    await dialog.filter({ hasText: 'LM Studio stops generating' }).waitFor();
    await dialog.getByRole('button', { name: 'Cancel the request' }).click();
    await assert.rejects(answer.text(), 'its client sees that the response was cut off');
    await row.waitFor({ state: 'detached' });
    await page.locator('#exchanges-empty', { hasText: 'No request is in flight.' }).waitFor();
    await page.locator('#result', { hasText: 'was cancelled' }).waitFor();
    await visit.leave();
  } finally {
    await proxy.kill();
    host.close();
  }
});

test('a reload shows what has changed, or where the file has an error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dashboard-'));
  const file = join(folder, 'secondwind.json');
  const write = (evict) => writeFileSync(file, `{\n  "recovery": {"evict": "${evict}"}\n}\n`);
  write('idle');
  const host = await endless_host();
  const proxy = await Stage.serve(host.url, allowed, file);
  try {
    const visit = await Visit.pay(browser, proxy.dashboard, { expected: /status of 422/ });
    await visit.live();
    const { page } = visit;
    const reload = async () => {
      await page.getByRole('button', { name: 'Reload the configuration' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Reload' }).click();
    };
    write('enough');
    await reload();
    await page.locator('#result', { hasText: 'Changed: recovery.evict.' }).waitFor();
    await page.locator('#evict-note', { hasText: 'as many idle instances as needed' }).waitFor();
    write('everyone');
    await reload();
    await page.locator('#result[data-level="bad"]', { hasText: `${file}:2:` }).waitFor();
    assert.equal((await proxy.status()).recovery.evict, 'enough');
    await visit.leave();
  } finally {
    await proxy.kill();
    host.close();
    rmSync(folder, { recursive: true });
  }
});

test('a page without the right to act offers no action', async () => {
  const host = await endless_host();
  const proxy = await Stage.serve(host.url);
  try {
    const visit = await visit_live(proxy);
    const answer = await proxy.chat('some/model', { stream: true, max_tokens: 1_000_000 });
    await visit.page.locator('.exchange', { hasText: 'some/model' }).waitFor();
    await visit.page.locator('#actions-note', { hasText: 'admin.allow_actions' }).waitFor();
    assert.equal(await visit.page.locator('button.action:visible').count(), 0);
    assert.equal(await visit.page.locator('#modes button:enabled').count(), 0);
    await answer.body.cancel();
    await visit.leave();
  } finally {
    await proxy.kill();
    host.close();
  }
});
