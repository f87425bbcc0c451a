// Stops a server while graphql-ws and graphql-sse listen to it over a road that leads to another replica from then on:
//   node live_handover.mjs http://127.0.0.1:8080 PID http://127.0.0.1:8081 TOKEN
// The token has to allow everything; teams are created, and the process is sent SIGTERM.
import assert from 'node:assert/strict';
import { createTeam, eventually, sequencesAfter, untilSubscribed } from './api.mjs';
import { CHANGES, transports } from './live_transports.mjs';
import { openRoad } from './road.mjs';

const [first, pid, second, token] = process.argv.slice(2);
if (!token) {
  console.error('usage: node live_handover.mjs ORIGIN PID OTHER_ORIGIN TOKEN');
  process.exit(2);
}

const most = 40;
const road = await openRoad(first);
const start = await createTeam(first, token, 'Before').then(async () => (await sequencesAfter(first, token, '0')).at(-1));

// As an application does it: what was seen last goes into the request, and what was completed is asked for again.
const listeners = transports.map(({ name, create }) => {
  const client = create(road.origin, () => `Bearer ${token}`);
  const request = { query: CHANGES, variables: { after: start } };
  const listener = { name, client, seen: [], errors: [], completed: 0, stop: () => {} };
  const follow = () => {
    listener.stop = client.subscribe(request, {
      next: ({ data, errors }) => {
        if (errors) {
          listener.errors.push(...errors);
        } else {
          request.variables.after = data.changes.sequence;
          listener.seen.push(data.changes.sequence);
        }
      },
      error: (error) => listener.errors.push(error),
      complete: () => {
        listener.completed += 1;
        if (listener.seen.length < most) follow();
      },
    });
  };
  follow();
  return listener;
});
for (const { name } of transports) await untilSubscribed(first, name, 1);

for (let number = 0; number < most; number += 1) {
  if (number === most / 2) {
    road.leadTo(second);
    process.kill(Number(pid), 'SIGTERM');
  }
  await createTeam(number < most / 2 ? first : second, token, `Handed over ${number}`);
}
for (const { name, seen, errors } of listeners) {
  await eventually(() => seen.length >= most, () => `${name}: ${seen.length} changes came, ${JSON.stringify(errors)}`);
}
for (const { name } of transports) await untilSubscribed(second, name, 1);

const expected = await sequencesAfter(second, token, start);
const [bySocket, byEvents] = listeners;
for (const { name, seen } of listeners) assert.deepEqual(seen, expected, name);
// graphql-ws comes back by itself after 1001; of graphql-sse's events the last says why it is the last.
assert.deepEqual([bySocket.errors, bySocket.completed], [[], 0]);
assert.deepEqual(byEvents.errors.map(({ extensions }) => extensions?.code), ['UNAVAILABLE']);
assert.equal(byEvents.completed, 1);

for (const { name, stop, client } of listeners) {
  stop();
  await untilSubscribed(second, name, 0);
  await client.dispose();
}
await road.close();
console.log(`both were handed over and saw ${most} changes once`);
