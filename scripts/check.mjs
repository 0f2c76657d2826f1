/** Runs every check, all of them even when one fails, and ends with 1 when any did. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));

const CHECKS = [
  { name: 'format', program: 'prettier/bin/prettier.cjs', args: ['--check', '--log-level', 'warn', '.'] },
  { name: 'types', program: 'typescript/bin/tsc', args: ['--noEmit', '-p', '.'] },
  { name: 'lint', program: 'eslint/bin/eslint.js', args: ['--max-warnings', '0', '.'] },
  {
    name: 'imports',
    program: 'dependency-cruiser/bin/dependency-cruise.mjs',
    args: ['--config', '.dependency-cruiser.cjs', '--output-type', 'err-long', '.'],
  },
  { name: 'unused', program: 'knip/bin/knip.js', args: ['--no-progress'] },
];

const results = CHECKS.map(({ name, program, args }) => {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [`node_modules/${program}`, ...args], {
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
