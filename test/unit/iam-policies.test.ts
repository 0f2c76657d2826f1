import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { reachable } from '../support/reachable.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDER = join(PROJECT, 'deploy/iam');

/** What a call needs, where that is not the action of its own name (AWS, "Service Authorization Reference"). */
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  's3 ListObjectsV2': ['s3:ListBucket'],
  's3 DeleteObjects': ['s3:DeleteObject'],
  's3 ListMultipartUploads': ['s3:ListBucketMultipartUploads'],
  // It puts, or begins, fills and completes an upload of parts; it ends one that failed.
  'lib-storage Upload': ['s3:PutObject', 's3:AbortMultipartUpload'],
  'sqs SendMessageBatch': ['sqs:SendMessage'],
  'sqs DeleteMessageBatch': ['sqs:DeleteMessage'],
};
/** Imported by the same files and calling nothing. */
const NO_CALL = /(?:Client|Exception|AttributeName)$/u;

const MISSING_OBJECTS = ['s3:ListBucket'];
const SIGN_IN = ['redshift-serverless:GetCredentials'];
/** What Athena does in the name of who asks: its results, and the files and the tables that a query reads. */
const RESULTS = [
  's3:AbortMultipartUpload',
  's3:GetBucketLocation',
  's3:GetObject',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];
const TABLES = ['glue:GetDatabase', 'glue:GetPartitions', 'glue:GetTables'];

interface Expectation {
  /** Functions, as `file#name`. */
  readonly roots: readonly string[];
  /** What no call of ours shows. */
  readonly behalf: readonly string[];
}

const POLICIES: Readonly<Record<string, Expectation>> = {
  extract: { roots: ['activities/stages/extract.ts#extractStage'], behalf: [] },
  register: { roots: ['activities/stages/register.ts#registerStage'], behalf: MISSING_OBJECTS },
  'load-redshift': {
    roots: ['activities/stages/load-redshift.ts#loadIntoRedshift'],
    behalf: [...MISSING_OBJECTS, ...SIGN_IN],
  },
  'load-files': {
    roots: [
      'activities/stages/load-postgres.ts#loadIntoPostgres',
      'activities/stages/load-snowflake.ts#loadIntoSnowflake',
    ],
    behalf: MISSING_OBJECTS,
  },
  'redshift-queries': {
    roots: [
      'activities/stages/transform.ts#transformInRedshift',
      'activities/stages/check.ts#findInRedshift',
      'activities/stages/publish-source.ts#redshiftSource',
      'activities/stages/publish-record.ts#redshiftRecord',
      'activities/find-sync-labels.ts#findSyncLabels',
    ],
    behalf: SIGN_IN,
  },
  // COPY reads the manifest and the files that it names (Amazon Redshift, "Permissions to access other AWS resources").
  'redshift-copy-role': { roots: [], behalf: ['s3:GetBucketLocation', 's3:GetObject', 's3:ListBucket'] },
  'transform-athena': {
    roots: ['activities/stages/transform-athena.ts#transformInAthena'],
    behalf: [...RESULTS, ...TABLES],
  },
  'publish-athena': {
    roots: ['activities/stages/publish-source.ts#athenaSource', 'activities/stages/check.ts#findInAthena'],
    behalf: [...RESULTS, ...TABLES],
  },
  'publish-athena-salesforce': {
    roots: ['activities/stages/publish-record-athena.ts#athenaRecord'],
    behalf: [],
  },
  'inbound-sqs': {
    roots: ['workers/consume-inbound.ts#consumeInbound', 'connectors/sqs/attributes.ts#readQueueFacts'],
    behalf: [],
  },
  'endpoint-role': { roots: ['connectors/sqs/assumed-role.ts#roleCredentials'], behalf: [] },
  'endpoint-sqs': { roots: ['connectors/sqs/sender.ts#createQueueSender'], behalf: [] },
};

interface Statement {
  readonly Sid: string;
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

function statementsOf(name: string): readonly Statement[] {
  const policy = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as {
    Version: string;
    Statement: readonly Statement[];
  };
  expect(policy.Version).toBe('2012-10-17');
  return policy.Statement;
}

function actionsIn(statements: readonly Statement[], begin: string): readonly string[] {
  const actions = statements.filter(({ Sid }) => Sid.startsWith(begin)).flatMap(({ Action }) => Action);
  return [...new Set(actions)].sort();
}

function actionsOf(calls: readonly string[]): readonly string[] {
  const actions = calls
    .filter((call) => !NO_CALL.test(call))
    .flatMap((call) => {
      const named = /^@aws-sdk\/(?:client-)?(\S+) (\w+?)(?:Command)?$/u.exec(call);
      const [, service = '', operation = ''] = named ?? [];
      return ACTIONS[`${service} ${operation}`] ?? [`${service}:${operation}`];
    });
  return [...new Set(actions)].sort();
}

describe('the IAM policies', () => {
  test.each(Object.entries(POLICIES))(
    '%s.json allows exactly what the code calls',
    (name, { roots, behalf }) => {
      const statements = statementsOf(name);
      expect(actionsIn(statements, 'Calls')).toEqual(actionsOf(reachable(...roots).calls));
      expect(actionsIn(statements, 'For')).toEqual([...new Set(behalf)].sort());
    },
  );

  test('name every action in full and every resource that AWS lets them name', () => {
    for (const name of Object.keys(POLICIES))
      for (const { Sid, Effect, Action, Resource, Condition } of statementsOf(name)) {
        const where = `${name} ${Sid}`;
        expect({ where, Effect, begins: /^(Calls|For)[A-Z]/u.test(Sid) }).toEqual({
          where,
          Effect: 'Allow',
          begins: true,
        });
        expect({ where, vague: Action.filter((action) => action.includes('*')) }).toEqual({
          where,
          vague: [],
        });
        // The Data API knows no resources of a statement; the condition stands for them.
        const any = [Resource].flat().includes('*');
        expect({ where, any }).toEqual({
          where,
          any: Sid === 'CallsOwnStatements' && Condition !== undefined,
        });
      }
  });

  test('are all known here, are all on their page, and leave out no call of a connector', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
    expect(files).toEqual(
      Object.keys(POLICIES)
        .map((name) => `${name}.json`)
        .sort(),
    );
    const page = readFileSync(join(FOLDER, 'README.md'), 'utf8');
    expect(files.filter((file) => !page.includes(`[${file}](${file})`))).toEqual([]);
    const reached = new Set(Object.values(POLICIES).flatMap(({ roots }) => reachable(...roots).calls));
    const written = readdirSync(join(PROJECT, 'connectors'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => {
        const text = readFileSync(join(PROJECT, 'connectors', file), 'utf8');
        return [...text.matchAll(/\bnew (\w+Command|Upload)\(/gu)].map(([, name]) => name);
      });
    const unreached = written.filter(
      (name) => ![...reached].some((call) => call.endsWith(` ${String(name)}`)),
    );
    expect({ found: written.length > 20, unreached }).toEqual({ found: true, unreached: [] });
  });
});
