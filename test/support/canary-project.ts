import { generateKeyPairSync } from 'node:crypto';
import { canary } from './canaries.ts';
import { fromEnvironment } from './local-cloud.ts';

/** Nobody listens there. */
export const REFUSED = '127.0.0.1:1';
/** A stage for each kind of connection and each way it fails; the last one fails as a user's own code would. */
export const STAGES = [
  'pg_wrong pg_refused pg_unreadable my_wrong my_refused my_unreadable',
  'snow_refused snow_key redshift_refused loud',
].flatMap((names) => names.split(' '));

/** A URL whose password is a canary. */
export const secretUrl = (scheme: string, address: string, name: string): string =>
  `${scheme}://lighthouse:${encodeURIComponent(canary(name))}@${address}/lighthouse`;

/** A value for everything that the project refers to; `service` refuses whoever asks it. */
export function plantedSecrets(service: string): Readonly<Record<string, string>> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'another' },
  });
  const mysql = process.env['REEFLINE_TEST_MYSQL_URL'];
  return {
    PG_WRONG: secretUrl('postgres', new URL(fromEnvironment('REEFLINE_TEST_POSTGRES_URL')).host, 'pg-wrong'),
    PG_REFUSED: secretUrl('postgres', REFUSED, 'pg-refused'),
    PG_UNREADABLE: `postgres://lighthouse:${canary('pg-unreadable')}@[/lighthouse`,
    MY_WRONG: secretUrl('mysql', mysql === undefined ? REFUSED : new URL(mysql).host, 'my-wrong'),
    MY_REFUSED: secretUrl('mysql', REFUSED, 'my-refused'),
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
    QUEUE_URL: `${service}/000000000000/c4n4ry-queue`,
    INBOUND_URL: `${service}/000000000000/c4n4ry-inbound`,
    LOUD_ADDRESS: 'https://hooks.example.com/services/c4n4ry-webhook',
    LOUD_TOKEN: canary('loud-token'),
  };
}

/** A project with every kind of connection, an endpoint and an inbound source, all of whose secrets are references. */
export const CANARY_FILES = {
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
inbound:
  partner: { kind: sqs, queueUrl: "\${env:INBOUND_URL}", mapping: data-event }
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
