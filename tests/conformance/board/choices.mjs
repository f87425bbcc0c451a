// Customers, services and addresses: what is named is found, or said not to be there.
import assert from 'node:assert/strict';
import { assertAccessible } from './access.mjs';
import { ask } from './figures.mjs';

/** More customers than a page of the API has; one comes after all of them, and has a demand. */
async function addCustomers(context) {
  const add = (input) => ask(context, `mutation ($input: CreateCustomerInput!) {
    createCustomer(input: $input) { customer { id } userErrors { message } }
  }`, { input });
  for (let number = 1; number <= 100; number += 1) await add({ name: `Ward ${String(number).padStart(3, '0')}` });
  const { createCustomer: { customer } } = await add({ name: 'Ward Z', slug: 'z-ward' });
  await ask(context, `mutation ($input: RaiseDemandInput!) {
    raiseDemand(input: $input) { demand { id } userErrors { message } }
  }`, { input: { title: 'A bed more', kind: 'NEED', customerId: customer.id, valuePerMonth: '731' } });
  return customer.id;
}

/** Whoever an address names is shown alone, however many there are. */
async function showTheOneThatIsNamed({ open, origin, token, insightToken }) {
  const id = await addCustomers({ origin, token });
  const { page, close } = await open();
  const filters = [];
  page.on('request', (request) => {
    const { query = '', variables } = (request.method() === 'POST' && request.postDataJSON()) || {};
    if (query.includes('BoardWorklist')) filters.push(variables.filter.customerId);
  });
  await page.goto(`${origin}/board#/worklist?customer=z-ward`);
  await page.locator('.work .item').first().waitFor();
  await page.waitForLoadState('networkidle');
  assert.deepEqual(await page.locator('.item h2').allInnerTexts(), ['A bed more']);
  assert.deepEqual(filters, [id], 'nobody else is asked for');
  const menu = page.getByRole('combobox', { name: 'Customer' });
  assert.equal(await menu.locator('option:checked').innerText(), 'Ward Z');
  assert.ok(await menu.locator('option').count() > 102, 'all customers can be chosen');

  await page.goto(`${origin}/board#/review`);
  await page.getByRole('combobox', { name: 'Customer' }).selectOption('Ward Z');
  await page.getByRole('heading', { level: 2, name: /^Ward Z, / }).waitFor();
  await page.getByText('Nothing that was promised was measured.').waitFor();
  await page.goto(`${origin}/board#/promises?customer=z-ward`);
  await page.getByText('No agreement, or nothing was measured in this period.').waitFor();
  await close();

  const other = await open({ bearer: insightToken });
  await other.page.goto(`${origin}/board#/worklist?customer=z-ward`);
  await other.page.locator('.state-failure').getByText(/You need .*catalog:read.* for this/).waitFor();
  assert.equal(await other.page.locator('.item').count(), 0);
  await assertAccessible(other.page, 'a worklist of a customer that may not be seen');
  await other.close();
}

/** A review calls promises by their names. */
async function nameThePromises({ open, origin, token }) {
  const { serviceLevelAgreements: { nodes } } = await ask({ origin, token }, `{
    serviceLevelAgreements(first: 100) { nodes { name kind customer { slug } } }
  }`);
  const isTheirs = ({ kind, customer }) => kind === 'SLA' && (customer === null || customer.slug === 'faehrbank');
  const names = nodes.filter(isTheirs).map(({ name }) => name);
  const { page, close } = await open();
  await page.goto(`${origin}/board#/review?customer=faehrbank`);
  // In its first month a quarter may have little that was measured.
  const before = new Date(Date.now() - 31 * 24 * 60 * 60 * 1000);
  const quarter = `${before.getFullYear()}-${Math.floor(before.getMonth() / 3) + 1}`;
  await page.getByRole('combobox', { name: 'Quarter' }).selectOption(quarter);
  await page.locator('.review tbody tr').first().waitFor();
  for (const name of await page.locator('.review .row-name').allInnerTexts()) {
    assert.ok(names.includes(name), `${name} is no promise of theirs`);
  }
  if (new Date(before.getFullYear(), 3 * Math.floor(before.getMonth() / 3) + 3, 1) <= new Date()) {
    const last = new Date(before.getFullYear(), 3 * Math.floor(before.getMonth() / 3) + 3, 0);
    const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' }).format(last);
    assert.ok((await page.locator('.review header').innerText()).includes(`to ${day}`), `the quarter does not end on ${day}`);
  }
  await close();
}

/** Who has no agreement of their own is told how everybody's was kept for them. */
async function showWhatIsPromisedToEverybody({ open, origin, token, readerToken }) {
  const hash = '#/promises?customer=nachtlicht-hotels';
  const { customer } = await ask({ origin, token }, '{ customer(slug: "nachtlicht-hotels") { id slas { totalCount } } }');
  assert.equal(customer.slas.totalCount, 0, 'the demo has a customer without an agreement');
  const { page, close } = await open();
  const asked = page.waitForRequest((request) => (request.postData() ?? '').includes('BoardKeptForCustomer'));
  await page.goto(`${origin}/board${hash}`);
  const { variables } = (await asked).postDataJSON();
  const { businessReview } = await ask({ origin, token }, `query ($customerId: ID!, $from: DateTime!, $until: DateTime!) {
    businessReview(customerId: $customerId, from: $from, until: $until) { attainment { total attained } }
  }`, variables);
  const measured = businessReview.attainment.filter(({ total }) => total > 0);
  assert.ok(measured.length > 2, 'something was measured for them');
  await page.locator('.promises tbody tr').first().waitFor();
  const shown = await page.locator('.promises .row-figure[data-value]').evaluateAll((all) => all.map((one) => one.dataset.value));
  assert.deepEqual(shown.sort(), measured.map(({ attained }) => attained).sort());
  assert.equal(await page.getByText('promised to everybody', { exact: false }).count(), measured.length + 1);
  await page.getByText('This customer has no agreement of their own.').waitFor();
  await assertAccessible(page, 'what is promised to everybody');
  await close();

  const reader = await open({ bearer: readerToken });
  await reader.page.goto(`${origin}/board${hash}`);
  await reader.page.getByText(/What is promised to everybody is missing here\. You need .*insight:read/).waitFor();
  await reader.close();
}

/** What is not there is said not to be there. */
async function sayWhatIsNotThere({ open, origin }) {
  const { page, close } = await open();
  for (const [hash, words] of [
    ['#/worklist?customer=nobody', 'There is no customer “nobody”, or you may not see it.'],
    ['#/worklist?team=nobody', 'There is no team “nobody”, or you may not see it.'],
    ['#/promises?customer=nobody', 'There is no customer “nobody”, or you may not see it.'],
    ['#/review?customer=nobody', 'There is no customer “nobody”, or you may not see it.'],
    ['#/map/nothing', 'There is no service “nothing”, or you may not see it.'],
    ['#/map/%E0%A4', 'There is no service “%E0%A4”, or you may not see it.'],
  ]) {
    await page.goto(`${origin}/board${hash}`);
    await page.getByText(words).waitFor();
    assert.equal(await page.locator('.item, .review, .mapped').count(), 0, `${hash} shows something else`);
  }
  await close();
}

/** Upwards from the field the search begins at its end, and what is active can be seen. */
async function chooseTheLastService({ open, origin }) {
  const { page, close } = await open();
  await page.goto(`${origin}/board#/map`);
  const field = page.getByRole('combobox', { name: 'Service' });
  await field.click();
  await page.locator('[role="option"]').first().waitFor();
  await field.press('ArrowUp');
  const last = page.locator('[role="option"]').last();
  assert.equal(await last.getAttribute('aria-selected'), 'true');
  await page.waitForFunction(() => {
    const options = [...document.querySelectorAll('[role="option"]')];
    const box = options.at(-1).getBoundingClientRect();
    const list = options[0].parentElement.getBoundingClientRect();
    return box.top >= list.top && box.bottom <= list.bottom;
  });
  await close();
}

/** A service that is retired loses nothing. */
async function mapWhatIsRetired({ open, origin, token }) {
  await ask({ origin, token }, `mutation {
    createService(input: { name: "Telex", lifecycle: RETIRED }) { service { id } userErrors { message } }
  }`);
  const { page, close } = await open();
  await page.goto(`${origin}/board#/map/telex`);
  const node = page.locator('.map a.node-chosen');
  await node.waitFor();
  assert.equal(await node.getAttribute('aria-label'), 'Telex, this service');
  await close();
}

/** Place and customers of an item are there for everybody. */
async function hearWhoIsConcerned({ open, origin, token }) {
  const { worklist: { nodes } } = await ask({ origin, token }, `{
    worklist(filter: { kinds: [INCIDENT] }, first: 1) { nodes { subject { ... on Incident { impact { customers { name } } } } } }
  }`);
  const { page, close } = await open();
  await page.goto(`${origin}/board#/worklist?kinds=INCIDENT`);
  const item = page.locator('.item').first();
  await item.waitFor();
  assert.match(await item.locator('.worth').ariaSnapshot(), /Place 1/);
  const names = item.locator('.facts details');
  await names.locator('summary').click();
  for (const { name } of nodes[0].subject.impact.customers) assert.ok((await names.innerText()).includes(name), `${name} is not named`);
  await assertAccessible(page, 'the names of customers');
  await close();
}

/** What is chosen is shown, and nothing else. */
export async function choose(context) {
  await sayWhatIsNotThere(context);
  await chooseTheLastService(context);
  await hearWhoIsConcerned(context);
  await nameThePromises(context);
  await showWhatIsPromisedToEverybody(context);
  await mapWhatIsRetired(context);
  await showTheOneThatIsNamed(context);
}
