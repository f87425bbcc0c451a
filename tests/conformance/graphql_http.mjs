// Audits a server after the GraphQL-over-HTTP specification: node graphql_http.mjs http://127.0.0.1:8080/graphql [TOKEN]
// Exits with 1 where a MUST or a SHOULD fails; what a server MAY do is only reported.
import { serverAudits } from 'graphql-http';

const [url, token] = process.argv.slice(2);
if (!url) {
  console.error('usage: node graphql_http.mjs URL [TOKEN]');
  process.exit(2);
}

const fetchFn = (input, init = {}) => {
  const headers = new Headers(init.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
};

const isOptional = (result) => result.name.startsWith('MAY ');
const results = await Promise.all(serverAudits({ url, fetchFn }).map((audit) => audit.fn()));
const failed = results.filter((result) => result.status !== 'ok');

for (const result of failed) {
  console.log(`${isOptional(result) ? 'optional' : 'FAILED'}  ${result.id}  ${result.name}: ${result.reason}`);
}
const broken = failed.filter((result) => !isOptional(result));
console.log(`${results.length} audits: ${results.length - failed.length} passed, ${broken.length} failed, ` +
  `${failed.length - broken.length} optional ones not met`);
process.exitCode = broken.length === 0 && results.length > 0 ? 0 : 1;
