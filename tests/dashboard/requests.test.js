// The requests that have ended: live, in pages, filtered, and opened to their attempts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
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

// An LM Studio that answers each chat at once, and refuses the model "wrong".
async function quick_host() {
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    response.setHeader('Content-Type', 'application/json');
    if (request.method !== 'POST') {
      response.end(JSON.stringify({ models: [] }));
      return;
    }
    const { model } = JSON.parse(Buffer.concat(pieces));
    if (model === 'wrong') {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: 'Invalid request' }));
      return;
    }
    const usage = { prompt_tokens: 1204, completion_tokens: 310, total_tokens: 1514 };
    response.end(JSON.stringify({ choices: [], usage, stats: {} }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const rows = (visit) => visit.page.locator('#requests > li');

test('a request that a recovery saved opens to its attempts', async () => {
  const visit = await Visit.pay(browser, demo.dashboard);
  await visit.live();
  const saved = rows(visit).filter({ hasText: 'Recovered' }).first();
  await saved.waitFor();
  assert.equal(await saved.locator('.chip').textContent(), '200');
  assert.match(await saved.locator('.tokens').textContent(), /\d → \d/);
  await saved.locator('summary').click();
  const attempts = saved.locator('.decisions li');
  assert.equal(await attempts.count(), 2);
  await attempts.nth(0).filter({ hasText: 'load_refused' }).waitFor();
  await attempts.nth(1).filter({ hasText: '200 healthy' }).waitFor();
  await visit.leave();
});

test('requests appear as they end, keep an open row open, and never show a prompt', async () => {
  const host = await quick_host();
  const stage = await Stage.serve(host.url);
  const visit = await Visit.pay(browser, stage.dashboard);
  await visit.live();
  await visit.page.locator('#requests-empty', { hasText: 'No request has ended yet.' }).waitFor();
  await (await stage.chat('first/model')).text();
  const first = rows(visit).filter({ hasText: 'first/model' });
  await first.filter({ hasText: '1,204 → 310' }).waitFor();
  await first.locator('summary').click();
  await first.locator('.facts', { hasText: 'chat/completions' }).waitFor();
  await (await stage.chat('second/model')).text();
  await rows(visit).first().filter({ hasText: 'second/model' }).waitFor();
  assert.equal(await rows(visit).count(), 2);
  assert.ok(await first.locator('.facts').isVisible());
  assert.doesNotMatch(await visit.page.locator('#requests').textContent(), /"Hi"|content/);
  await visit.leave();
  await stage.kill();
  host.close();
});

test('the filter finds words and kinds, and older requests come in pages', async () => {
  const host = await quick_host();
  const stage = await Stage.serve(host.url);
  for (let at = 0; at < 130; ++at) await (await stage.chat(`model-${at % 10}`)).text();
  for (const model of ['wrong', 'last']) await (await stage.chat(model)).text();
  const visit = await Visit.pay(browser, stage.dashboard);
  const { page } = visit;
  await rows(visit).nth(9).waitFor();
  assert.equal(await rows(visit).count(), 10, 'few rows, however many requests there are');
  await page.locator('#requests-count', { hasText: 'the last 100' }).waitFor();

  const words = page.getByLabel('Filter by model, client, host or path');
  await words.fill('MODEL-3 400');
  await page.locator('#requests-empty', { hasText: 'No request matches the filter.' }).waitFor();
  await words.fill('MODEL-3 completions');
  await page.locator('#requests-count', { hasText: '10 of the last 100' }).waitFor();
  assert.equal(await rows(visit).count(), 10);
  await page.getByRole('button', { name: 'Show older requests' }).click();
  await page.locator('#requests-count', { hasText: '13 of the last 132' }).waitFor();
  assert.equal(await rows(visit).count(), 13);
  await page.getByRole('button', { name: 'Show older requests' }).waitFor({ state: 'hidden' });

  await words.fill('');
  await page.getByLabel('Kind of requests').selectOption('Answered with an error');
  await rows(visit).first().filter({ hasText: 'Error 400' }).waitFor();
  assert.equal(await rows(visit).count(), 1);
  await page.getByLabel('Kind of requests').selectOption('Not served');
  await page.locator('#requests-empty', { hasText: 'No request matches the filter.' }).waitFor();
  await visit.leave();
  await stage.kill();
  host.close();
});

test('the page knows each request once, whatever was missed', async () => {
  const visit = await Visit.pay(browser, demo.dashboard);
  const known = await visit.page.evaluate(async () => {
    const { store } = await import('/assets/store.js');
    const one = new store(
      () => {},
      () => {},
    );
    const answer = (first, last, next_before) => ({
      requests: Array.from({ length: first - last + 1 }, (_, at) => ({ number: first - at })),
      next_before,
      kept: 1000,
    });
    const told = [];
    const take = (page, older) => {
      one.take_requests(page, older);
      const all = one.newest_requests();
      told.push([all.length, all[0]?.number, all.at(-1)?.number, one.older_requests]);
    };
    take(answer(0, 1, null));
    take(answer(10, 6, 6));
    take(answer(12, 11, null));
    take(answer(5, 1, null), true);
    take(answer(600, 101, 101)); // more than a page came meanwhile
    take(answer(1100, 601, null));
    take(answer(1101, 1101, null)); // no more than a thousand are known
    return told;
  });
  assert.deepEqual(known, [
    [0, undefined, undefined, null],
    [5, 10, 6, 6],
    [7, 12, 6, 6],
    [12, 12, 1, null],
    [500, 600, 101, 101],
    [1000, 1100, 101, 101],
    [1000, 1101, 102, 102],
  ]);
  await visit.leave();
});

for (const [name, viewport, colorScheme] of [
  ['light', desktop, 'light'],
  ['dark', desktop, 'dark'],
  ['phone', phone, 'light'],
])
  test(`the requests are accessible: ${name}`, async () => {
    const visit = await Visit.pay(browser, demo.dashboard, { context: { viewport, colorScheme } });
    await visit.live();
    const saved = rows(visit).filter({ hasText: 'Recovered' }).first();
    await saved.locator('summary').click();
    await saved.locator('.decisions li').first().waitFor();
    await visit.check_access(`requests, ${name}`);
    await visit.page.locator('section.requests').scrollIntoViewIfNeeded();
    await visit.page
      .locator('section.requests')
      .evaluate((node) => scrollTo(0, node.offsetTop - 20));
    await visit.shoot(`requests-${name}`);
    await visit.leave();
  });
