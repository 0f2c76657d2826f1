import { describe, expect, test } from '@jest/globals';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { openWarehouse, type Warehouse } from '../../connectors/redshift/client.ts';
import { describe as describeStatement, submit } from '../../connectors/redshift/statement.ts';
import type { RedshiftConnection } from '../../pipeline/connection.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:wh';
const signal = new AbortController().signal;

/** A warehouse whose requests are kept instead of sent; the serializer of the vendor's client still reads them. */
function recorded(fields: Partial<RedshiftConnection>, refuse?: string) {
  const warehouse = openWarehouse({
    kind: 'redshift',
    database: 'dev',
    region: 'us-east-1',
    ...fields,
  });
  const inputs: unknown[] = [];
  warehouse.client.middlewareStack.add(
    () => (args) => {
      inputs.push(args.input);
      if (refuse !== undefined && inputs.length === 1)
        return Promise.reject(Object.assign(new Error('too many'), { name: refuse }));
      return Promise.resolve({ output: { $metadata: {}, Id: 'q', Status: 'STARTED' }, response: {} });
    },
    { step: 'initialize', priority: 'low' },
  );
  return { warehouse, inputs };
}

async function submitted({ warehouse, inputs }: { warehouse: Warehouse; inputs: unknown[] }) {
  await submit(warehouse, ['SELECT 1'], 't'.repeat(64), signal);
  return inputs;
}

describe('a batch is submitted', () => {
  test.each<[string, Partial<RedshiftConnection>, object]>([
    ['to a workgroup with the identity of the worker', { workgroup: 'main' }, { WorkgroupName: 'main' }],
    [
      'to a workgroup with a secret',
      { workgroup: 'main', secretArn: SECRET },
      { WorkgroupName: 'main', SecretArn: SECRET },
    ],
    ['to a cluster with the identity of the worker', { cluster: 'c1' }, { ClusterIdentifier: 'c1' }],
    [
      'to a cluster with temporary credentials of a user',
      { cluster: 'c1', dbUser: 'mover' },
      { ClusterIdentifier: 'c1', DbUser: 'mover' },
    ],
    [
      'to a cluster with a secret',
      { cluster: 'c1', secretArn: SECRET },
      { ClusterIdentifier: 'c1', SecretArn: SECRET },
    ],
  ])('%s, as one transaction under a token', async (_how, fields, place) => {
    expect(await submitted(recorded(fields))).toEqual([
      {
        Database: 'dev',
        Sqls: ['SELECT 1'],
        StatementName: 'reefline',
        ClientToken: 't'.repeat(64),
        ...place,
      },
    ]);
  });

  test.each([
    ['cluster: c1, workgroup: main', /workgroup: .*either to a cluster or to a workgroup/],
    ['workgroup: main, dbUser: mover', /dbUser: .*takes no dbUser/],
    [`cluster: c1, dbUser: mover, secretArn: "${SECRET}"`, /dbUser: .*already in the secret/],
  ])('never with %s, which is refused with a cure', async (fields, message) => {
    const settings = (SHOP_PROJECT['reefline.yaml'] ?? '').replace('workgroup: main', () => fields);
    const reading = await withProject({ ...SHOP_PROJECT, 'reefline.yaml': settings }, readProject);
    expect('problems' in reading ? reading.problems.map(formatProblem).join('\n') : '').toMatch(message);
  });
});

test('the state of a statement is asked for with a long poll, and without one when too many wait', async () => {
  const polled = recorded({ workgroup: 'main' });
  await describeStatement(polled.warehouse, 'q', 5, signal);
  expect(polled.inputs).toEqual([{ Id: 'q', WaitTimeSeconds: 5 }]);
  const crowded = recorded({ workgroup: 'main' }, 'ActiveWaitingRequestsExceededException');
  await expect(describeStatement(crowded.warehouse, 'q', 5, signal)).resolves.toMatchObject({ Id: 'q' });
  expect(crowded.inputs).toEqual([{ Id: 'q', WaitTimeSeconds: 5 }, { Id: 'q' }]);
});
