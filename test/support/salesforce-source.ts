import { publishStage } from '../../activities/stages/publish.ts';
import type { StageOutput } from '../../activities/stages/runner.ts';
import type { Connection } from '../../pipeline/connection.ts';
import type { PublishWork } from '../../pipeline/stage.ts';
import type { TestOrg } from './salesforce-org.ts';
import { runOf, toolsOf, type TestWarehouse } from './warehouse.ts';

export const L8 = '20010105080000';
export const L9 = '20010105090000';
export const OUTPUT = 'crm.sobjects.Account';

/** What a test says about one attempt; the rest follows. */
export interface Attempt {
  readonly output?: string;
  readonly timelabel?: string;
  readonly revision?: number;
  readonly attempt?: number;
  readonly lastHeartbeat?: unknown;
  readonly signal?: AbortSignal;
  readonly connection?: Connection;
  readonly onHeartbeat?: () => void;
}

/** A table of the warehouse, and its publishing. */
export interface SalesforceSource {
  /** Gives a label these rows, and no others. */
  fill(values: string, timelabel?: string): Promise<unknown>;
  /** `$table` stands for the name of the table. */
  sql(sql: string): Promise<Record<string, unknown>[]>;
  begin(options?: Attempt): {
    readonly tools: { readonly heartbeats: unknown[] };
    readonly done: Promise<StageOutput>;
  };
  publish(options?: Attempt): Promise<StageOutput>;
}

let tables = 0;

/** A source table whose rows go to the object Account. */
export async function salesforceSource(
  warehouse: TestWarehouse,
  crm: TestOrg,
  columns: string,
  work: Partial<PublishWork> = {},
): Promise<SalesforceSource> {
  const name = `accounts_${String((tables += 1))}`;
  await warehouse.query(`CREATE TABLE marts.${name} (${columns}, reefline_timelabel char(14))`);
  const complete: PublishWork = {
    kind: 'publish',
    from: `warehouse.marts.${name}`,
    key: ['shop_id'],
    rows: 'label',
    fields: { shop_id: 'Shop_Id__c' },
    ...work,
  };
  const begin: SalesforceSource['begin'] = (options = {}) => {
    const {
      output = OUTPUT,
      timelabel = L8,
      revision = 1,
      attempt = 1,
      connection = crm.connection,
      onHeartbeat,
      ...rest
    } = options;
    const all = { ...warehouse, connections: { ...warehouse.connections, crm: connection } };
    const made = toolsOf(all, rest);
    const heartbeat = (details: unknown): void => {
      made.heartbeat(details);
      onHeartbeat?.();
    };
    const tools = { ...made, heartbeat };
    const run = runOf({ work: complete, output, timelabel, revision, attempt });
    return { tools, done: publishStage(run, tools) };
  };
  return {
    fill: (values: string, timelabel = L8) =>
      warehouse.query(`DELETE FROM marts.${name} WHERE reefline_timelabel = '${timelabel}';
        INSERT INTO marts.${name} SELECT v.*, '${timelabel}' FROM (VALUES ${values}) AS v`),
    sql: (sql: string) => warehouse.query(sql.replaceAll('$table', `marts.${name}`)),
    begin,
    publish: (options) => begin(options).done,
  };
}

/** How many jobs were asked for. */
export function jobsMade({ org }: TestOrg): number {
  return org.requests.filter((request) => request === 'POST jobs/ingest').length;
}

/** States of the jobs, oldest first. */
export function jobStates({ org }: TestOrg): readonly string[] {
  return org.jobs.list().map((job) => (job as { readonly state: string }).state);
}
