import pg from 'pg';
import { fromEnvironment, type FreshDatabase } from './local-cloud.ts';

/** A user of a role, and the catalog's URL for it. */
export async function memberOf(role: string, database: FreshDatabase): Promise<string> {
  const user = role.replace('reefline', database.name);
  await asSuperuser(`create user ${user} password '${user}' in role ${role}`);
  const address = new URL(database.url);
  Object.assign(address, { username: user, password: user });
  return address.href;
}

/** Statements as the superuser of the local cloud. */
export async function asSuperuser(...statements: readonly string[]): Promise<void> {
  const superuser = new pg.Client({ connectionString: fromEnvironment('REEFLINE_TEST_POSTGRES_URL') });
  await superuser.connect();
  for (const statement of statements) await superuser.query(statement);
  await superuser.end();
}
