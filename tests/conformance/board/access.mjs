// Whether the board can be used by everybody.
import assert from 'node:assert/strict';
import axe from 'axe-core';

/** No violation of WCAG 2.2 AA that axe can find. */
export async function assertAccessible(page, where) {
  // Evaluated by the debugger, so the page's policy does not stand in the way.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  }));
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(' … ')}`);
  assert.deepEqual(found, [], `${where} is not accessible`);
}

/** What has the focus, and whether that can be seen. */
async function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const drawn = element.closest('.choice label') ?? element.querySelector(':scope > .box') ?? element;
    const style = getComputedStyle(drawn);
    const { top, bottom } = element.getBoundingClientRect();
    return {
      tag: element.tagName.toLowerCase(),
      name: element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 60),
      isMarked: style.outlineStyle !== 'none' || Number.parseFloat(style.strokeWidth) >= 4,
      isInView: bottom > 0 && top < innerHeight,
    };
  });
}

/** Goes on with Tab until something has the focus that fits. */
async function tabTo(page, fits, what) {
  for (let press = 0; press < 80; press += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (now.tag === 'body') continue;
    assert.ok(now.isMarked, `nobody sees that the focus is on ${now.tag} "${now.name}"`);
    assert.ok(now.isInView, `the focus is out of sight: ${now.tag} "${now.name}"`);
    if (fits(now)) return;
  }
  assert.fail(`Tab does not reach ${what}`);
}

/** From the first page to a service's neighbour on the map, without a mouse. */
export async function followFromKeyboard(page, origin) {
  await page.goto(`${origin}/board`);
  await page.locator('.work .item').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal((await focused(page)).name, 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content');

  await page.reload();
  await page.locator('.work .item').first().waitFor();
  await tabTo(page, ({ tag, name }) => tag === 'a' && name === 'Map', 'the map');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Map' }).waitFor();
  await page.waitForFunction(() => document.activeElement.tagName === 'H1');

  await tabTo(page, ({ tag }) => tag === 'input', 'the search for a service');
  await page.keyboard.type('bed man');
  await page.getByRole('option', { name: 'Bed management' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/map\/bed-management/);
  await page.locator('.map a.node').first().waitFor();
  await tabTo(page, ({ tag, name }) => tag === 'a' && name.startsWith('Patient index'), 'a neighbour in the picture');
  await page.keyboard.press('Enter');
  await page.waitForURL(/#\/map\/patient-index/);
  await page.getByRole('heading', { level: 2, name: 'Patient index' }).waitFor();
}
