import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SalesforceConnection, SnowflakeConnection } from '../../pipeline/connection.ts';
import { openTestOrg, type TestOrg } from '../support/salesforce-org.ts';
import { openTestSnowflake, type TestSnowflake } from '../support/snowflake.ts';

/* Tokens that a client signs itself carry times of its own clock. */
const PROGRAM = fileURLToPath(new URL('../support/sign-in-process.ts', import.meta.url));
const WRONG_CLOCK = new URL('../../chaos/wrong-clock.ts', import.meta.url).href;
const HOURS = 3_600_000;

let crm: TestOrg;
let snow: TestSnowflake;
beforeAll(async () => {
  crm = await openTestOrg();
  snow = await openTestSnowflake('wrong_clock');
});
afterAll(async () => {
  await snow.close();
  await crm.close();
});

/** What a process says whose clock is wrong by so many hours. */
async function said(connection: SalesforceConnection | SnowflakeConnection, hours: number): Promise<string> {
  const clock = ['--import', `${WRONG_CLOCK}?by=${String(hours * HOURS)}`];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--disable-warning=ExperimentalWarning', ...(hours === 0 ? [] : clock)],
    ...[PROGRAM, JSON.stringify(connection)],
  ]);
  return stdout;
}

describe('a worker whose clock is hours ahead or behind', () => {
  test.each([3, -3])('signs in to Salesforce by assertion all the same (%s h)', async (hours) => {
    expect(await said(crm.byAssertion, hours)).toBe('signed in');
  });

  test('is still refused by Salesforce with the key of somebody else', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(await said({ ...crm.byAssertion, privateKey: pem }, 3)).toMatch(/^unauthorized: /);
  });

  test.each([
    [3, "180 min ahead of Snowflake's"],
    [-3, "180 min behind Snowflake's"],
  ])(
    'is told that its clock is why Snowflake takes no token, and the run is tried again (%s h)',
    async (hours, why) => {
      const answer = await said(snow.connection, hours);
      expect(answer).toMatch(/^unavailable: /);
      expect(answer).toContain(why);
    },
  );

  test('with a right clock, a key that Snowflake does not know is a matter for a person', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(await said({ ...snow.connection, privateKey: pem }, 0)).toMatch(/^unauthorized: /);
    expect(await said(snow.connection, 0)).toBe('signed in');
  });
});
