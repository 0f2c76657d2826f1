/**
 * Runs the connector contract: `npm run test:contract -- s3 glue`, or all connectors without names. What follows a word
 * that begins with a dash goes to jest. See docs/contract.md.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const SUITE = '.contract.ts';

const known = readdirSync(`${project}/test/contract`)
  .filter((name) => name.endsWith(SUITE))
  .map((name) => name.slice(0, -SUITE.length));
const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith('-'));
const names = firstOption < 0 ? given : given.slice(0, firstOption);
const unknown = names.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  console.error(`There is no contract for ${unknown.join(', ')}. There is one for ${known.join(', ')}.`);
  process.exitCode = 1;
} else {
  const asked = names.length === 0 ? known : names;
  const jest = ['--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
  const suites = asked.map((name) => `test/contract/${name}${SUITE}`);
  const running = spawn(
    process.execPath,
    [
      ...jest,
      '--config',
      'test/contract/jest.config.mjs',
      ...(firstOption < 0 ? [] : given.slice(firstOption)),
      '--runTestsByPath',
      ...suites,
    ],
    {
      cwd: project,
      stdio: 'inherit',
      env: { ...process.env, REEFLINE_CONTRACT_ASKED: asked.join(' ') },
    },
  );
  // A terminal tells both; whoever ends this process alone means the suites.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => running.kill(signal));
  running.once('exit', (status) => {
    process.exitCode = status ?? 1;
  });
}
