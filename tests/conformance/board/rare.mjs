// What the demo does not have: answers that are late, refused, empty or just below a promise. The API's answers are changed on their way.
import assert from 'node:assert/strict';
import { ask } from './figures.mjs';

const API = '**/graphql';

/** Whether a request asks an operation of this name. */
const asks = (request, operation) => new RegExp(`query ${operation}\\b`).test(request.postDataJSON()?.query ?? '');

/** Answers an operation with what `change` makes of the API's answer. */
export async function alter(page, operation, change) {
  await page.route(API, async (route) => {
    if (!asks(route.request(), operation)) return route.fallback();
    const response = await route.fetch();
    const json = await response.json();
    change(json.data);
    return route.fulfill({ response, json });
  });
}

/** Refuses an operation with a code. */
async function refuse(page, operation, code) {
  await page.route(API, (route) => (asks(route.request(), operation)
    ? route.fulfill({ json: { data: null, errors: [{ message: 'No.', extensions: { code } }] } })
    : route.fallback()));
}

/** Keeps an operation waiting until the returned function is called. */
async function delay(page, operation) {
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route(API, async (route) => {
    if (asks(route.request(), operation)) await released;
    return route.fallback();
  });
  return release;
}

/** What misses its objective by a little does not look as if it attained it. */
async function roundDown({ open, origin }) {
  const { page, close } = await open();
  await alter(page, 'BoardPromises', ({ serviceLevelAgreements: { nodes } }) => {
    const [attainment] = nodes.find((one) => one.attainment.length > 0).attainment;
    nodes.splice(0, nodes.length, { ...nodes[0], name: 'Just missed', attainment: [attainment] });
    Object.assign(attainment, { total: 10_000, good: 8_996, attained: '89.96', errorBudgetLeft: -0.004, met: false });
    Object.assign(attainment.target, { metric: 'RESPONSE_TIME', objective: '90' });
  });
  await page.goto(`${origin}/board#/promises`);
  const figures = page.locator('.promises tbody tr', { hasText: 'Just missed' }).locator('.row-figure');
  await figures.first().waitFor();
  assert.deepEqual(await figures.allInnerTexts(), ['89.9% ✗ missed', '-1%']);
  await page.getByText('The one promise that was measured was missed.').waitFor();
  await close();
}

/** Eleven of twenty come before one of one, whose share of the allowance says little. */
async function sortByWhatWasMissed({ open, origin }) {
  const { page, close } = await open();
  const kept = [['One of one', 1, 0, '0', -99, '99'], ['Most', 20, 9, '45', -4.5, '90'], ['Nearly', 20, 17, '85', -0.5, '90']];
  await alter(page, 'BoardPromises', ({ serviceLevelAgreements: { nodes } }) => {
    const [known] = nodes.find((one) => one.attainment.length > 0).attainment;
    nodes.splice(0, nodes.length, ...kept.map(([name, total, good, attained, errorBudgetLeft, objective], place) => ({
      ...nodes[0], id: `sla_${place}`, name,
      attainment: [{ ...known, total, good, attained, errorBudgetLeft, met: false, target: { ...known.target, metric: 'RESPONSE_TIME', objective } }],
    })));
  });
  await page.goto(`${origin}/board#/promises`);
  const rows = page.locator('.promises tbody tr');
  await rows.first().waitFor();
  assert.deepEqual(await rows.locator('.row-name').allInnerTexts(), ['Most', 'Nearly', 'One of one']);
  assert.deepEqual(await rows.locator('td:nth-of-type(3) .row-figure').allInnerTexts(), ['below -100%', '-50%', 'below -100%']);
  assert.deepEqual(await page.getByText('few events').count(), 1);
  await close();
}

/** More people want something than are named. */
async function countAllSupporters({ open, origin }) {
  const { page, close } = await open();
  await alter(page, 'BoardUnmetDemands', ({ portfolioGap: { unmetDemands: { nodes } } }) => { nodes[0].supporterCount = 1250; });
  await page.goto(`${origin}/board#/gap`);
  await page.locator('.scale-demand .row').first().getByText('1,250 supporters').waitFor();
  await close();
}

/** A sum of one page is not told as that of all. */
async function addUpWhatIsThere({ open, origin, token }) {
  const { page, close } = await open();
  const { portfolioGap } = await ask({ origin, token }, '{ portfolioGap { shadowItMonthlyCost { amount currency } } }');
  const cut = (list) => {
    list.nodes.splice(1);
    list.pageInfo.hasNextPage = true;
  };
  await alter(page, 'BoardShadowIt', ({ shadowItSightings }) => cut(shadowItSightings));
  await alter(page, 'BoardPromises', ({ serviceLevelAgreements }) => { serviceLevelAgreements.pageInfo.hasNextPage = true; });
  await page.goto(`${origin}/board#/shadow-it`);
  const { amount, currency } = portfolioGap.shadowItMonthlyCost;
  const cost = new Intl.NumberFormat('en-GB', { style: 'currency', currency, maximumFractionDigits: 0 }).format(amount);
  await page.locator('.summary').waitFor();
  assert.equal(await page.locator('.summary').innerText(), `${cost} a month`);
  await page.goto(`${origin}/board#/promises`);
  await page.locator('.promises tbody tr').first().waitFor();
  assert.match(await page.locator('.summary').innerText(), /^Of the agreements shown so far: \d+ of \d+/);
  await close();
}

/** All neighbours that the picture leaves out can be read below it. */
async function listAllNeighbours({ open, origin, token }) {
  const { page, close } = await open();
  await page.route(API, (route) => {
    const request = route.request();
    if (!['BoardService', 'BoardNeeded', 'BoardDependents'].some((operation) => asks(request, operation))) return route.fallback();
    const { query, variables } = request.postDataJSON();
    return route.continue({ postData: { query: query.replaceAll('first: 25', 'first: 2'), variables } });
  });
  const { service } = await ask({ origin, token }, '{ service(slug: "identity-provider") { dependents(first: 100) { nodes { dependent { name } } } } }');
  const names = service.dependents.nodes.map(({ dependent }) => dependent.name);
  assert.ok(names.length > 4, 'the demo has a service that many need');
  await page.goto(`${origin}/board#/map/identity-provider`);
  await page.locator('.map .node-outcome').first().waitFor();
  await page.getByText(/more are in the lists below/).waitFor();
  const list = page.locator('.mapped .columns section').last();
  for (let shown = 2; shown < names.length; shown += 2) {
    await list.getByText(`${shown} of ${names.length}`).waitFor();
    await list.getByRole('button', { name: 'Show more' }).click();
  }
  await list.locator('tbody tr').nth(names.length - 1).waitFor();
  assert.deepEqual(await list.locator('tbody th').allInnerTexts(), names);
  assert.equal(await list.getByRole('button', { name: 'Show more' }).count(), 0);
  await close();
}

/** What went wrong is not put down to something else. */
async function explainFailures({ open, origin }) {
  for (const [code, words] of [
    ['UNAVAILABLE', 'The server cannot answer just now.'],
    ['TIMEOUT', 'The server took too long to answer.'],
    ['RATE_LIMITED', 'You have asked for a lot in a short time.'],
  ]) {
    const { page, close } = await open();
    await refuse(page, 'BoardWorklist', code);
    await page.goto(`${origin}/board#/worklist`);
    await page.getByText(words).waitFor();
    await close();
  }
}

/** Nobody is told that nothing was declined before that is known. */
async function waitForWhatWasDeclined({ open, origin }) {
  const { page, close } = await open();
  const none = page.getByText('Nothing was declined.');
  const isNone = (list) => list.nodes.splice(0);
  await alter(page, 'BoardDeclined', ({ serviceRequests }) => isNone(serviceRequests));
  await alter(page, 'BoardDeclinedDemands', ({ demands }) => isNone(demands));
  const release = await delay(page, 'BoardDeclinedDemands');
  const first = page.waitForResponse((response) => asks(response.request(), 'BoardDeclined'));
  await page.goto(`${origin}/board#/gap`);
  await first;
  await page.locator('.scale-demand :is(.row, .state-empty)').first().waitFor();
  assert.equal(await none.count(), 0);
  release();
  await none.waitFor();
  await refuse(page, 'BoardDeclinedDemands', 'UNAVAILABLE');
  await page.reload();
  await page.getByText('The server cannot answer just now.').waitFor();
  assert.equal(await none.count(), 0);
  await close();
}

/** A review that is not there yet has no figures; one of a single thing says so. */
async function keepQuartersApart({ open, origin }) {
  const { page, close } = await open();
  await alter(page, 'BoardReview', ({ businessReview }) => {
    Object.assign(businessReview, { requestsSubmitted: 2, requestsFulfilled: 1 });
  });
  await page.goto(`${origin}/board#/review?customer=klinikum-aurora`);
  const title = page.locator('.review h2').first();
  await page.getByText(/Of 2 requests 1 was fulfilled;/).waitFor();
  const before = await title.innerText();
  const release = await delay(page, 'BoardReview');
  const asked = page.waitForRequest((request) => asks(request, 'BoardReview'));
  await page.getByRole('combobox', { name: 'Quarter' }).selectOption({ index: 1 });
  await asked;
  assert.equal(await page.locator('.review').count(), 0, 'the figures of one quarter stand under the title of another');
  release();
  await title.waitFor();
  assert.notEqual(await title.innerText(), before);
  await close();
}

/** In its first hour a quarter has nothing behind it, and the one before is reviewed. */
async function reviewTheQuarterBefore({ open, origin }) {
  const { page, close } = await open({ at: new Date(2026, 9, 1, 0, 20) });
  await page.goto(`${origin}/board#/review?customer=klinikum-aurora`);
  await page.locator('.review .card').first().waitFor();
  const menu = page.getByRole('combobox', { name: 'Quarter' });
  assert.match(await menu.locator('option:checked').innerText(), /3.*2026$/);
  await close();
}

/** A map shows one service, and goes over to another as a whole. */
async function keepServicesApart({ open, origin }) {
  const { page, close } = await open();
  await page.goto(`${origin}/board#/map/identity-provider`);
  await page.locator('.map .node-outcome').first().waitFor();
  await page.waitForLoadState('networkidle');
  const shown = () => page.locator('.mapped').evaluate((mapped) => [
    mapped.getAttribute('aria-label'), mapped.querySelector('h2').textContent, mapped.querySelector('.figure-main dd').dataset.value,
    mapped.querySelector('.node-chosen').getAttribute('aria-label'),
  ]);
  const before = await shown();
  const release = await delay(page, 'BoardImpact');
  const answered = page.waitForResponse((response) => asks(response.request(), 'BoardService'));
  await page.evaluate(() => { location.hash = '#/map/bed-management'; });
  await answered;
  await page.locator('.mapped[aria-busy="true"]').waitFor();
  assert.deepEqual(await shown(), before);
  release();
  await page.getByRole('heading', { level: 2, name: 'Bed management' }).waitFor();
  const after = await shown();
  after.forEach((part, place) => assert.notEqual(part, before[place]));
  await close();
}

/** All that is rare on the demo. */
export async function lookAtWhatIsRare(context) {
  await roundDown(context);
  await sortByWhatWasMissed(context);
  await countAllSupporters(context);
  await addUpWhatIsThere(context);
  await listAllNeighbours(context);
  await explainFailures(context);
  await waitForWhatWasDeclined(context);
  await keepQuartersApart(context);
  await reviewTheQuarterBefore(context);
  await keepServicesApart(context);
}
