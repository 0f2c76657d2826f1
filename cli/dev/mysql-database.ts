import { createConnection } from 'mysql2/promise';

/**
 * Creates a database in a MySQL server unless it exists, runs the statements of `seed` in it when it is new, and answers
 * its URL. One that the seed could not fill is removed again.
 */
export async function createMysqlDatabase(
  serverUrl: string,
  name: string,
  seed: string | undefined,
): Promise<string> {
  const url = new URL(`/${name}`, serverUrl);
  const connection = await createConnection({ uri: serverUrl, multipleStatements: true, charset: 'utf8mb4' });
  try {
    const quoted = connection.escapeId(name);
    await connection.query(`create database if not exists ${quoted}`);
    await connection.query(`use ${quoted}`);
    const [tables] = await connection.query('show tables');
    const isNew = Array.isArray(tables) && tables.length === 0;
    if (seed === undefined || !isNew) return url.href;
    await connection.query(seed).catch(async (error: unknown) => {
      await connection.query(`drop database ${quoted}`);
      throw error;
    });
    return url.href;
  } finally {
    await connection.end();
  }
}
