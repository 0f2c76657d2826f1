import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** True when node_modules was installed from exactly these package.json and package-lock.json. */
export function packagesAreCurrent(project) {
  const record = recordFile(project);
  return existsSync(record) && readFileSync(record, 'utf8').trim() === fingerprint(project);
}

/**
 * Installs the packages and answers what was done.
 *
 * `npm install` rather than `npm ci`: a lock file written where the registry lacks another platform's optional
 * package makes `npm ci` refuse. Optional packages are asked for by name because they bring Node itself.
 */
export function installPackages(project) {
  const started = Date.now();
  const options = ['--no-save', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  // Some packages ask for a newer Node than the one that runs this script; they get it from these very packages.
  options.push('--no-engine-strict');
  const [command, ...prefix] = npm();
  console.log('Set-up: installing packages, this takes a minute or two.');
  const result = spawnSync(command, [...prefix, 'install', ...options, '--loglevel=error'], {
    cwd: project,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (result.error) {
    throw new Error(`npm could not be started (${result.error.message}); install Node.js with npm.`);
  }
  if (result.status !== 0) {
    throw new Error(
      `npm install ended with ${result.status ?? result.signal}; npm printed the reason above. ` +
        'Check the network and the registry setting, then run `npm run setup` again.',
    );
  }
  const record = recordFile(project);
  writeFileSync(`${record}.${process.pid}`, `${fingerprint(project)}\n`);
  renameSync(`${record}.${process.pid}`, record);
  return `packages installed in ${Math.round((Date.now() - started) / 1000)} s`;
}

function recordFile(project) {
  return join(project, 'node_modules', '.reefline-setup');
}

function fingerprint(project) {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json']) {
    const file = join(project, name);
    hash.update(existsSync(file) ? readFileSync(file) : '').update('\0');
  }
  // Packages bring programs for one platform; a folder shared between two must not pass for both.
  return hash.update(`${process.platform}-${process.arch}`).digest('hex');
}

/** The npm that runs this script, if one does; else the one on the PATH. */
function npm() {
  const script = process.env.npm_execpath;
  return script && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ['npm'];
}
