// Looks at the explorer with a real browser and asks a query through it:
//   node explorer.mjs http://127.0.0.1:8080 screenshot.png [QUERY]
// Without a query the page's own default query is run. CHROMIUM names another browser than Debian's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [origin, screenshot, query] = process.argv.slice(2);
if (!origin || !screenshot) {
  console.error('usage: node explorer.mjs ORIGIN SCREENSHOT [QUERY]');
  process.exit(2);
}

const profile = mkdtempSync(join(tmpdir(), 'kundig-explorer-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  viewport: { width: 1440, height: 900 },
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});

try {
  const page = await browser.newPage();
  const elsewhere = [];
  const complaints = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== new URL(origin).origin) {
      elsewhere.push(request.url());
    }
  });
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));

  await page.goto(origin, { waitUntil: 'load' });
  const editor = page.locator('.graphiql-query-editor .CodeMirror');
  await editor.waitFor();
  // The documentation opens only once the schema was loaded and understood.
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.getByText('Root Types').waitFor();

  if (query) {
    await editor.evaluate((element, text) => element.CodeMirror.setValue(text), query);
    // GraphiQL waits a little for the typing to end before it looks which operations there are.
    await page.waitForTimeout(500);
  }
  await page.getByRole('button', { name: 'Execute query (Ctrl-Enter)' }).click();
  const readResult = () => page.locator('.result-window .CodeMirror').evaluate((element) => element.CodeMirror.getValue());
  await page.waitForFunction(() => {
    const result = document.querySelector('.result-window .CodeMirror');
    return result?.CodeMirror.getValue().includes('"data"') || result?.CodeMirror.getValue().includes('"errors"');
  });
  const result = JSON.parse(await readResult());
  await page.screenshot({ path: screenshot });

  assert.equal(result.errors, undefined, `the query failed: ${JSON.stringify(result.errors)}`);
  assert.ok(result.data && Object.keys(result.data).length > 0, 'the query has no result');
  assert.deepEqual(elsewhere, [], 'requests left the server');
  assert.deepEqual(complaints, [], 'the browser complained');
  console.log(`the explorer works: ${JSON.stringify(result.data).length} characters of data, screenshot in ${screenshot}`);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
