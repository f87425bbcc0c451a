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

const fetcher = GraphiQL.createFetcher({
  url: '/graphql',
  headers: { Accept: 'application/graphql-response+json, application/json;q=0.9' },
});

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
