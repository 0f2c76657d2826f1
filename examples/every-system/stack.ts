import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type PreparedOrg, prepareOrgs } from '../../cli/dev/salesforce-org.ts';
import { StandIns } from '../../cli/dev/stand-ins.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import type { OrgRequest } from '../../local/cloud-parts.ts';
import { findMariadb, MARIADB_INSTALL } from '../../local/mariadb-programs.ts';
import type { ObjectDefinition } from '../../local/salesforce/objects.ts';
import { type Engine, readWholeProject, startEngine, type Step } from '../flights/engine.ts';
import { localAws } from '../flights/local-aws.ts';
import { type Later, startParts } from '../flights/stop-in-order.ts';
import { fillSources } from './source-data.ts';

/** The project in force, with a server for every system that it names and this machine has. */
export interface Stack extends Engine {
  readonly cloud: LocalCloud;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  /** What a worker has in its environment: the addresses of all systems, and with what one signs in to them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Why a source has no server here, by its connection. */
  readonly leftOut: ReadonlyMap<string, string>;
  stop(): Promise<void>;
}

const PROJECT = fileURLToPath(new URL('./project', import.meta.url));

export async function startStack(dir: string, dates: readonly string[], step: Step): Promise<Stack> {
  return startParts((later) => assemble(dir, dates, step, later));
}

async function assemble(
  dir: string,
  dates: readonly string[],
  step: Step,
  later: Later,
): Promise<Omit<Stack, 'stop'>> {
  await mkdir(dir, { recursive: true });
  const project = await readWholeProject(PROJECT);
  const orgs = await prepareOrgs(PROJECT, project);
  const cloud = await step(
    `start PostgreSQL, ${findMariadb() === undefined ? '' : 'MySQL, '}S3, SQS, Glue, Athena, Redshift, Snowflake, Salesforce and Temporal on this machine`,
    () => startLocalCloud({ dir: join(dir, 'cloud'), mysql: true, salesforce: requestsOf(orgs) }),
  );
  later(() => cloud.stop());
  const standIns = new StandIns(cloud, PROJECT, orgs);
  await step(
    'create databases, bucket, queue, Snowflake account and Salesforce org for its connections',
    () => standIns.provide(project),
  );
  const variables = standIns.environment();
  await step('fill the sources with real flights and airports', () => fillSources(variables, dir, dates));
  const engine = await startEngine(
    { cloud, dir, project: PROJECT, called: 'examples/every-system/project', variables },
    step,
    later,
  );
  const sqs = new SQSClient(localAws(cloud.env, 'SQS'));
  later(() => {
    sqs.destroy();
    return Promise.resolve();
  });
  return {
    cloud,
    sqs,
    queueUrl: variables['CUSTOMER_QUEUE_URL'] ?? '',
    environment: { ...cloud.env, ...variables },
    leftOut: new Map(cloud.mysqlUrl === '' ? [['islands', MARIADB_INSTALL]] : []),
    ...engine,
  };
}

/** The objects come from the project's own JSON file; the org refuses what it does not understand. */
function requestsOf(orgs: Readonly<Record<string, PreparedOrg>>): Readonly<Record<string, OrgRequest>> {
  const requests: Record<string, OrgRequest> = {};
  for (const [name, { request }] of Object.entries(orgs))
    requests[name] = { ...request, objects: request.objects as readonly ObjectDefinition[] };
  return requests;
}
