import { describe, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completionWords } from '../../cli/completion-words.ts';
import { createContext } from '../../cli/context.ts';
import { buildProgram } from '../../cli/program.ts';
import { runReefline, testTerminal } from '../support/cli-terminal.ts';

const NAMES = {
  pipelines: ['orders'],
  stages: ['orders.fetch_orders', 'orders.load_orders'],
  datasets: ['lake.shop.orders'],
};
const program = buildProgram(createContext(testTerminal().terminal, []).context);

async function complete(...words: string[]): Promise<readonly string[]> {
  return completionWords(program, words, () => Promise.resolve(NAMES));
}

describe('completion', () => {
  test('offers the commands and the commands of a group, never hidden ones', async () => {
    expect(await complete('')).toEqual(
      expect.arrayContaining(['validate', 'apply', 'status', 'events', 'runs']),
    );
    expect(await complete('ev')).toEqual(['events']);
    expect(await complete('events', 'se')).toEqual(['search']);
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('offers the options of the command that was typed', async () => {
    expect(await complete('status', '--la')).toEqual(['--labels']);
    expect(await complete('events', 'tail', '--follow', '--ou')).toEqual(['--outcome']);
  });

  test('offers stages, datasets and outcomes where an argument or option takes one', async () => {
    expect(await complete('run', 'orders.l')).toEqual(['orders.load_orders']);
    expect(await complete('status', '-s', '')).toEqual(NAMES.stages);
    expect(await complete('events', 'search', '--dataset', '')).toEqual(NAMES.datasets);
    expect(await complete('runs', 'list', '--status', 'QUA')).toEqual(['QUARANTINED']);
    expect(await complete('pause', 'orders')).toEqual(['orders', ...NAMES.stages]);
    expect(await complete('run', 'orders.load_orders', '')).toEqual([]);
  });

  test('prints plain lines, also when --json is one of the words', async () => {
    const { exitCode, stdout } = await runReefline([
      'completion',
      'words',
      '--',
      'status',
      '--json',
      '--wat',
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '--watch\n' });
  });

  test('gives up on a catalog that does not answer', async () => {
    const silent = createServer((socket) => socket.resume());
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
    const { port } = silent.address() as AddressInfo;
    const env = { REEFLINE_CATALOG_URL: `postgres://127.0.0.1:${String(port)}/reefline` };
    const outcome = await runReefline(['completion', 'words', '--', 'run', ''], { env });
    await new Promise((closed) => silent.close(closed));
    expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('the script for a shell', () => {
  const present = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;

  test('is refused for a shell that is not known', async () => {
    expect(await runReefline(['completion', 'tcsh'])).toMatchObject({ exitCode: 2 });
  });

  (present('bash') ? test : test.skip)('completes in a real bash', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'reefline-completion-'));
    try {
      const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
      const program = join(dir, 'reefline');
      writeFileSync(
        program,
        `#!/bin/sh\nexec "${process.execPath}" --disable-warning=ExperimentalWarning "${main}" "$@"\n`,
      );
      chmodSync(program, 0o755);
      const { stdout: script } = await runReefline(['completion', 'bash']);
      const line = `${script}\nCOMP_WORDS=(reefline events ta); COMP_CWORD=2; _reefline; echo "\${COMPREPLY[*]}"`;
      const env = { ...process.env, PATH: `${dir}:${process.env['PATH'] ?? ''}` };
      expect(execFileSync('bash', ['-c', line], { env, encoding: 'utf8' })).toBe('tail\n');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test.each(['zsh', 'fish'])('is understood by %s, if it is here', async (shell) => {
    const { exitCode, stdout } = await runReefline(['completion', shell]);
    expect({ exitCode, script: stdout }).toEqual({
      exitCode: 0,
      script: expect.stringContaining('completion words'),
    });
    if (!present(shell)) return;
    expect(spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });
});
