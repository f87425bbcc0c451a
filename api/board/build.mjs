// Builds the page into dist/, which is committed and embedded in the server. The same sources give the same bytes.
//   node build.mjs           builds
//   node build.mjs --check   fails if dist/ is not what the sources give
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, 'node_modules');

/** Bundles the page into a directory. */
async function buildInto(directory) {
  mkdirSync(directory, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: { board: 'src/main.tsx' },
    outdir: directory,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome123', 'firefox125', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  for (const name of readdirSync(join(here, 'static'))) copyFileSync(join(here, 'static', name), join(directory, name));
  writeFileSync(join(directory, 'LICENCES.txt'), licences(Object.keys(metafile.inputs)));
}

/** The licence of each package that something of is in the bundle. */
function licences(inputs) {
  const packages = new Set(inputs.map((input) => input.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]).filter(Boolean));
  // Built into dagre's own bundle, so esbuild does not see it.
  packages.add('@dagrejs/graphlib');
  const sections = [...packages].sort().map((name) => {
    if (name === '@dagrejs/graphlib') return `${name} (MIT), as it is built into @dagrejs/dagre, under the same licence and by the same authors`;
    const { version, license } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
    const file = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? readFileSync(join(modules, name, file), 'utf8').trim() : `Licence: ${license}`;
    return `${name} ${version} (${license})\n\n${text}`;
  });
  const rule = `\n\n${'-'.repeat(80)}\n\n`;
  return `What the board is made of, besides Kundig's own sources.${rule}${sections.join(rule)}\n`;
}

const read = (directory) => new Map(readdirSync(directory).sort().map((name) => [name, readFileSync(join(directory, name))]));

const dist = join(here, 'dist');
if (process.argv.includes('--check')) {
  const fresh = mkdtempSync(join(tmpdir(), 'kundig-board-'));
  try {
    await buildInto(fresh);
    const wanted = read(fresh);
    const committed = read(dist);
    const stale = [...new Set([...wanted.keys(), ...committed.keys()])]
      .filter((name) => !committed.get(name)?.equals(wanted.get(name) ?? Buffer.alloc(0)));
    if (stale.length > 0) {
      console.error(`dist/ is not what the sources give (${stale.join(', ')}): run "npm run build" in api/board and commit it`);
      process.exit(1);
    }
    console.log('dist/ is what the sources give');
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
} else {
  rmSync(dist, { recursive: true, force: true });
  await buildInto(dist);
  for (const [name, bytes] of read(dist)) console.log(`${name}: ${(bytes.length / 1024).toFixed(1)} KiB`);
}
