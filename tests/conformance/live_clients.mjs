// Tries the live transports with the clients that applications use, graphql-ws and graphql-sse:
//   node live_clients.mjs http://127.0.0.1:8080 TOKEN
// The token has to allow everything; teams are created. Nobody else may be subscribed.
import assert from 'node:assert/strict';
import { ask, createTeam, eventually, sequencesAfter, untilSubscribed } from './api.mjs';
import { CHANGES, transports } from './live_transports.mjs';
import { openRoad } from './road.mjs';

const [origin, token] = process.argv.slice(2);
if (!origin || !token) {
  console.error('usage: node live_clients.mjs ORIGIN TOKEN');
  process.exit(2);
}

const bearer = () => `Bearer ${token}`;

const checks = {
  async queriesAndMutationsHaveOneAnswer({ name, create }) {
    const client = create(origin, bearer);
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
    const client = create(origin, bearer);
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
    const client = create(origin, bearer);
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
    const client = create(origin, () => 'Bearer nonsense', { retryAttempts: 0 });
    const error = await client.iterate({ query: CHANGES }).next().then(
      (answer) => assert.fail(`an answer came: ${JSON.stringify(answer)}`),
      (thrown) => thrown,
    );
    await refused(error);
    await client.dispose();
  },

  async whoComesBackWithABetterTokenIsLetIn({ create }) {
    const headers = ['Bearer nonsense', `Bearer ${token}`];
    const client = create(origin, () => headers.shift());
    const [answer] = await all(client.iterate({ query: '{ viewer { subject } }' }));
    assert.equal(typeof answer.data?.viewer.subject, 'string', JSON.stringify(answer));
    assert.deepEqual(headers, []);
    await client.dispose();
  },

  async whatMayNotRunIsToldAndTheClientGoesOn({ name, create, notRun }) {
    let connections = 0;
    const client = create(origin, bearer, { on: { connected: () => (connections += 1) } });
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
    const road = await openRoad(origin);
    const client = create(road.origin, bearer);
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
    const rest = create(origin, bearer);
    const again = rest.iterate({ query: CHANGES, variables: { after: seen[24] } });
    for (const expected of seen.slice(25)) {
      assert.equal((await again.next()).value.data.changes.sequence, expected);
    }
    await again.return();
    await rest.dispose();
    await untilSubscribed(origin, name, 0);
    assert.deepEqual(seen, await sequencesAfter(origin, token, start));
  },
};

/** All answers there are. */
async function all(answers) {
  const found = [];
  for await (const answer of answers) found.push(answer);
  return found;
}

async function lastSequence() {
  let last = '0';
  for (let page = [last]; page.length > 0; page = await sequencesAfter(origin, token, last)) last = page.at(-1);
  return last;
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
