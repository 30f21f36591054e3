import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { desktop, open_browser, phone, Visit } from './browser.js';
import { crowd_of_hosts, storm } from './crowd.js';
import { Stage } from './stage.js';

const most_heap = 60e6; // bytes
const most_frame = 16; // ms

let browser;

before(async () => {
  browser = await open_browser();
});

after(() => browser?.close());

// Measures what each frame of the page takes: its script, and the layout that follows from it.
function measure_frames() {
  globalThis.frames_ms = [];
  const real = globalThis.requestAnimationFrame.bind(globalThis);
  globalThis.requestAnimationFrame = (draw) =>
    real((at) => {
      const begun = performance.now();
      draw(at);
      void document.body?.offsetHeight;
      globalThis.frames_ms.push(performance.now() - begun);
    });
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

test('10,000 requests for 30 models on 5 hosts cost little memory and short frames', async (t) => {
  const crowd = await crowd_of_hosts(5, 30);
  const proxy = await Stage.serve(crowd.upstreams);
  try {
    const visit = await Visit.pay(browser, proxy.dashboard, {
      before: (page) => page.addInitScript(measure_frames),
    });
    await visit.live();
    const { page } = visit;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    const metrics = async () => {
      const { metrics: all } = await devtools.send('Performance.getMetrics');
      return Object.fromEntries(all.map(({ name, value }) => [name, value]));
    };
    await page.locator('.instance').nth(29).waitFor();
    await page.evaluate(() => (globalThis.frames_ms.length = 0));
    const first = await metrics();
    let heap = 0;
    for (let part = 0; part < 10; ++part) {
      await storm(proxy.data, crowd.models, 1000, 20);
      const asked = page.waitForResponse((answer) => answer.url().includes('/api/requests'));
      await asked;
      heap = Math.max(heap, (await metrics()).JSHeapUsedSize);
    }
    const last = await metrics();
    const frames = await page.evaluate(() => globalThis.frames_ms);
    const of_all = (name) => ((last[name] - first[name]) * 1000) / frames.length;
    const all = of_all('ScriptDuration') + of_all('LayoutDuration') + of_all('RecalcStyleDuration');
    t.diagnostic(
      `heap ${(heap / 1e6).toFixed(1)} MB, ${last.Nodes} nodes, ${frames.length} frames: ` +
        `median ${median(frames).toFixed(2)} ms, most ${Math.max(...frames).toFixed(1)} ms, ` +
        `with the replies ${all.toFixed(2)} ms for each on average`,
    );
    assert.ok(frames.length >= 10, 'frames were drawn');
    assert.ok(heap < most_heap, `the heap has ${heap} bytes`);
    assert.ok(median(frames) < most_frame, `a frame takes ${median(frames)} ms`);
    assert.ok(all < most_frame, `an update takes ${all} ms`);

    const { requests, kept } = await proxy.ask('/api/requests?limit=500');
    assert.equal(kept, 1000, 'the ring is bounded');
    assert.equal(requests.length, 500);
    assert.equal((await proxy.status()).totals.exchanges, 10_000);
    const shown = await page.locator('#requests > li').count();
    assert.ok(shown > 0 && shown < 100, `the page has ${shown} rows`);
    await visit.leave();
  } finally {
    await proxy.kill();
    crowd.close();
  }
});

const crowds = [
  [1, 1],
  [1, 5],
  [5, 30],
];
const sights = [
  ['light', desktop, 'light'],
  ['dark', desktop, 'dark'],
  ['phone', phone, 'light'],
  ['phone-dark', phone, 'dark'],
];

for (const [count, models] of crowds)
  test(`the page shows ${models} models on ${count} hosts`, async () => {
    const crowd = await crowd_of_hosts(count, models);
    const proxy = await Stage.serve(crowd.upstreams, { SECONDWIND_ADMIN_ALLOW_ACTIONS: 'true' });
    try {
      await storm(proxy.data, crowd.models, 40, 4);
      for (const [name, viewport, colorScheme] of sights) {
        const visit = await Visit.pay(browser, proxy.dashboard, {
          context: { viewport, colorScheme },
        });
        await visit.live();
        await visit.page.locator('.instance').nth(models - 1).waitFor();
        await visit.page.locator('#requests > li').first().waitFor();
        await visit.check_access(`${models} models, ${name}`);
        await visit.shoot(`models-${models}-${name}`, { fullPage: true });
        await visit.leave();
      }
    } finally {
      await proxy.kill();
      crowd.close();
    }
  });
