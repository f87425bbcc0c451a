// Looks at the explorer with a real browser, asks the page's own query through it, and with a token subscribes to changes:
//   node explorer.mjs http://127.0.0.1:8080 screenshot.png [TOKEN]
// The token has to allow everything; a team is created. CHROMIUM names another browser than Debian's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { createTeam, untilSubscribed } from './api.mjs';

const [origin, screenshot, token] = process.argv.slice(2);
if (!origin || !screenshot) {
  console.error('usage: node explorer.mjs ORIGIN SCREENSHOT [TOKEN]');
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

  const execute = page.getByRole('button', { name: 'Execute query (Ctrl-Enter)' });
  const write = async (place, text) => {
    await place.evaluate((element, value) => element.CodeMirror.setValue(value), text);
    // GraphiQL waits a little for the typing to end before it looks what there is.
    await page.waitForTimeout(500);
  };
  // What the result window shows, once this is in it.
  const shown = async (part) => {
    await page.waitForFunction(
      (text) => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes(text),
      part,
    );
    const text = await page.locator('.result-window .CodeMirror').evaluate((element) => element.CodeMirror.getValue());
    return JSON.parse(text);
  };

  await execute.click();
  const result = await shown('"extensions"');
  await page.screenshot({ path: screenshot });
  assert.equal(result.errors, undefined, `the query failed: ${JSON.stringify(result.errors)}`);
  assert.ok(result.data && Object.keys(result.data).length > 0, 'the query has no result');

  if (token) {
    await page.getByRole('button', { name: 'Headers' }).click();
    const headers = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror');
    const useToken = (value) => write(headers, JSON.stringify({ Authorization: `Bearer ${value}` }));
    await useToken(token);
    await write(editor, 'subscription Watched { changes(filter: { types: ["Team"] }) { kind subject { ... on Team { name } } } }');
    await execute.click();
    await untilSubscribed(origin, 'events', 1);
    for (const name of ['Seen in the explorer', 'Seen there too']) {
      await createTeam(origin, token, name);
      const answer = await shown(name);
      assert.deepEqual(answer.data, { changes: { kind: 'CREATED', subject: { name } } });
    }
    assert.deepEqual(complaints, [], 'the browser complained');
    await page.getByRole('button', { name: 'Stop query (Ctrl-Enter)' }).click();
    await untilSubscribed(origin, 'events', 0);

    await write(editor, 'subscription { changes { nothing } }');
    await execute.click();
    const { errors: [invalid] } = await shown('GRAPHQL_VALIDATION_FAILED');
    assert.match(invalid.message, /nothing/);
    await useToken('nonsense');
    await execute.click();
    const { errors: [refused] } = await shown('UNAUTHENTICATED');
    assert.match(refused.message, /token/i);
  }

  assert.deepEqual(elsewhere, [], 'requests left the server');
  // Of a stream that is stopped and of a status the browser complains, too, and may.
  const unexpected = complaints.filter((complaint) => !token || !/ERR_ABORTED|status of 401/.test(complaint));
  assert.deepEqual(unexpected, [], 'the browser complained');
  console.log(`the explorer works: ${JSON.stringify(result.data).length} characters of data, screenshot in ${screenshot}`);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}
