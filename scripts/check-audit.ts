import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AuditException, judgeAudit } from './dependencies/audit-report.ts';

/*
 * Asks the registry about known vulnerabilities of what runs in production. Without a registry that answers it says so and
 * does not fail, because everything else of the check needs no network.
 */

const exceptions = JSON.parse(
  readFileSync(new URL('dependencies/audit-exceptions.json', import.meta.url), 'utf8'),
) as AuditException[];
const patience = ['--fetch-retries=0', '--fetch-timeout=20000'];
const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json', ...patience], {
  cwd: new URL('..', import.meta.url),
  encoding: 'utf8',
  timeout: 60_000,
});
const today = new Date().toISOString().slice(0, 10);
const verdict = judgeAudit(error === undefined ? stdout : error.message, exceptions, today);
if (verdict.kind === 'not-asked') {
  console.log(`not asked: the registry told nothing about vulnerabilities (${verdict.reason}).`);
} else {
  for (const line of verdict.excepted) console.log(`excepted: ${line}`);
  for (const line of verdict.problems) console.error(line);
  if (verdict.problems.length > 0) process.exitCode = 1;
}
