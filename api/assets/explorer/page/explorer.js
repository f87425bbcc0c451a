'use strict';

const defaultQuery = `# Kundig knows whom a service is for and what it is worth to them.
# Press Ctrl-Enter, or the button with the triangle, to ask.

query ServicesAndTheirWorth {
  services(first: 10, orderBy: { field: TIER, direction: ASC }) {
    totalCount
    nodes {
      name
      kind
      tier
      businessOwner { name }
      serviceOwner { name }
      team { name }
      contributions {
        share
        outcome {
          name
          customer { name }
          valuePerHour { amount currency }
        }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const url = '/graphql';

const ask = GraphiQL.createFetcher({
  url,
  headers: { Accept: 'application/graphql-response+json, application/json;q=0.9' },
});

// By server-sent events, not over GraphiQL's WebSocket: that one tries a refused token five times more before it says anything,
// and then shows an event in place of the reason.
function subscribe(parameters, headers) {
  const client = graphqlSse.createClient({ url, headers, retryAttempts: 0 });
  const answers = client.iterate(parameters);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => answers.next().catch(refusal),
    // Passed on as it is: a generator would end the subscription only with its next event.
    return: () => answers.return(),
  };
}

// What the server answers to whom it shows no events says why: it is shown like any other answer.
async function refusal(error) {
  if (!error.response) throw error;
  return { done: false, value: await error.response.json() };
}

function isSubscription(document, operationName) {
  return document?.definitions.some((definition) =>
    definition.operation === 'subscription' && (!operationName || definition.name?.value === operationName));
}

function fetcher(parameters, options) {
  return isSubscription(options?.documentAST, parameters.operationName)
    ? subscribe(parameters, options.headers)
    : ask(parameters, options);
}

const name = React.createElement(
  'span',
  { className: 'explorer-name' },
  'Kundig ',
  React.createElement('a', { href: '/board', title: 'What to do first, and why' }, 'Board'),
);

ReactDOM.createRoot(document.getElementById('explorer')).render(
  React.createElement(
    GraphiQL,
    { fetcher, defaultQuery, shouldPersistHeaders: false, defaultEditorToolsVisibility: true },
    React.createElement(GraphiQL.Logo, null, name),
  ),
);
