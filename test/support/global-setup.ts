import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { startLocalCloud, type LocalCloudOptions } from '../../local/cloud.ts';
import { MARIADB_INSTALL } from '../../local/mariadb-programs.ts';
import type { TemporalServerPrograms } from '../../local/temporal-server.ts';
import { makeCatalogTemplate } from './local-cloud.ts';
import { keepForTeardown } from './running-cloud.ts';
import { BUNDLE_VARIABLE, workflowBundle } from './workflow-bundle.ts';

/**
 * Starts one local cloud for the whole run. Its addresses go into the environment, which the processes of the
 * suites inherit. `REEFLINE_TEST_NO_CLOUD=1` leaves it out, for runs of pure tests only.
 */
export default async function globalSetup(): Promise<void> {
  // Of the commands that suites start, and of workflows: nothing of it stays in the folder for temporary files.
  const cache = process.env['REEFLINE_CACHE'] ?? fileURLToPath(new URL('../../.cache', import.meta.url));
  process.env['NODE_COMPILE_CACHE'] = join(cache, 'compiled');
  if (process.env['REEFLINE_TEST_NO_CLOUD'] === '1') return;
  const otherMysql = process.env['REEFLINE_TEST_OTHER_MYSQL'];
  const cloud = await startLocalCloud({ mysql: otherMysql === undefined, ...temporal() });
  keepForTeardown(cloud);
  await makeCatalogTemplate(cloud.postgresUrl);
  // A profile or a session of the developer's own would win over the keys of the local cloud.
  delete process.env['AWS_PROFILE'];
  delete process.env['AWS_SESSION_TOKEN'];
  const bundle = join(cache, 'test-workflows.js');
  // Another run of this checkout may be reading it.
  const written = `${bundle}.${String(process.pid)}`;
  writeFileSync(written, (await workflowBundle()).code);
  renameSync(written, bundle);
  process.env[BUNDLE_VARIABLE] = bundle;
  Object.assign(process.env, cloud.env, { REEFLINE_TEST_POSTGRES_URL: cloud.postgresUrl });
  const mysqlUrl = otherMysql ?? cloud.mysqlUrl;
  if (mysqlUrl === '') process.stderr.write(`The tests with MySQL are skipped. ${MARIADB_INSTALL}\n`);
  else Object.assign(process.env, await describeMysqlServer(mysqlUrl));
}

/** Suites are declared before they can ask the server what it has. */
async function describeMysqlServer(url: string): Promise<Record<string, string>> {
  const connection = await createConnection({ uri: url });
  const [rows] = await connection.query<RowDataPacket[]>('select version() as version');
  await connection.end();
  return { REEFLINE_TEST_MYSQL_URL: url, REEFLINE_TEST_MYSQL_VERSION: String(rows[0]?.['version']) };
}

/**
 * The Temporal server that `npm run test:server` has built, or the development server. Suites have namespaces of their own, and to the latter
 * their search attributes are known at once.
 */
function temporal(): LocalCloudOptions {
  const programs = process.env['REEFLINE_TEST_TEMPORAL_SERVER'];
  if (programs !== undefined) return { temporalServer: JSON.parse(programs) as TemporalServerPrograms };
  process.env['REEFLINE_TEST_ATTRIBUTES_AT_ONCE'] = '1';
  return { attributesAtOnce: true };
}
