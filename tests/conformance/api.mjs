// What scripts ask of a running server besides what they try.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Answers a document over HTTP: its data. Fails where there are errors. */
export async function ask(origin, token, query, variables = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** Creates a team over HTTP: its id. */
export async function createTeam(origin, token, name) {
  const mutation = 'mutation ($name: String!) { createTeam(input: {name: $name}) { team { id } userErrors { message } } }';
  const { createTeam: { team, userErrors } } = await ask(origin, token, mutation, { name });
  assert.deepEqual(userErrors, []);
  return team.id;
}

/** The sequences of what has changed of teams, 100 at most. */
export async function sequencesAfter(origin, token, after) {
  const query = 'query ($after: String) { changes(first: 100, after: $after, filter: {types: ["Team"]}) { nodes { sequence } } }';
  const { changes } = await ask(origin, token, query, { after });
  return changes.nodes.map(({ sequence }) => sequence);
}

/** Waits until something is so, and fails after a while with what is the matter. */
export async function eventually(isSo, matter) {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, matter());
    await sleep(20);
  }
}

/** Waits until the server answers so many subscriptions over a transport: `websocket` or `events`. */
export async function untilSubscribed(origin, transport, count) {
  const series = `kundig_subscriptions{transport="${transport}"} `;
  let now;
  const counted = async () => {
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    const line = metrics.split('\n').find((candidate) => candidate.startsWith(series));
    now = Number(line?.slice(series.length) ?? 0);
    return now === count;
  };
  await eventually(counted, () => `the server answers ${now} subscriptions over ${transport}, not ${count}`);
}
