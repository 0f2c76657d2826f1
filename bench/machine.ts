import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { Client } from '@temporalio/client';
import type pg from 'pg';

/** What the figures were measured on. */
export type Machine = Readonly<Record<string, string | number>>;

export async function describeMachine(client: Client, db: pg.Pool): Promise<Machine> {
  const { serverVersion } = await client.workflowService.getSystemInfo({});
  const postgres = await db.query<{ server_version: string }>('show server_version');
  return {
    cpu: cpuModel(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    loadAverageAtStart: Number((loadavg()[0] ?? 0).toFixed(2)),
    node: process.versions.node,
    temporalServer: serverVersion,
    temporalSdk: sdkVersion(),
    postgres: postgres.rows[0]?.server_version ?? 'unknown',
  };
}

/** Not every system names its processor to Node. */
function cpuModel(): string {
  const [first] = cpus();
  if (first !== undefined && first.model.trim() !== '' && first.model !== 'unknown')
    return first.model.trim();
  try {
    return /^Model name:\s*(.+)$/m.exec(execFileSync('lscpu', { encoding: 'utf8' }))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

function sdkVersion(): string {
  const file = new URL('../node_modules/@temporalio/worker/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
