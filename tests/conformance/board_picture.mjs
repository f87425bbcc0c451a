// Takes the README's picture of the board, from a server with the demo:
//   node board_picture.mjs ORIGIN TOKEN FILE
// CHROMIUM names another browser than Debian's.
import { chromium } from 'playwright-core';

const [origin, token, file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node board_picture.mjs ORIGIN TOKEN FILE');
  process.exit(2);
}
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
try {
  const context = await browser.newContext({ locale: 'en-GB', colorScheme: 'light', viewport: { width: 1200, height: 800 } });
  await context.addInitScript((known) => sessionStorage.setItem('kundig.token', known), token);
  const page = await context.newPage();
  await page.goto(`${origin}/board`);
  await page.locator('.work .item').first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: file });
} finally {
  await browser.close();
}
