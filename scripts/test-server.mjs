/**
 * Runs the suite on a Temporal server that keeps its data in PostgreSQL, instead of the development server:
 * `npm run test:server`, or `npm run test:server -- test/integration/routing.test.ts`. Go builds the server. See docs/testing.md.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version of deploy/compose.yaml. */
const VERSION = 'v1.31.2';
const MODULE = 'go.temporal.io/server';
const project = fileURLToPath(new URL('..', import.meta.url));

process.exitCode = main();

/** @returns {number} exit code */
function main() {
  const folder = join(process.env['REEFLINE_CACHE'] ?? join(project, '.cache'), `temporal-server-${VERSION}`);
  const [server, sqlTool] = [build(folder, 'server'), build(folder, 'tools/sql', 'sql')];
  if (server === undefined || sqlTool === undefined) return 1;
  const dynamicConfig = join(project, 'deploy', 'temporal', 'reefline.yaml');
  const given = process.argv.slice(2);
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js', ...given],
    {
      cwd: project,
      stdio: 'inherit',
      env: {
        ...process.env,
        REEFLINE_TEST_TEMPORAL_SERVER: JSON.stringify({ server, sqlTool, dynamicConfig }),
      },
    },
  );
  return status ?? 1;
}

/**
 * Builds a command of the server's module unless the folder has it. Go checks the module against its public log of checksums.
 * @param {string} folder
 * @param {string} command
 * @returns {string | undefined} path of the program
 */
function build(folder, command, name = command) {
  const program = join(folder, name);
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  console.error(`Building ${MODULE}/cmd/${command} ${VERSION}, which takes minutes …`);
  const { error, status } = spawnSync('go', ['install', `${MODULE}/cmd/${command}@${VERSION}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-ldflags=-s' },
  });
  if (error === undefined && status === 0) return program;
  console.error(
    error === undefined
      ? `go install ended with ${String(status)}; what it printed says why.`
      : 'There is no Go on the PATH, which builds the Temporal server. Install Go 1.26 or newer (https://go.dev/dl).',
  );
  return undefined;
}
