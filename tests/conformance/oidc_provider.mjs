// An OpenID provider on loopback whose keys a test rotates: node oidc_provider.mjs KEYS_FILE [PORT]
// Its keys lie in the file, so that one that is started again still has them. Each line of standard input is a command, each is
// answered by one line of JSON, and so is the start; it ends with its input.
//   rotate   makes a key that signs from now on; older ones stay published
//   retire   publishes the newest key only
//   status   changes nothing
import { generateKeyPairSync, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

// The library tells whoever starts it that this is nothing for production, which nobody means it to be.
console.info = () => {};
console.warn = () => {};
const { Provider } = await import('oidc-provider');

const [keysFile, port] = process.argv.slice(2);
if (!keysFile) {
  console.error('usage: node oidc_provider.mjs KEYS_FILE [PORT]');
  process.exit(2);
}

// The APIs that tokens can be asked for; their names in requests and their audiences in tokens differ, as they may.
const RESOURCES = {
  'urn:kundig': { audience: 'kundig', scope: 'catalog:read catalog:write requests:submit requests:work insight:read admin' },
  'urn:warehouse': { audience: 'warehouse', scope: 'catalog:read admin' },
};

const newKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'RS256', use: 'sig' };
};

// A provider signs with the first of its keys and has the same ones as long as it lives.
const serving = (issuer, keys) => new Provider(issuer, {
  jwks: { keys },
  clients: [{
    client_id: 'portal',
    client_secret: 'portal-secret',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
  }],
  ttl: { ClientCredentials: 3600 },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ ...RESOURCES[resource], accessTokenFormat: 'jwt' }),
    },
  },
}).callback();

// How often anything was read, which is its own description and its keys.
let asked = 0;
let answer;
const server = createServer((request, response) => {
  if (request.method === 'GET') asked += 1;
  answer(request, response);
});

// Ports below those that systems hand out by themselves: nobody takes this one while the provider is down for a while.
const listen = async () => {
  try {
    server.listen(Number(port) || randomInt(20_000, 30_000), '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (port || error.code !== 'EADDRINUSE') throw error;
    await listen();
  }
};

await listen();
const issuer = `http://127.0.0.1:${server.address().port}`;
const say = () => console.log(JSON.stringify({ issuer, port: server.address().port, asked }));

let keys;
const use = (newKeys) => {
  keys = newKeys;
  writeFileSync(keysFile, JSON.stringify(keys));
  answer = serving(issuer, keys);
};
use(existsSync(keysFile) ? JSON.parse(readFileSync(keysFile, 'utf8')) : [newKey()]);
say();

const commands = {
  rotate: () => use([newKey(), ...keys]),
  retire: () => use(keys.slice(0, 1)),
  status: () => {},
};
for await (const line of createInterface({ input: process.stdin })) {
  commands[line]();
  say();
}
process.exit();
