// Copies what the explorer's page needs of other projects into page/vendor, with the licences of everything in it.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, 'node_modules');
const vendor = join(here, 'page', 'vendor');

const readManifest = (name) => JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));

// The version stands in the name, so that browsers may keep the file for ever.
const files = [
  ['react', 'umd/react.production.min.js', 'js'],
  ['react-dom', 'umd/react-dom.production.min.js', 'js'],
  ['graphiql', 'graphiql.min.js', 'js'],
  ['graphiql', 'graphiql.min.css', 'css'],
  ['graphql-sse', 'umd/graphql-sse.min.js', 'js'],
];

rmSync(vendor, { recursive: true, force: true });
mkdirSync(vendor, { recursive: true });
const page = readFileSync(join(here, 'page', 'index.html'), 'utf8');
for (const [name, path, extension] of files) {
  const target = `${name}-${readManifest(name).version}.min.${extension}`;
  if (!page.includes(`vendor/${target}`)) {
    throw new Error(`page/index.html does not mention vendor/${target}: correct the version there`);
  }
  copyFileSync(join(modules, name, path), join(vendor, target));
}

// Which packages are in GraphiQL's bundle, its own source map says.
const packages = new Set(['graphiql', 'react', 'react-dom', 'scheduler', '@graphiql/react', '@graphiql/toolkit',
  'codemirror-graphql', 'graphql-language-service', 'graphql-sse']);
for (const source of JSON.parse(readFileSync(join(modules, 'graphiql', 'graphiql.min.js.map'), 'utf8')).sources) {
  const name = source.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
  if (name) packages.add(name);
}

const sections = [...packages].sort().map((name) => {
  if (!existsSync(join(modules, name))) return `${name}\n(built into graphiql under that package's licence)`;
  const { version, license } = readManifest(name);
  const file = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(modules, name, file), 'utf8').trim() : `Licence: ${license}`;
  return `${name} ${version} (${license})\n\n${text}`;
});
sections.push(
  'Roboto, in graphiql.min.css (Apache-2.0)\n\nCopyright Google. https://www.apache.org/licenses/LICENSE-2.0',
  'Fira Code, in graphiql.min.css (OFL-1.1)\n\nCopyright The Fira Code Project Authors. https://openfontlicense.org',
);
const rule = `\n\n${'-'.repeat(80)}\n\n`;
writeFileSync(join(vendor, 'LICENCES.txt'), `What the explorer is made of.${rule}${sections.join(rule)}\n`);
console.log(`${files.length} files and the licences of ${packages.size} packages are in page/vendor`);
