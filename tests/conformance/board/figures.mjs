// Whether the board shows what the API says: exact values stand in `data-value`, what is read beside them is compared as it is written.
import assert from 'node:assert/strict';

/** Asks the API itself. */
export async function ask({ origin, token }, query, variables = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

const values = (page, selector) => page.locator(selector).evaluateAll((all) => all.map((one) => one.dataset.value));
const texts = async (page, selector) => (await page.locator(selector).allInnerTexts()).map((text) => text.trim());

/** An amount as the board writes it. */
function write({ amount, currency }, locale) {
  const value = Number(amount);
  const digits = Math.abs(value) < 100 && !Number.isInteger(value) ? 2 : 0;
  return new Intl.NumberFormat(locale, {
    style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(value);
}

async function askForTheWorklist(context) {
  const { worklist: { nodes } } = await ask(context, `query ($language: Language!) {
    worklist(first: 20) {
      nodes {
        valuePerHour { amount currency } breached reasons(language: $language)
        subject { ... on Incident { title } ... on ServiceRequest { title } ... on Demand { title } }
      }
    }
  }`, { language: context.language.toUpperCase() });
  return nodes;
}

async function worklist(page, context) {
  // Reasons tell to the minute how long something has, so the page is told the one or the other.
  const before = await askForTheWorklist(context);
  await page.reload();
  await page.locator('.work .item').first().waitFor();
  const shown = await page.locator('.reasons li').allTextContents();
  const nodes = await askForTheWorklist(context);
  assert.ok(nodes.length > 3, 'the demo has a worklist');
  assert.deepEqual(await texts(page, '.item h2'), nodes.map(({ subject }) => subject.title));
  assert.deepEqual(await values(page, '.item .worth .figure'), nodes.map(({ valuePerHour }) => valuePerHour.amount));
  assert.deepEqual(await texts(page, '.item .worth .figure'), nodes.map(({ valuePerHour }) => write(valuePerHour, context.locale)));
  const items = await page.locator('.item').all();
  const broken = await Promise.all(items.map(async (item) => await item.locator('.badge-broken').count() === 1));
  assert.deepEqual(broken, nodes.map(({ breached }) => breached));
  assert.ok(broken.includes(true), 'a promise of the demo is broken');
  const told = [before, nodes].map((all) => all.flatMap(({ reasons }) => reasons));
  assert.deepEqual(shown, told[1].map((later, place) => (shown[place] === told[0][place] ? shown[place] : later)));
}

async function map(page, context) {
  const { service: { impact } } = await ask(context, `{
    service(slug: "identity-provider") {
      impact { valuePerHour { amount currency } affectedServices customers { slug } outcomes { outcome { name } valuePerHour { amount currency } } }
    }
  }`);
  assert.deepEqual(await values(page, '.figure-main dd'), [impact.valuePerHour.amount]);
  assert.deepEqual(
    (await texts(page, '.figures div:not(.figure-main) dd')).map(Number),
    [impact.outcomes.length, impact.affectedServices, impact.customers.length],
  );
  const rows = page.locator('.mapped section').first().locator('tbody');
  assert.deepEqual(await rows.locator('th').allInnerTexts(), impact.outcomes.map(({ outcome }) => outcome.name));
  const money = impact.outcomes.map(({ valuePerHour }) => write(valuePerHour, context.locale));
  assert.deepEqual(await rows.locator('td.figure').allInnerTexts(), money);
  const drawn = await page.locator('.node-outcome').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  assert.equal(drawn.length, impact.outcomes.length);
  for (const amount of money) assert.ok(drawn.some((label) => label.includes(amount)), `${amount} is not in the picture`);
}

async function promises(page, context) {
  const until = new Date(context.now);
  until.setMinutes(0, 0, 0);
  const from = new Date(until.getTime() - 90 * 24 * 60 * 60 * 1000);
  const { serviceLevelAgreements: { nodes } } = await ask(context, `query ($from: DateTime!, $until: DateTime!) {
    serviceLevelAgreements(first: 50) { nodes { attainment(from: $from, until: $until) { total attained met } } }
  }`, { from, until });
  const measured = nodes.flatMap(({ attainment }) => attainment).filter(({ total }) => total > 0);
  const shown = await values(page, '.promises .row-figure[data-value]');
  assert.deepEqual(shown.sort(), measured.map(({ attained }) => attained).sort());
  assert.equal(await page.locator('.promises tr.kept').count(), measured.filter(({ met }) => met).length);
}

async function gap(page, context) {
  const { portfolioGap } = await ask(context, `{
    portfolioGap {
      unmetDemands(first: 12) { nodes { title valuePerMonth { amount } } }
      unaskedServices(first: 25) { nodes { name impact { valuePerHour { amount } } } }
      staleOwnership { totalCount }
      missedSearches(first: 10) { query }
      shadowItMonthlyCost { amount currency }
    }
  }`);
  const { unmetDemands, unaskedServices, staleOwnership, missedSearches, shadowItMonthlyCost } = portfolioGap;
  assert.deepEqual(await texts(page, '.scale-demand h3'), unmetDemands.nodes.map(({ title }) => title));
  assert.deepEqual(await values(page, '.scale-demand .figure'), unmetDemands.nodes.map(({ valuePerMonth }) => valuePerMonth.amount));
  // What nothing stands on comes first; what others stand on says what it carries.
  const worth = ({ impact }) => Number(impact.valuePerHour.amount);
  const idle = unaskedServices.nodes.filter((one) => worth(one) === 0);
  const carrying = unaskedServices.nodes.filter((one) => worth(one) > 0).sort((a, b) => worth(b) - worth(a));
  assert.ok(idle.length > 0 && carrying.length > 0, 'the demo has services of both kinds');
  assert.deepEqual(await texts(page, '.scale-supply .row a'), [...idle, ...carrying].map(({ name }) => name));
  assert.deepEqual(await values(page, '.scale-supply .carries'), carrying.map(({ impact }) => impact.valuePerHour.amount));
  assert.ok((await texts(page, '.card .big')).includes(String(staleOwnership.totalCount)), `${staleOwnership.totalCount} is not shown`);
  assert.deepEqual(await texts(page, '.row-narrow strong'), missedSearches.map(({ query }) => (context.locale.startsWith('de') ? `„${query}“` : `“${query}”`)));
  assert.deepEqual(await texts(page, '.card .big.figure'), [write(shadowItMonthlyCost, context.locale)]);
}

async function shadowIt(page, context) {
  const { shadowItSightings: { nodes }, portfolioGap } = await ask(context, `{
    shadowItSightings(first: 50) { nodes { product risk monthlyCost { amount currency } } }
    portfolioGap { shadowItMonthlyCost { amount currency } }
  }`);
  const sum = await page.locator('.summary').innerText();
  assert.ok(sum.startsWith(write(portfolioGap.shadowItMonthlyCost, context.locale)), `the sum is not "${sum}"`);
  const wanted = nodes.map(({ product, risk, monthlyCost }) => `${product} ${risk} ${write(monthlyCost, context.locale)}`);
  const shown = await page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [
    row.querySelector('.row-name'), ...row.querySelectorAll('.figure'),
  ].map((one) => one.textContent).join(' ')));
  assert.deepEqual(shown.sort(), wanted.sort());
  assert.equal(await page.locator('.scatter circle[role="img"]').count(), nodes.length);
}

async function review(page, context) {
  const { customer } = await ask(context, '{ customer(slug: "klinikum-aurora") { id } }');
  const until = new Date(context.now);
  until.setMinutes(0, 0, 0);
  // In its first hour a quarter has nothing to show yet, and the page shows the one before.
  const last = new Date(until - 1);
  const from = new Date(last.getFullYear(), 3 * Math.floor(last.getMonth() / 3), 1);
  const { businessReview } = await ask(context, `query ($id: ID!, $from: DateTime!, $until: DateTime!) {
    businessReview(customerId: $id, from: $from, until: $until) { requestsSubmitted requestsFulfilled requestsDeclined incidents lostValue { amount currency } parts { name } }
  }`, { id: customer.id, from, until });
  const shown = await texts(page, '.review .card dd');
  assert.ok(businessReview.parts.length > 0, 'the customer has parts');
  assert.deepEqual(await texts(page, '.review .without a'), businessReview.parts.map(({ name }) => name));
  const number = (value) => new Intl.NumberFormat(context.locale).format(value);
  const { requestsSubmitted, requestsFulfilled, requestsDeclined, incidents, lostValue } = businessReview;
  assert.deepEqual(shown.slice(0, 3), [requestsSubmitted, requestsFulfilled, requestsDeclined].map(number));
  assert.ok(shown.includes(number(incidents)));
  assert.ok(shown.includes(write(lostValue, context.locale)), `the review shows ${shown}, not ${lostValue.amount}`);
}

/** By the name of a view: holds what a page shows against the API. */
export const figures = { worklist, map, promises, gap, 'shadow-it': shadowIt, review };
