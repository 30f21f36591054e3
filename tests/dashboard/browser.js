// A real Chromium that opens the dashboard, and checks for what the page must never do.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots =
  process.env.DASHBOARD_SHOTS ?? fileURLToPath(new URL('../../build/dashboard', import.meta.url));

export const desktop = { width: 1280, height: 900 };
export const phone = { width: 390, height: 844 };

// Each browser has its own profile, which is deleted with it.
export const open_browser = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

// The error of a browser about a server that has stopped; a page cannot prevent it.
export const outage =
  /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/;

export class Visit {
  page;
  complaints = [];

  // `context` is Playwright's; `before(page)` runs before the page is loaded; errors that match
  // `expected` are ignored.
  static async pay(
    browser,
    url,
    { context = { viewport: desktop }, before, expected = null } = {},
  ) {
    const visit = new Visit();
    const session = await browser.newContext(context);
    visit.page = await session.newPage();
    visit.#watch(new URL(url), expected);
    await before?.(visit.page);
    await visit.page.goto(url);
    return visit;
  }

  // Resolves when the page has received events, its status and its hosts.
  live() {
    return this.page.locator('#connection[data-phase="live"]').waitFor();
  }

  get recoveries() {
    return this.page.locator('#recoveries > li');
  }

  // Ends the visit. Fails if the page did something that it must never do.
  async leave() {
    await this.page.context().close();
    assert.deepEqual(this.complaints, []);
  }

  async check_access(where) {
    await this.page.evaluate(axe);
    const { violations, passes } = await this.page.evaluate(() =>
      globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      }),
    );
    assert.ok(
      passes.some(({ id }) => id === 'color-contrast'),
      'axe has looked at the page',
    );
    const problems = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
    assert.deepEqual(problems, [], where);
  }

  async shoot(name, options = {}) {
    mkdirSync(shots, { recursive: true });
    const take = () =>
      this.page.screenshot({ path: join(shots, `${name}.png`), timeout: 15_000, ...options });
    // A headless Chromium sometimes never delivers the first one, but then the next one at once.
    await take().catch(take);
  }

  #watch(home, expected) {
    const complain = (text) => {
      if (!expected?.test(text)) this.complaints.push(text);
    };
    const check = (url) => {
      if (new URL(url).host !== home.host) complain(`asked elsewhere: ${url}`);
    };
    this.page.on('request', (request) => {
      if (!request.url().startsWith('data:')) check(request.url());
    });
    this.page.on('websocket', (socket) => check(socket.url()));
    this.page.on('pageerror', (error) => complain(`threw: ${error.stack}`));
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complain(`console: ${message.text()}`);
    });
    this.page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
      );
    });
  }
}
