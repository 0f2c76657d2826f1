/**
 * Prepares a checkout: the packages, then the Temporal command line program. Needs Node 18 and npm, no packages.
 * Runs before the demo, the tests, the checks and the bench; when everything is in place it says nothing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from './setup/lock.mjs';
import { installPackages, packagesAreCurrent } from './setup/packages.mjs';
import { provideTemporalCli, readyTemporalCli } from './setup/temporal-cli.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const cache = process.env.REEFLINE_CACHE || join(project, '.cache');

try {
  const done = await setUp();
  if (done.length > 0) console.log(`Set-up: ${done.join('; ')}.`);
  else if (asked()) console.log('Set-up: everything is in place.');
} catch (error) {
  console.error(`Set-up failed. ${error.message}`);
  process.exitCode = 1;
}

async function setUp() {
  if (packagesAreCurrent(project) && readyTemporalCli(cache)) return [];
  mkdirSync(cache, { recursive: true });
  return withLock(join(cache, 'setup.lock'), async () => {
    const done = [];
    // Another set-up may have finished while this one waited for the lock.
    if (!packagesAreCurrent(project)) done.push(installPackages(project));
    if (!readyTemporalCli(cache)) done.push(await provideTemporalCli(cache));
    return done;
  });
}

/** Run by name, and not as the forerunner of another npm script. */
function asked() {
  return !(process.env.npm_lifecycle_event ?? '').startsWith('pre');
}
