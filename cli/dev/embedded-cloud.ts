import { chmodSync, existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInput } from '../invalid-input.ts';
import type { OrgRequest } from './salesforce-org.ts';
import { holdProcess } from './held-process.ts';

/** Started by its path: what is installed from a package has no embedded cloud, and no code of it may be imported. */
const PROGRAM = fileURLToPath(new URL('../../local/cloud-process.ts', import.meta.url));
/** Starts of clouds remove what killed ones have left in temporary folders with this prefix. */
const PREFIX = 'reefline-cloud-';
/** As root, PostgreSQL runs as another user, who must be able to reach its own sub-folder. */
const ENTERABLE = 0o711;
/** Milliseconds for PostgreSQL and Temporal to end in their own order. */
const PATIENCE = 30_000;

/** Where the servers of the embedded cloud answer. */
export interface CloudAddresses {
  /** The standard variables that point at it, and REEFLINE_CATALOG_URL. */
  readonly env: Readonly<Record<string, string>>;
  /** URL of the database `postgres` for PostgreSQL's superuser. */
  readonly postgresUrl: string;
  /** `mysql://` URL without a database, or empty when no MySQL was asked for or MariaDB is not installed. */
  readonly mysqlUrl: string;
  /** Login URL of each Salesforce org that was asked for. */
  readonly salesforceUrls: Readonly<Record<string, string>>;
  readonly temporalAddress: string;
  readonly temporalUiUrl: string;
}

export interface EmbeddedCloud extends CloudAddresses {
  /** Resolves when it ends, whoever ended it. */
  readonly ended: Promise<string>;
  /** Ends every server and removes their data. */
  stop(): Promise<void>;
}

type Reply =
  | { readonly ok: true; readonly addresses: CloudAddresses }
  | { readonly ok: false; readonly problem: string };

/** Says at once that this installation has no embedded cloud, and what to do. */
export function requireEmbeddedCloud(): void {
  if (existsSync(PROGRAM)) return;
  throw new InvalidInput(
    'This installation of Reefline has no folder local/, which holds the embedded cloud. Run "reefline dev" from a checkout of Reefline, or start PostgreSQL and Temporal yourself and use "reefline catalog migrate", "reefline apply" and the workers.',
  );
}

/**
 * Starts PostgreSQL, S3, SQS, Glue, Redshift and Temporal on this machine, empty, MariaDB when `mysql` is asked for
 * and it is installed, and the Salesforce orgs. `say` gets their progress.
 */
export async function startEmbeddedCloud(
  say: (line: string) => void,
  {
    mysql,
    salesforce,
  }: { readonly mysql: boolean; readonly salesforce: Readonly<Record<string, OrgRequest>> },
): Promise<EmbeddedCloud> {
  requireEmbeddedCloud();
  const dir = mkdtempSync(join(realpathSync(tmpdir()), PREFIX));
  chmodSync(dir, ENTERABLE);
  const request = JSON.stringify({ dir, temporal: true, keep: false, mysql, salesforce });
  const held = holdProcess([PROGRAM, request], process.env, say);
  const reply = await firstReply(held.stdout);
  if (reply?.ok !== true) {
    await held.stop(PATIENCE);
    throw new Error(`The embedded cloud did not start: ${reply?.problem ?? (await held.ended)}.`);
  }
  return { ...reply.addresses, ended: held.ended, stop: () => held.stop(PATIENCE) };
}

async function firstReply(lines: AsyncIterable<string>): Promise<Reply | undefined> {
  for await (const line of lines) return JSON.parse(line) as Reply;
  return undefined;
}
