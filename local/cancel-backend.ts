import { Client } from 'pg';

/** Ends what a process of PostgreSQL does now, over a connection of its own: those of a pool may all be waiting. */
export async function cancelBackend(superuserUrl: string, pid: number): Promise<void> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query('SELECT pg_cancel_backend($1)', [pid]);
  } finally {
    await client.end();
  }
}
