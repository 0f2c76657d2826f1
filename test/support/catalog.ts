import type pg from 'pg';
import { ConfigStore, storeConfig } from '../../catalog/config-store.ts';
import { connectCatalog } from '../../catalog/connect.ts';
import type { Project } from '../../pipeline/project.ts';
import { freshCatalog } from './local-cloud.ts';

/** A catalog of a suite's own with a configuration in force, and no Temporal. */
export interface TestCatalog {
  readonly db: pg.Pool;
  readonly configs: ConfigStore;
  /** The first column of each row. */
  values(query: string, ...parameters: readonly unknown[]): Promise<unknown[]>;
  close(): Promise<void>;
}

export async function openTestCatalog(label: string, project: Project): Promise<TestCatalog> {
  const database = await freshCatalog(label);
  const db = connectCatalog(database.url, 16);
  await storeConfig(db, project, 'test');
  return {
    db,
    configs: new ConfigStore(),
    values: async (query, ...parameters) => {
      const found = await db.query<unknown[]>({ text: query, values: [...parameters], rowMode: 'array' });
      return found.rows.map(([first]) => first);
    },
    close: async () => {
      await db.end();
      await database.drop();
    },
  };
}
