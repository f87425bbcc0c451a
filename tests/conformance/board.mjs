// Looks at the board with a real browser, in both languages and themes, and holds its figures against the API's:
//   node board.mjs ORIGIN SCREENSHOTS TOKEN READER_TOKEN INSIGHT_TOKEN
// The first token allows everything, the second to read the catalog, the third to read insights. The server has the demo. CHROMIUM names another browser than Debian's.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { assertAccessible, followFromKeyboard } from './board/access.mjs';
import { choose } from './board/choices.mjs';
import { ask, figures } from './board/figures.mjs';
import { lookAtTheFrames } from './board/frames.mjs';
import { lookAtWhatIsRare } from './board/rare.mjs';

const [origin, screenshots, token, readerToken, insightToken] = process.argv.slice(2);
if (!insightToken) {
  console.error('usage: node board.mjs ORIGIN SCREENSHOTS TOKEN READER_TOKEN INSIGHT_TOKEN');
  process.exit(2);
}
mkdirSync(screenshots, { recursive: true });

const VIEWS = [
  { name: 'worklist', hash: '#/worklist', ready: '.work .item' },
  { name: 'map', hash: '#/map/identity-provider', ready: '.map .node-outcome' },
  { name: 'promises', hash: '#/promises', ready: '.promises tbody tr' },
  { name: 'gap', hash: '#/gap', ready: '.scale-demand :is(.row, .state-empty)' },
  { name: 'shadow-it', hash: '#/shadow-it', ready: '.scatter circle' },
  { name: 'review', hash: '#/review?customer=klinikum-aurora', ready: '.review .card' },
];
const LOOKS = [
  { language: 'en', locale: 'en-GB', theme: 'light' },
  { language: 'en', locale: 'en-GB', theme: 'dark' },
  { language: 'de', locale: 'de-DE', theme: 'light' },
  { language: 'de', locale: 'de-DE', theme: 'dark' },
];

// The pages' clocks stand, so that a page and the test mean the same hour.
const now = new Date();

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

/** A new page that has to behave: `close` fails for whatever left the server or made the browser complain. */
async function open({ locale = 'en-GB', theme = 'light', width = 1440, bearer = token, at = now } = {}) {
  const context = await browser.newContext({
    locale, colorScheme: theme, reducedMotion: 'reduce', viewport: { width, height: 900 },
  });
  if (bearer) await context.addInitScript((known) => sessionStorage.setItem('kundig.token', known), bearer);
  await context.clock.setFixedTime(at);
  const page = await context.newPage();
  const complaints = [];
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(origin).origin) complaints.push(`it asks ${request.url()}`);
    if (bearer && request.url().includes(bearer)) complaints.push('the token stands in an address');
  });
  page.on('console', (message) => {
    // A refusal of the API is part of the test, and Chromium logs each.
    if (message.type() === 'error' && !message.text().includes('status of 401')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const close = async () => {
    // What a test holds back may still be on its way.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    assert.deepEqual(complaints, [], 'the browser complained');
  };
  return { page, close };
}

async function show(page, view) {
  await page.goto(`${origin}/board${view.hash}`);
  await page.locator(view.ready).first().waitFor();
  await page.waitForLoadState('networkidle');
}

/** Every view in every look: accessible, nothing beside the screen, the API's figures. */
async function lookAtEverything() {
  for (const look of LOOKS) {
    const { page, close } = await open(look);
    for (const view of VIEWS) {
      await show(page, view);
      assert.equal(await page.locator('html').getAttribute('lang'), look.language);
      assert.equal(await page.locator('.state-failure').count(), 0, `${view.name} shows an error`);
      await assertAccessible(page, `${view.name}, ${look.language}, ${look.theme}`);
      await figures[view.name](page, { origin, token, language: look.language, locale: look.locale, now });
      await page.screenshot({ path: join(screenshots, `${view.name}-${look.language}-${look.theme}.png`), fullPage: true });
    }
    await close();
  }
}

/** On a telephone nothing sticks out, and all of it is still accessible. */
async function lookAtItSmall() {
  const { page, close } = await open({ width: 320, locale: 'de-DE' });
  for (const view of VIEWS) {
    await show(page, view);
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(beyond <= 0, `${view.name} is ${beyond} pixels wider than 320`);
    await assertAccessible(page, `${view.name} on a telephone`);
    await page.screenshot({ path: join(screenshots, `${view.name}-320.png`) });
  }
  await close();
}

/** Language and theme can be switched, and are remembered. */
async function switchLanguageAndTheme() {
  const { page, close } = await open();
  await show(page, VIEWS[0]);
  await page.getByRole('button', { name: 'Deutsch' }).click();
  await page.getByRole('heading', { level: 1, name: 'Was zuerst?' }).waitFor();
  await page.getByLabel('Farben').selectOption('dark');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Was zuerst?' }).waitFor();
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await close();
}

/** Filters reach the API, and stand in the address. */
async function filterTheWorklist() {
  const { page, close } = await open();
  await show(page, VIEWS[0]);
  await page.getByRole('checkbox', { name: 'Demands' }).check();
  await page.waitForFunction(() => {
    const items = [...document.querySelectorAll('.item')];
    return items.length > 0 && items.every((item) => item.classList.contains('item-Demand'));
  });
  assert.match(page.url(), /kinds=DEMAND/);
  const before = await page.locator('.item').count();
  const more = page.getByRole('button', { name: 'Show more' });
  if (await more.count() > 0) {
    await more.click();
    await page.waitForFunction((known) => document.querySelectorAll('.item').length > known, before);
  }
  await close();
}

/** Whoever has no token is asked for one, and is told when it is no good. */
async function signIn() {
  const { page, close } = await open({ bearer: null });
  await page.goto(`${origin}/board`);
  const field = page.getByLabel('Access token');
  await page.getByText('Sign in to see this.').waitFor();
  await page.getByRole('button', { name: 'Sign in' }).first().click();
  await assertAccessible(page, 'the dialog');
  await field.fill('nonsense');
  await field.press('Enter');
  await page.getByText('The server does not accept this token.').waitFor();
  await field.fill(token);
  await field.press('Enter');
  await page.locator('.work .item').first().waitFor();
  assert.ok(!page.url().includes(token), 'the token stands in the address');
  assert.equal(await page.evaluate(() => JSON.stringify(localStorage).includes('eyJ')), false, 'the token outlives the tab');
  await page.locator('.who').click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('Sign in to see this.').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await close();
}

/** Without insight:read the map still shows the catalog, and the rest says what is missing. */
async function readWithoutInsight() {
  const { page, close } = await open({ bearer: readerToken });
  for (const hash of ['#/worklist', '#/shadow-it', '#/gap']) {
    await page.goto(`${origin}/board${hash}`);
    await page.getByText(/You need .*insight:read.* for this/).first().waitFor();
  }
  await page.goto(`${origin}/board#/map/bed-management`);
  await page.locator('.map a.node').first().waitFor();
  await page.getByText(/You need .*insight:read.* for this/).first().waitFor();
  await close();
}

try {
  const answer = await ask({ origin, token }, '{ __typename }');
  assert.equal(answer.__typename, 'Query');
  await lookAtEverything();
  await lookAtItSmall();
  await switchLanguageAndTheme();
  await filterTheWorklist();
  await signIn();
  await readWithoutInsight();
  const { page, close } = await open();
  await followFromKeyboard(page, origin);
  await close();
  await lookAtTheFrames({ open, origin });
  await lookAtWhatIsRare({ open, origin, token });
  await choose({ open, origin, token, readerToken, insightToken });
  console.log(`the board works; screenshots are in ${screenshots}`);
} finally {
  await browser.close();
}
