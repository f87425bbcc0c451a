// Every document of the page is valid against the server's schema: node test/documents.mjs [SCHEMA]
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema, parse, validate } from 'graphql';

const here = dirname(fileURLToPath(import.meta.url));
const schema = buildSchema(readFileSync(process.argv[2] ?? join(here, '../../schema.graphql'), 'utf8'));
const sources = readdirSync(join(here, '../src'), { recursive: true }).filter((name) => /\.tsx?$/.test(name));

let count = 0;
const complaints = [];
for (const source of sources) {
  const text = readFileSync(join(here, '../src', source), 'utf8');
  for (const [, document] of text.matchAll(/\/\* GraphQL \*\/ `([^`]*)`/g)) {
    count += 1;
    for (const { message } of validate(schema, parse(document))) complaints.push(`src/${source}: ${message}`);
  }
}
if (complaints.length > 0 || count === 0) {
  console.error(complaints.join('\n') || 'no document was found');
  process.exit(1);
}
console.log(`${count} documents are valid`);
