// The clients that applications use, graphql-ws and graphql-sse, and in what words each tells of a failure.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createEventsClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';

export const CHANGES = `subscription ($after: String) {
  changes(after: $after, filter: { types: ["Team"] }) { sequence subjectId subject { ... on Team { name } } }
}`;

// Both would wait for seconds before they try again.
const soon = () => sleep(50);

export const transports = [
  {
    name: 'websocket',
    create: (origin, authorization, options = {}) => createSocketClient({
      url: `${origin.replace(/^http/, 'ws')}/graphql`,
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
    create: (origin, authorization, options = {}) => createEventsClient({
      url: `${origin}/graphql`,
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
