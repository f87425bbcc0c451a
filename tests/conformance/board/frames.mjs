// What has to be seen without scrolling, and what must not cover anything else.
import assert from 'node:assert/strict';
import { alter } from './rare.mjs';

/** Whether all of the elements lie within a frame, sideways. */
const areWithin = (page, frame, selector) => page.locator(selector).evaluateAll((all, name) => {
  const outer = document.querySelector(name).getBoundingClientRect();
  return all.map((one) => one.getBoundingClientRect()).every(({ left, right }) => left >= outer.left - 1 && right <= outer.right + 1);
}, frame);

/** A map opens at what it is about: all of it where it nearly fits, else the chosen service at the left. */
async function openTheMapAtWhatMatters({ open, origin }) {
  const wide = await open({ width: 1280 });
  await wide.page.goto(`${origin}/board#/map/core-ledger`);
  await wide.page.locator('.map .node-outcome').first().waitFor();
  await wide.page.waitForLoadState('networkidle');
  assert.ok(await areWithin(wide.page, '.map .scroll', '.map .node'), 'something is cut off');
  await wide.close();

  const small = await open({ width: 390 });
  await small.page.goto(`${origin}/board#/map/core-ledger`);
  await small.page.locator('.map .node-outcome').first().waitFor();
  await small.page.waitForLoadState('networkidle');
  const [frame, chosen] = await Promise.all(['.map .scroll', '.map .node-chosen'].map((one) => small.page.locator(one).boundingBox()));
  assert.ok(chosen.x >= frame.x && chosen.x < frame.x + 40, `the service stands at ${chosen.x}`);
  assert.ok(chosen.y >= frame.y && chosen.y + chosen.height <= frame.y + frame.height, 'the service is above or below the frame');
  await small.close();
}

/** However large an amount is, it stands beside the title. */
async function keepAmountsClear({ open, origin }) {
  for (const width of [320, 1280]) {
    const { page, close } = await open({ width, locale: 'de-DE' });
    await alter(page, 'BoardWorklist', ({ worklist: { nodes } }) => { nodes[0].valuePerHour.amount = '126261082.00'; });
    await page.goto(`${origin}/board#/worklist`);
    const item = page.locator('.item').first();
    await item.getByText(/126\.261\.082/).waitFor();
    const amount = await item.locator('.worth .figure').evaluate((one) => {
      const range = document.createRange();
      range.selectNodeContents(one);
      return range.getBoundingClientRect().toJSON();
    });
    for (const part of ['.eyebrow', 'h2', '.due']) {
      const other = await item.locator(part).boundingBox();
      const isApart = amount.right <= other.x || other.x + other.width <= amount.left
        || amount.bottom <= other.y || other.y + other.height <= amount.top;
      assert.ok(isApart, `the amount runs over ${part} at ${width} pixels`);
    }
    await close();
  }
}

/** Cost and risk of shadow IT are seen on a telephone, and by name in the picture. */
async function seeShadowItAtOnce({ open, origin }) {
  const small = await open({ width: 390, locale: 'de-DE' });
  await small.page.goto(`${origin}/board#/shadow-it`);
  await small.page.locator('tbody tr').first().waitFor();
  assert.ok(await areWithin(small.page, '.scroll', 'tbody .figure'), 'a figure is beyond the frame');
  await small.close();

  const { page, close } = await open();
  await page.goto(`${origin}/board#/shadow-it`);
  const circles = page.locator('.scatter circle[role="img"]');
  await circles.first().waitFor();
  assert.equal(await page.locator('.dot-names text').count(), await circles.count(), 'a circle has no name');
  await close();
}

/** Nothing is cut off that matters most. */
export async function lookAtTheFrames(context) {
  await openTheMapAtWhatMatters(context);
  await keepAmountsClear(context);
  await seeShadowItAtOnce(context);
}
