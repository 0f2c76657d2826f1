import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { signInOptions } from '../../connectors/snowflake/sign-in-options.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import { eventTypeOf } from '../../pipeline/routing.ts';
import { bindParameters } from '../../pipeline/sql-parameters.ts';
import { intervalOf } from '../../pipeline/timelabel.ts';
import { resolveConnection } from '../../workers/secrets.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';
import { labelOf } from '../support/warehouse.ts';

const SNOW =
  'kind: snowflake, account: acme-analytics, user: mover, privateKey: "${env:SNOW_KEY}", database: lake, warehouse: loading, storageIntegration: lake';
const SQL = `select o.raw:customer.name as customer, count(*) as n -- not :this
from Analytics.ORDERS o join LAKE.partners.rates r on r.id = o.id // nor :that
where o.at >= :interval_start and o.note <> 'it\\'s :no' and o.note <> $$:nor this$$ group by 1
`;
const STAGES = `  - load_snow: { load: lake.shop.orders, to: snow.analytics.orders, mode: merge, key: [id] }
  - rates: { transform: sql/rates.sql, to: snow.partners.rates, every: 1h, schedule: "5 * * * *", mode: append }
  - per_customer: { transform: sql/per_customer.sql, to: snow.marts.per_customer, mode: replace }
  - orders_ok: { check: snow.analytics.orders, blocking: true, assert: [{ keyed: { sql: "select * from analytics.orders where id is null" } }] }
`;

async function read(connection = SNOW, stages = STAGES) {
  const files = {
    ...SHOP_PROJECT,
    'reefline.yaml': (SHOP_PROJECT['reefline.yaml'] ?? '').replace(
      'endpoints:',
      () => `  snow: { ${connection} }\nendpoints:`,
    ),
    'pipelines/orders.yaml': `${SHOP_PROJECT['pipelines/orders.yaml'] ?? ''}${stages}`,
    'sql/rates.sql': 'select 1 as id\n',
    'sql/per_customer.sql': SQL,
  };
  return withProject(files, readProject);
}

describe('a Snowflake connection', () => {
  test('takes loads, transforms and checks, finds the inputs of its SQL and gives its events their type', async () => {
    const reading = await read();
    if (!('project' in reading)) throw new Error(reading.problems.map(formatProblem).join('\n'));
    const { project } = reading;
    const stage = (name: string) => project.stages.find((each) => each.name === name);
    const transform = stage('per_customer');
    expect(transform?.inputs.map(({ dataset }) => dataset).toSorted()).toEqual(
      expect.arrayContaining(['snow.analytics.orders', 'snow.partners.rates']),
    );
    for (const name of ['load_snow', 'per_customer', 'orders_ok']) {
      const found = stage(name);
      expect(found && eventTypeOf(found, project)).toBe('snowflake');
    }
  });

  test.each<[string, string, RegExp]>([
    ['a key in plain text', SNOW.replace('"${env:SNOW_KEY}"', 'abc'), /privateKey: .*plain text/],
    ['no way to sign in', SNOW.replace(/privateKey: [^,]+, /, ''), /privateKey: .*no way to sign in/],
    ['two ways to sign in', `${SNOW}, password: "\${env:P}"`, /password: .*two ways/],
    [
      'a passphrase of nothing',
      `${SNOW.replace('privateKey', 'password')}, privateKeyPassphrase: "\${env:P}"`,
      /privateKeyPassphrase: .*belongs to a privateKey/,
    ],
    [
      'an address',
      SNOW.replace('acme-analytics', 'acme.snowflakecomputing.com'),
      /account: .*Write what stands before/,
    ],
    ['a URL', SNOW.replace('acme-analytics', 'https://acme'), /account: .*no identifier/],
    ['a loose end', SNOW.replace('acme-analytics', 'acme-'), /account: .*no identifier/],
    ['an unknown field', `${SNOW}, accessUrl: http://localhost`, /accessUrl/],
  ])('with %s is refused with a cure', async (_what, connection, message) => {
    const reading = await read(connection);
    const problems = 'problems' in reading ? reading.problems.map(formatProblem) : [];
    expect(problems.join('\n')).toMatch(message);
  });

  test('publishes to a serving table and to Salesforce', async () => {
    const publish = (to: string) =>
      `${STAGES}  - push: { publish: snow.analytics.orders, to: ${to}, key: [id] }\n`;
    expect(await read(SNOW, publish('serving.app.orders'))).toHaveProperty('project');
    const crm =
      'crm: { kind: salesforce, loginUrl: "https://a.my.salesforce.com", clientId: c, clientSecret: "${env:S}" }';
    const both = `${SNOW} }\n  ${crm.slice(0, -2)}`;
    expect(await read(both, publish('crm.sobjects.Order__c'))).toHaveProperty('project');
  });

  test('answers where the worker is told, and at its own address otherwise', () => {
    const connection = {
      kind: 'snowflake',
      account: 'acme',
      user: 'mover',
      password: '${env:SECRET}',
      database: 'lake',
      warehouse: 'loading',
    } as const;
    const address = 'http://127.0.0.1:1';
    expect(resolveConnection(connection, { SECRET: 's', SNOWFLAKE_ACCESS_URL: address })).toEqual({
      ...connection,
      password: 's',
      accessUrl: address,
    });
    expect(resolveConnection(connection, { SECRET: 's' })).not.toHaveProperty('accessUrl');
  });
});

test('in Snowflake SQL a path, a string, a comment and a cast are no parameters', () => {
  const timelabel = labelOf('20010105080000');
  const bound = bindParameters(SQL, { timelabel, interval: intervalOf('1h', timelabel) }, 'snowflake');
  expect(bound).toBe(SQL.replace(':interval_start', "CAST('2001-01-05 08:00:00' AS timestamp)"));
  const paths = `select raw['a']:timelabel, "raw":timelabel::date, f(x):timelabel from t`;
  expect(bindParameters(paths, { timelabel, interval: intervalOf('1h', timelabel) }, 'snowflake')).toBe(
    paths,
  );
});

const PASSPHRASE = 'a phrase that nobody may see';
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const encrypted = RSA.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE })
  .toString();
const CONNECTION: SnowflakeConnection = {
  ...{ kind: 'snowflake', account: 'acme', user: 'mover', privateKey: pem(RSA.privateKey) },
  ...{ database: 'lake', warehouse: 'loading' },
};

describe('what a worker signs in with', () => {
  test('is the key in the form that the client takes, however it is written', () => {
    const written: Readonly<Record<string, Partial<SnowflakeConnection>>> = {
      'as it is': {},
      'with line ends written out': { privateKey: pem(RSA.privateKey).replaceAll('\n', String.raw`\n`) },
      'with the line ends of Windows': { privateKey: pem(RSA.privateKey).replaceAll('\n', '\r\n') },
      'in the older form': { privateKey: RSA.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString() },
      encrypted: { privateKey: encrypted, privateKeyPassphrase: PASSPHRASE },
    };
    for (const [what, fields] of Object.entries(written))
      expect([what, signInOptions({ ...CONNECTION, ...fields })]).toMatchObject([
        what,
        {
          authenticator: 'SNOWFLAKE_JWT',
          privateKey: pem(RSA.privateKey),
          username: 'mover',
          account: 'acme',
        },
      ]);
  });

  test('is refused when the key cannot be read, in words without the key and without its passphrase', () => {
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const refused: readonly (readonly [Partial<SnowflakeConnection>, RegExp])[] = [
      [
        { privateKey: 'sesame' },
        /user mover in the Snowflake account acme cannot be read.*BEGIN PRIVATE KEY/,
      ],
      [{ privateKey: encrypted }, /needs privateKeyPassphrase/],
      [
        { privateKey: encrypted, privateKeyPassphrase: 'wrong phrase' },
        /cannot be read with its privateKeyPassphrase/,
      ],
      [{ privateKey: pem(elliptic) }, /type ec, and Snowflake takes RSA/],
    ];
    for (const [fields, message] of refused) {
      const connection = { ...CONNECTION, ...fields };
      expect(() => signInOptions(connection)).toThrow(message);
      expect(() => signInOptions(connection)).toThrow(
        expect.objectContaining({ failureClass: 'invalid_config' }),
      );
      for (const secret of ['sesame', 'wrong phrase', ...encrypted.split('\n').slice(1, 3)])
        expect(() => signInOptions(connection)).not.toThrow(secret);
    }
  });

  test('is the password when there is no key, at an address only when there is one, with names in quotes that need them', () => {
    const { privateKey: _key, ...rest } = CONNECTION;
    const options = signInOptions({ ...rest, password: 'p', database: 'my-lake', role: '"Own Role"' });
    expect(options).toMatchObject({
      password: 'p',
      database: '"my-lake"',
      role: '"Own Role"',
      warehouse: 'loading',
    });
    for (const absent of ['authenticator', 'privateKey', 'accessUrl'])
      expect(options).not.toHaveProperty(absent);
    expect(signInOptions({ ...CONNECTION, accessUrl: 'http://127.0.0.1:1' })).toMatchObject({
      accessUrl: 'http://127.0.0.1:1',
    });
    expect(signInOptions(CONNECTION)).not.toHaveProperty('role');
  });
});
