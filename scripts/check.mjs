/** Runs every check, all of them even when one fails, and ends with 1 when any did. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));

const QUIET = ['--disable-warning=ExperimentalWarning'];

const CHECKS = [
  {
    name: 'format',
    program: 'node_modules/prettier/bin/prettier.cjs',
    args: ['--check', '--log-level', 'warn', '.'],
  },
  { name: 'types', program: 'node_modules/typescript/bin/tsc', args: ['--noEmit', '-p', '.'] },
  { name: 'lint', program: 'node_modules/eslint/bin/eslint.js', args: ['--max-warnings', '0', '.'] },
  {
    name: 'imports',
    program: 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', '.'],
  },
  { name: 'unused', program: 'node_modules/knip/bin/knip.js', args: ['--no-progress'] },
  { name: 'licences', program: 'scripts/check-licences.ts', args: [] },
  { name: 'vulnerabilities', program: 'scripts/check-audit.ts', args: [] },
];

const results = CHECKS.map(({ name, program, args }) => {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [...QUIET, program, ...args], {
    cwd: project,
    stdio: 'inherit',
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  return { name, ok: status === 0 };
});

const failed = results.filter((result) => !result.ok).map((result) => result.name);
if (failed.length > 0) {
  console.error(`These checks failed: ${failed.join(', ')}.`);
  process.exitCode = 1;
}
