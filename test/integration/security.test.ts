import { generateKeyPairSync } from 'node:crypto';
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
import { runReefline, type CliOutcome } from '../support/cli-terminal.ts';
import { eventually } from '../support/eventually.ts';
import { freshDatabase, fromEnvironment, type FreshDatabase } from '../support/local-cloud.ts';
import { withProject } from '../support/project-files.ts';

const LABEL = '20010105080000';
const REFUSED = '127.0.0.1:1';
/** A stage for each kind of connection and each way it fails; the last one fails as a user's own code would. */
const STAGES = [
  'pg_wrong pg_refused pg_unreadable my_wrong my_refused my_unreadable',
  'snow_refused snow_key redshift_refused loud',
].flatMap((names) => names.split(' '));

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

const url = (scheme: string, address: string, name: string): string =>
  `${scheme}://lighthouse:${encodeURIComponent(canary(name))}@${address}/lighthouse`;

function plantedSecrets(): Readonly<Record<string, string>> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'another' },
  });
  const mysql = process.env['REEFLINE_TEST_MYSQL_URL'];
  return {
    PG_WRONG: url('postgres', new URL(fromEnvironment('REEFLINE_TEST_POSTGRES_URL')).host, 'pg-wrong'),
    PG_REFUSED: url('postgres', REFUSED, 'pg-refused'),
    PG_UNREADABLE: `postgres://lighthouse:${canary('pg-unreadable')}@[/lighthouse`,
    MY_WRONG: url('mysql', mysql === undefined ? REFUSED : new URL(mysql).host, 'my-wrong'),
    MY_REFUSED: url('mysql', REFUSED, 'my-refused'),
    MY_UNREADABLE: `mysql://lighthouse:${canary('my-unreadable')}@[/lighthouse`,
    SNOW_ACCOUNT: 'c4n4ry-account',
    SNOW_USER: 'c4n4ry_user',
    SNOW_PASSWORD: canary('snow-password'),
    SNOW_KEY: privateKey.replace(/\n(.{60})/u, '\nc4n4ry$1'),
    SNOW_PASSPHRASE: canary('snow-passphrase'),
    REDSHIFT_SECRET: 'arn:aws:secretsmanager:us-east-1:1:secret:c4n4ry-redshift',
    CRM_ID: 'c4n4ry.app',
    CRM_SECRET: canary('crm-secret'),
    CRM_PASSWORD: canary('crm-password'),
    CRM_KEY: `-----BEGIN PRIVATE KEY-----\n${canary('crm-key')}\n-----END PRIVATE KEY-----`,
    QUEUE_URL: `${service.url}/000000000000/c4n4ry-queue`,
    LOUD_ADDRESS: 'https://hooks.example.com/services/c4n4ry-webhook',
    LOUD_TOKEN: canary('loud-token'),
  };
}

const FILES = {
  'reefline.yaml': `connections:
  pg_wrong:      { kind: postgres, url: "\${env:PG_WRONG}" }
  pg_refused:    { kind: postgres, url: "\${env:PG_REFUSED}" }
  pg_unreadable: { kind: postgres, url: "\${env:PG_UNREADABLE}" }
  my_wrong:      { kind: mysql, url: "\${env:MY_WRONG}" }
  my_refused:    { kind: mysql, url: "\${env:MY_REFUSED}" }
  my_unreadable: { kind: mysql, url: "\${env:MY_UNREADABLE}" }
  snow_refused:  { kind: snowflake, account: "\${env:SNOW_ACCOUNT}", user: "\${env:SNOW_USER}", password: "\${env:SNOW_PASSWORD}", database: d, warehouse: w }
  snow_key:      { kind: snowflake, account: "\${env:SNOW_ACCOUNT}", user: "\${env:SNOW_USER}", privateKey: "\${env:SNOW_KEY}", privateKeyPassphrase: "\${env:SNOW_PASSPHRASE}", database: d, warehouse: w }
  redshift_refused: { kind: redshift, database: d, workgroup: w, secretArn: "\${env:REDSHIFT_SECRET}" }
  crm:           { kind: salesforce, loginUrl: "http://${REFUSED}", clientId: "\${env:CRM_ID}", clientSecret: "\${env:CRM_SECRET}", username: mover, password: "\${env:CRM_PASSWORD}" }
  crm_key:       { kind: salesforce, loginUrl: "http://${REFUSED}", clientId: "\${env:CRM_ID}", username: mover, privateKey: "\${env:CRM_KEY}" }
  lake:          { kind: s3, bucket: lighthouse-lake, prefix: stage }
endpoints:
  customers: { kind: sqs, queueUrl: "\${env:QUEUE_URL}" }
`,
  'sql/one.sql': 'select 1 as one\n',
  'stages/loud.ts': `export default async function loud(run) {
  const { address, token } = run.options;
  throw new Error('lighthouse: cannot post to ' + address, { cause: new Error('the token ' + token + ' is refused') });
}
`,
  'pipelines/p.yaml': `pipeline: p
stages:
${STAGES.map((name) => `  - ${name}: { ${workOf(name)}, schedule: { cron: "0 * * * *", from: "2035-01-01T00:00:00Z" }, attempts: 1 }`).join('\n')}
`,
};

function workOf(name: string): string {
  if (name === 'loud')
    return `custom: stages/loud.ts, to: pg_refused.lighthouse.loud, with: { address: "\${env:LOUD_ADDRESS}", token: "\${env:LOUD_TOKEN}" }`;
  if (/^(pg|my)_/u.test(name))
    return `extract: ${name}.lighthouse.orders, to: lake.lighthouse.${name}, mode: snapshot`;
  return `transform: sql/one.sql, to: ${name}.lighthouse.one, mode: replace`;
}

/** A user of a role, and the catalog's URL for it. */
async function member(role: string): Promise<string> {
  const user = role.replace('reefline', database.name);
  await asSuperuser(`create user ${user} password '${user}' in role ${role}`);
  const address = new URL(database.url);
  Object.assign(address, { username: user, password: user });
  return address.href;
}

async function asSuperuser(...statements: readonly string[]): Promise<void> {
  const superuser = new pg.Client({ connectionString: fromEnvironment('REEFLINE_TEST_POSTGRES_URL') });
  await superuser.connect();
  for (const statement of statements) await superuser.query(statement);
  await superuser.end();
}

beforeAll(async () => {
  service = await startTalkativeService();
  secrets = plantedSecrets();
  database = await freshDatabase('canaries');
  const migrated = await runReefline(['catalog', 'migrate', '--roles'], {
    env: { REEFLINE_CATALOG_URL: database.url },
  });
  expect(migrated).toMatchObject({ exitCode: 0, stderr: '' });
  workerUrl = await member('reefline_worker');
  readerUrl = await member('reefline_reader');
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

test('no secret of a configuration reaches the catalog, a history, an event, a log or an answer of the command line', async () => {
  await withProject(FILES, async (folder) => {
    const reading = await readProject(folder);
    if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
    ({ project } = reading);
    await applyProject(db, client, project, 'lighthouse keeper');
    const log = join(dir, 'worker.log');
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
        }),
      ]);
    } finally {
      await worker.stop();
    }

    const answers: string[] = [];
    for (const argv of [
      ['status'],
      ['why', 'p.loud', LABEL],
      ...['pg_wrong', 'snow_refused', 'loud'].map((name) => ['runs', 'show', `p.${name}`, LABEL]),
      ['events', 'search'],
      ['deliveries', 'list'],
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

test('a reader writes nothing, a worker changes no configuration and no schema, and neither removes what happened', async () => {
  const nobody = [
    `update reefline.config_version set note = 'mine'`,
    `insert into reefline.pause (scope, paused_by) values ('pipeline p', 'me')`,
    `delete from reefline.data_event`,
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
      [...nobody, `delete from reefline.held_run`, `update reefline.stage_run set status = 'SUCCESS'`],
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
    const error: unknown = await openOrg('crm', resolved as SalesforceConnection).catch((e: unknown) => e);
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
    url('postgres', host, 'catalog'),
    url('postgres', REFUSED, 'catalog'),
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
    const settings = FILES['reefline.yaml'].replaceAll(
      `"\${env:${name}}"`,
      `'${value.replaceAll('\n', ' ')}'`,
    );
    await withProject({ ...FILES, 'reefline.yaml': settings }, async (folder) => {
      const outcome = await reefline(['validate', folder]);
      expect({ name, exitCode: outcome.exitCode }).toEqual({ name, exitCode: 2 });
      expect({ name, canaries: canariesIn(textOf(outcome)) }).toEqual({ name, canaries: [] });
    });
  }
});
