import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { toFailure } from '../../activities/to-failure.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import { applyProject } from '../../cli/apply.ts';
import { readProject } from '../../config/project.ts';
import { openOrg } from '../../connectors/salesforce/session.ts';
import { startWorker, type WorkerProcess } from '../../examples/flights/worker-process.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { Project } from '../../pipeline/project.ts';
import { openCatalog } from '../../workers/catalog.ts';
import { redactProject } from '../../workers/redaction.ts';
import { resolveConnection } from '../../workers/secrets.ts';
import { canariesIn, canary, catalogText, startTalkativeService, temporalText } from '../support/canaries.ts';
import { CANARY_FILES, plantedSecrets, REFUSED, secretUrl, STAGES } from '../support/canary-project.ts';
import { asSuperuser, memberOf } from '../support/catalog-members.ts';
import { runReefline, type CliOutcome } from '../support/cli-terminal.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, fromEnvironment, type FreshDatabase } from '../support/local-cloud.ts';
import { withProject } from '../support/project-files.ts';
import { startTraceReceiver } from '../support/trace-receiver.ts';

const LABEL = '20010105080000';

const namespaceBefore = process.env['TEMPORAL_NAMESPACE'];
let service: Awaited<ReturnType<typeof startTalkativeService>>;
let database: FreshDatabase;
/** The catalog for a member of each role. */
let workerUrl: string;
let readerUrl: string;
let db: pg.Pool;
let client: Client;
let worker: WorkerProcess;
let dir: string;
let project: Project;
let secrets: Readonly<Record<string, string>>;

beforeAll(async () => {
  service = await startTalkativeService();
  secrets = plantedSecrets(service.url);
  database = await freshDatabase('canaries');
  const migrated = await runReefline(['catalog', 'migrate', '--roles'], {
    env: { REEFLINE_CATALOG_URL: database.url },
  });
  expect(migrated).toMatchObject({ exitCode: 0, stderr: '' });
  workerUrl = await memberOf('reefline_worker', database);
  readerUrl = await memberOf('reefline_reader', database);
  db = connectCatalog(database.url, 2);
  const connection = await Connection.connect({ address: fromEnvironment('TEMPORAL_ADDRESS') });
  const namespace = database.name;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 } as never,
  });
  client = new Client({ connection, namespace });
  await eventually(async () => {
    await client.workflow.count();
  });
  // The client of the command line reads the standard variables of Temporal itself.
  process.env['TEMPORAL_NAMESPACE'] = namespace;
  dir = await mkdtemp(join(tmpdir(), 'reefline-canaries-'));
});

afterAll(async () => {
  if (namespaceBefore === undefined) delete process.env['TEMPORAL_NAMESPACE'];
  else process.env['TEMPORAL_NAMESPACE'] = namespaceBefore;
  await client.connection.close();
  await db.end();
  await database.drop();
  await asSuperuser(
    ...['worker', 'reader'].flatMap((name) => [
      `drop role ${database.name}_${name}`,
      `drop role reefline_${name}`,
    ]),
  );
  await service.stop();
  await rm(dir, { recursive: true });
});

test('no secret of a configuration reaches the catalog, a history, an event, a log, a trace or an answer of the command line', async () => {
  await withProject(CANARY_FILES, async (folder) => {
    const reading = await readProject(folder);
    if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
    ({ project } = reading);
    await applyProject(db, client, project, 'lighthouse keeper');
    const log = join(dir, 'worker.log');
    const traces = await startTraceReceiver();
    const environment = {
      ...process.env,
      ...secrets,
      REEFLINE_CATALOG_URL: workerUrl,
      REEFLINE_PROJECT: folder,
      TEMPORAL_NAMESPACE: client.options.namespace,
      AWS_SECRET_ACCESS_KEY: canary('aws-secret'),
      AWS_ENDPOINT_URL_SQS: service.url,
      AWS_ENDPOINT_URL_REDSHIFT_DATA: service.url,
      SNOWFLAKE_ACCESS_URL: service.url,
      ...traces.environment,
      OTEL_EXPORTER_OTLP_HEADERS: `api-key=${encodeURIComponent(canary('collector'))}`,
    };
    worker = startWorker(environment, log);
    try {
      for (const name of STAGES)
        await client.workflow.start('stageRun', {
          workflowId: `run/p.${name}/${LABEL}`,
          taskQueue: ROUTING_QUEUE,
          args: [{ stage: `p.${name}`, timelabel: LABEL }],
        });
      await Promise.race([
        worker.died,
        eventually(async () => {
          const ended = await db.query<{ stage: string; status: string }>(
            `select stage, status from reefline.stage_run where closed_at is not null order by stage`,
          );
          expect(ended.rows).toEqual(
            STAGES.toSorted().map((name) => ({ stage: `p.${name}`, status: 'FAILURE' })),
          );
          const owed = await db.query<{ refused: boolean }>(
            `select bool_and(d.last_error is not null) as refused from reefline.delivery d`,
          );
          expect(owed.rows).toEqual([{ refused: true }]);
          const inbound = await db.query<{ refused: boolean }>(
            `select error like '%lighthouse%' as refused from reefline.inbound_source`,
          );
          expect(inbound.rows).toEqual([{ refused: true }]);
        }),
      ]);
    } finally {
      await worker.stop();
      await traces.close();
    }

    const answers: string[] = [];
    for (const argv of [
      ['status'],
      ['why', 'p.loud', LABEL],
      ...['pg_wrong', 'snow_refused', 'loud'].map((name) => ['runs', 'show', `p.${name}`, LABEL]),
      ['events', 'search'],
      ['deliveries', 'list'],
      ['inbound', 'list'],
      ['config', 'show'],
      ['validate', folder],
      ['plan', folder],
    ])
      for (const json of [[], ['--json']]) answers.push(textOf(await reefline([...argv, ...json])));
    const places = {
      catalog: await catalogText(db),
      histories: await temporalText(client),
      log: await readFile(log, 'utf8'),
      answers: answers.join('\n'),
      traces: traces.text(),
    };
    for (const [place, text] of Object.entries(places)) {
      // What is no secret is there: the search looks into the right place.
      expect({ place, found: text.includes('lighthouse') }).toEqual({ place, found: true });
      expect({ place, canaries: canariesIn(text) }).toEqual({ place, canaries: [] });
    }
    // Nor did what fails become unreadable: what was taken out is named.
    expect(places.catalog).toContain('lighthouse: cannot post to ${env:LOUD_ADDRESS}');
    expect(places.catalog).toContain('to account ${env:SNOW_ACCOUNT} as ${env:SNOW_USER}');
  });
});

async function reefline(argv: readonly string[]): Promise<CliOutcome> {
  return runReefline(argv, { env: { ...secrets, REEFLINE_CATALOG_URL: readerUrl } });
}

function textOf({ stdout, stderr }: CliOutcome): string {
  return `${stdout}\n${stderr}`;
}

test('a reader writes nothing, a worker changes no configuration and no schema, and neither changes or removes what runs did', async () => {
  const nobody = [
    `update reefline.config_version set note = 'mine'`,
    `insert into reefline.pause (scope, paused_by) values ('pipeline p', 'me')`,
    `delete from reefline.stage_run`,
    `delete from reefline.run_input`,
    `delete from reefline.dataset_schema`,
    `update reefline.data_event set body = '{}'`,
    `truncate reefline.verdict`,
    `drop table reefline.verdict`,
    `create table reefline.mine (id int)`,
    `update reefline.migration set name = 'mine'`,
  ];
  for (const [address, statements] of [
    [workerUrl, nobody],
    [
      readerUrl,
      // A worker removes events that are older than the retention.
      [
        ...nobody,
        `delete from reefline.data_event`,
        `delete from reefline.held_run`,
        `update reefline.stage_run set status = 'SUCCESS'`,
      ],
    ],
  ] as const) {
    const own = new pg.Client({ connectionString: address });
    await own.connect();
    for (const statement of statements)
      await expect(own.query(statement)).rejects.toMatchObject({ code: '42501' });
    await own.end();
  }
  const paused = await reefline(['pause', 'p', '--reason', 'trying']);
  expect(paused.exitCode).toBe(1);
  expect(paused.stderr).toContain('permission denied');
});

test('a migration keeps the rights of roles that are in use, and tells who may not create them', async () => {
  await db.query('revoke all on all tables in schema reefline from reefline_reader');
  const again = await runReefline(['catalog', 'migrate'], { env: { REEFLINE_CATALOG_URL: database.url } });
  expect(again.stdout).toContain('reefline_worker and reefline_reader have their rights');
  expect(await reefline(['status'])).toMatchObject({ exitCode: 0 });
  const refused = await runReefline(['catalog', 'migrate', '--roles'], {
    env: { REEFLINE_CATALOG_URL: workerUrl },
  });
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('permission denied');
});

test('a sign-in to Salesforce that is refused, or whose key cannot be read, tells no secret', async () => {
  const environment = { ...process.env, ...secrets };
  const talkative = { ...project.connections['crm'], loginUrl: service.url } as SalesforceConnection;
  for (const [connection, expected] of [
    [talkative, 'unauthorized'],
    [project.connections['crm'], 'unavailable'],
    [project.connections['crm_key'], 'invalid_config'],
  ] as const) {
    const resolved = resolveConnection(connection as SalesforceConnection, environment);
    const { signal } = new AbortController();
    const error: unknown = await openOrg('crm', resolved as SalesforceConnection, signal).catch(
      (e: unknown) => e,
    );
    const { type, message, details, cause } = toFailure(error, (text) =>
      redactProject(text, project, environment),
    );
    expect(type).toBe(expected);
    expect(canariesIn(JSON.stringify([message, details, cause]))).toEqual([]);
  }
});

test('a catalog that refuses, is away or has an unreadable address is told of without its password', async () => {
  const { host } = new URL(fromEnvironment('REEFLINE_TEST_POSTGRES_URL'));
  const addresses = [
    secretUrl('postgres', host, 'catalog'),
    secretUrl('postgres', REFUSED, 'catalog'),
    `postgres://lighthouse:${canary('catalog')}@[/lighthouse`,
    `http://lighthouse:${canary('catalog')}@${host}/lighthouse`,
    canary('catalog'),
  ];
  for (const address of addresses) {
    const said: string[] = [];
    const open = openCatalog(
      { REEFLINE_CATALOG_URL: address },
      1,
      (line) => said.push(line),
      AbortSignal.abort(),
    );
    const error = await open.then(String, String);
    expect(error).toContain(
      address.includes('[') || !address.startsWith('postgres') ? 'REEFLINE_CATALOG_URL' : 'lighthouse',
    );
    const migrated = await runReefline(['catalog', 'migrate'], { env: { REEFLINE_CATALOG_URL: address } });
    expect(migrated.exitCode).toBe(1);
    expect(canariesIn([error, ...said, textOf(migrated)].join('\n'))).toEqual([]);
  }
});

test('a secret in plain text in the configuration is refused and not repeated', async () => {
  // What would break the YAML by its quotes is a problem of its own, in test/unit/config-problems.test.ts.
  const plain = Object.entries(secrets).filter(([name]) => /^(PG|MY)_|PASS|_KEY$|CRM_SECRET/u.test(name));
  for (const [name, value] of plain) {
    const settings = CANARY_FILES['reefline.yaml'].replaceAll(
      `"\${env:${name}}"`,
      `'${value.replaceAll('\n', ' ')}'`,
    );
    await withProject({ ...CANARY_FILES, 'reefline.yaml': settings }, async (folder) => {
      const outcome = await reefline(['validate', folder]);
      expect({ name, exitCode: outcome.exitCode }).toEqual({ name, exitCode: 2 });
      expect({ name, canaries: canariesIn(textOf(outcome)) }).toEqual({ name, canaries: [] });
    });
  }
});
