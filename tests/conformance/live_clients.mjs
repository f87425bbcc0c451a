// Tries the live transports with the clients that applications use, graphql-ws and graphql-sse:
//   node live_clients.mjs http://127.0.0.1:8080 TOKEN
// The token has to allow everything; teams are created. Nobody else may be subscribed.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createEventsClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { ask, createTeam, eventually, untilSubscribed } from './api.mjs';

const [origin, token] = process.argv.slice(2);
if (!origin || !token) {
  console.error('usage: node live_clients.mjs ORIGIN TOKEN');
  process.exit(2);
}

const CHANGES = `subscription ($after: String) {
  changes(after: $after, filter: { types: ["Team"] }) { sequence subjectId subject { ... on Team { name } } }
}`;

// Both would wait for seconds before they try again.
const soon = () => sleep(50);

const transports = [
  {
    name: 'websocket',
    create: ({ at = origin, authorization = () => `Bearer ${token}`, ...options } = {}) => createSocketClient({
      url: `${at.replace(/^http/, 'ws')}/graphql`,
      // Node has one of its own from version 22 on.
      webSocketImpl: WebSocket,
      connectionParams: () => ({ Authorization: authorization() }),
      retryWait: soon,
      ...options,
    }),
    refused: (closed) => {
      assert.equal(closed.code, 4403);
      assert.match(closed.reason, /^Forbidden: ./);
    },
    // What may not run is no answer: the library throws the errors.
    notRun: async (answers) => {
      const errors = await answers.next().then(
        (answer) => assert.fail(`an answer came: ${JSON.stringify(answer)}`),
        (thrown) => thrown,
      );
      assert.ok(Array.isArray(errors), String(errors));
      return errors;
    },
  },
  {
    name: 'events',
    create: ({ at = origin, authorization = () => `Bearer ${token}`, ...options } = {}) => createEventsClient({
      url: `${at}/graphql`,
      headers: () => ({ Authorization: authorization() }),
      retry: soon,
      ...options,
    }),
    refused: async (error) => {
      assert.equal(error.name, 'NetworkError');
      assert.equal(error.response?.status, 401);
      const { errors } = await error.response.json();
      assert.equal(errors[0].extensions.code, 'UNAUTHENTICATED');
    },
    // What may not run has one answer, which is its errors.
    notRun: async (answers) => {
      const { value } = await answers.next();
      assert.equal(value.data ?? null, null);
      assert.equal((await answers.next()).done, true);
      return value.errors;
    },
  },
];

const checks = {
  async queriesAndMutationsHaveOneAnswer({ name, create }) {
    const client = create();
    const mutation = 'mutation ($name: String!) { createTeam(input: {name: $name}) { team { id } } }';
    const [created, ...afterCreated] = await all(client.iterate({ query: mutation, variables: { name: `By ${name}` } }));
    const { id } = created.data.createTeam.team;
    const query = 'query ($id: ID!) { node(id: $id) { ... on Team { name } } }';
    const [found, ...afterFound] = await all(client.iterate({ query, variables: { id } }));
    assert.deepEqual(found.data, { node: { name: `By ${name}` } });
    assert.deepEqual([...afterCreated, ...afterFound], []);
    await client.dispose();
  },

  async changesComeUntilTheClientHasEnough({ name, create }) {
    const client = create();
    const changes = client.iterate({ query: CHANGES });
    await untilSubscribed(origin, name, 1);
    for (const number of [1, 2]) {
      const team = `Seen by ${name} ${number}`;
      const id = await createTeam(origin, token, team);
      const { value, done } = await changes.next();
      assert.equal(done, false);
      assert.equal(value.errors, undefined);
      assert.equal(value.data.changes.subjectId, id);
      assert.deepEqual(value.data.changes.subject, { name: team });
    }
    await changes.return();
    await untilSubscribed(origin, name, 0);
    await client.dispose();
  },

  async aCompletedSubscriptionLeavesTheOthers({ name, create }) {
    const client = create();
    const one = client.iterate({ query: CHANGES });
    const other = client.iterate({ query: CHANGES });
    await untilSubscribed(origin, name, 2);
    await one.return();
    await untilSubscribed(origin, name, 1);
    const id = await createTeam(origin, token, `Left by ${name}`);
    assert.equal((await other.next()).value.data.changes.subjectId, id);
    await other.return();
    await untilSubscribed(origin, name, 0);
    await client.dispose();
  },

  async aBadTokenIsRefusedInTheLibrarysTerms({ create, refused }) {
    const client = create({ authorization: () => 'Bearer nonsense', retryAttempts: 0 });
    const error = await client.iterate({ query: CHANGES }).next().then(
      (answer) => assert.fail(`an answer came: ${JSON.stringify(answer)}`),
      (thrown) => thrown,
    );
    await refused(error);
    await client.dispose();
  },

  async whoComesBackWithABetterTokenIsLetIn({ create }) {
    const headers = ['Bearer nonsense', `Bearer ${token}`];
    const client = create({ authorization: () => headers.shift() });
    const [answer] = await all(client.iterate({ query: '{ viewer { subject } }' }));
    assert.equal(typeof answer.data?.viewer.subject, 'string', JSON.stringify(answer));
    assert.deepEqual(headers, []);
    await client.dispose();
  },

  async whatMayNotRunIsToldAndTheClientGoesOn({ name, create, notRun }) {
    let connections = 0;
    const client = create({ on: { connected: () => (connections += 1) } });
    const stays = client.iterate({ query: CHANGES });
    await untilSubscribed(origin, name, 1);
    for (const [query, code] of [
      ['subscription {', 'GRAPHQL_PARSE_FAILED'],
      ['subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
      ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription { changes(after: "soon") { type } }', 'BAD_USER_INPUT'],
    ]) {
      const errors = await notRun(client.iterate({ query }));
      assert.equal(errors[0].extensions.code, code, `${query}: ${JSON.stringify(errors)}`);
      assert.equal(typeof errors[0].message, 'string');
    }
    if (name === 'websocket') assert.equal(connections, 1, 'an operation is refused, not its connection');
    await stays.return();
    await untilSubscribed(origin, name, 0);
    await client.dispose();
  },

  // The libraries connect again without asking, and send what was subscribed to as it is by then. It is kept up to date where
  // answers come in: whoever iterates may be behind.
  async nothingIsLostOrDoubledHoweverOftenTheConnectionBreaks({ name, create }) {
    const rounds = 6;
    const start = await lastSequence();
    const road = await openRoad();
    const client = create({ at: road.origin });
    const request = { query: CHANGES, variables: { after: start } };
    const seen = [];
    let failure;
    const unsubscribe = client.subscribe(request, {
      next: ({ data, errors }) => {
        failure ??= errors;
        request.variables.after = data?.changes.sequence;
        seen.push(data?.changes.sequence);
      },
      error: (error) => (failure ??= error),
      complete: () => {},
    });
    for (let round = 1; round <= rounds; round += 1) {
      for (let number = 0; number < 10; number += 1) {
        if (number === 5) road.breakDown();
        await createTeam(origin, token, `Resumed by ${name} ${round} ${number}`);
      }
      await eventually(() => failure || seen.length >= 10 * round, () => `round ${round}: ${seen.length} changes came`);
      assert.equal(failure, undefined, JSON.stringify(failure));
    }
    unsubscribe();
    assert.ok(road.travellers() > rounds, `only ${road.travellers()} connections were made`);
    await client.dispose();
    await road.close();

    // And who comes back in the middle, with another client, gets the rest.
    const rest = create();
    const again = rest.iterate({ query: CHANGES, variables: { after: seen[24] } });
    for (const expected of seen.slice(25)) {
      assert.equal((await again.next()).value.data.changes.sequence, expected);
    }
    await again.return();
    await rest.dispose();
    await untilSubscribed(origin, name, 0);
    assert.deepEqual(seen, await sequencesAfter(start));
  },
};

/** All answers there are. */
async function all(answers) {
  const found = [];
  for await (const answer of answers) found.push(answer);
  return found;
}

async function sequencesAfter(after) {
  const query = 'query ($after: String) { changes(first: 100, after: $after, filter: {types: ["Team"]}) { nodes { sequence } } }';
  const { changes } = await ask(origin, token, query, { after });
  return changes.nodes.map(({ sequence }) => sequence);
}

async function lastSequence() {
  let last = '0';
  for (let page = [last]; page.length > 0; page = await sequencesAfter(last)) last = page.at(-1);
  return last;
}

/** A way to the server that can break down: every connection over it is cut without a word. */
async function openRoad() {
  const { hostname, port } = new URL(origin);
  const open = new Set();
  let travellers = 0;
  const server = createServer((near) => {
    travellers += 1;
    const far = connect(Number(port), hostname);
    for (const [end, other] of [[near, far], [far, near]]) {
      open.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => {
        open.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const breakDown = () => open.forEach((end) => end.destroy());
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    travellers: () => travellers,
    breakDown,
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      breakDown();
      await closed;
    },
  };
}

for (const transport of transports) {
  for (const [check, run] of Object.entries(checks)) {
    try {
      await run(transport);
      console.log(`${transport.name}: ${check}`);
    } catch (error) {
      throw new Error(`${transport.name}: ${check}`, { cause: error });
    }
  }
}
