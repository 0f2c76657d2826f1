import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MARK = '<!-- demo-output: checked by test/pages/demo.page.ts -->';

/** What differs between two runs and two machines: durations, ports, latencies and the machine itself. */
function comparable(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => !/^ *runs: \d+ done/.test(line) && !/^ *[\d.]+ s {2}/.test(line))
    .map((line) =>
      line
        .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
        .replace(/\d+(\.\d+)? (ms|s)\b/g, 'N $2')
        .replace(/^measured on .*/, 'measured on MACHINE')
        // The burst is over at a moment that depends on the machine, and a late wake-up may merge two merges of airports.
        .replace(
          /^(in the stories, one at a time|while all days ran at once, queueing included) +\d+/,
          '$1 N',
        )
        .replace(/^(warehouse\.analytics\.airports +\d+ +\d+) +[\d,]+$/, '$1 ROWS')
        .replace(/^((?:lake|catalog)\..*?) +[\d,]+$/, '$1  BYTES')
        .replace(/ {2,}/g, '  ')
        .replace(/-{3,}/g, '---'),
    )
    .filter((line) => line.trim() !== '');
}

async function readmeBlock(): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const block = readme.slice(readme.indexOf(MARK) + MARK.length).split('```')[1];
  if (!readme.includes(MARK) || block === undefined) throw new Error(`README.md has no block after ${MARK}`);
  return block.trimStart();
}

test('the demo ends with no difference and prints what the README shows', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'reefline-demo-'));
  try {
    // The demo starts servers of its own: the ones of this test run must not be found.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) =>
          !/^(AWS|TEMPORAL|REEFLINE)_/.test(name) ||
          name === 'TEMPORAL_CLI_PATH' ||
          name === 'REEFLINE_CACHE',
      ),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['examples/flights/demo.ts', '--dir', dir],
      { cwd: ROOT, env: { ...env, REEFLINE_LOG: 'json' } },
    ).catch((error: unknown) => {
      // What did not hold is in what it printed.
      const { message, code, signal, stdout: printed } = error as Record<string, unknown>;
      throw new Error(`${String(message)}\n${String(signal ?? code)}\n${String(printed)}`);
    });
    const printed = stdout.slice(stdout.indexOf('The schedules tick'));
    expect(printed).toContain('0 differences');
    expect(comparable(printed)).toEqual(comparable(await readmeBlock()));
    const log = await readFile(join(dir, 'worker.log'), 'utf8');
    const lines = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...{ level: 'info', message: 'run closed', status: 'SUCCESS' },
        ...{ pipeline: 'flights', stage: 'flights.load_flights', timelabel: '20010102160000', revision: 2 },
        eventId: 'flights.load_flights/20010102160000/r2',
      }),
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}, 300_000);
