import { csvRecords } from './csv.ts';
import { toSalesforceFailure } from './failures.ts';
import type { Org } from './session.ts';
import type { Target } from './target.ts';

/** A row that Salesforce refused, as its job tells. */
export interface RefusedRow {
  /** Value of the external id. */
  readonly key: string;
  /** Such as `REQUIRED_FIELD_MISSING`. */
  readonly code: string;
  readonly message: string;
  /** The values that were sent, by field. */
  readonly sent: Readonly<Record<string, string>>;
}

/** The failed results of a job that is complete. Memory holds those of one job. */
export async function readFailedRows(org: Org, target: Target, job: string): Promise<readonly RefusedRow[]> {
  const text: unknown = await org.api.bulk2
    .job('ingest', { id: job })
    .getFailedResults(true)
    .catch((error: unknown) => {
      throw toSalesforceFailure(error, org.where, `give the failed results of job ${job}`);
    });
  return csvRecords(String(text)).map((record) => {
    const { sf__Id: _id, sf__Error: error = '', ...sent } = record;
    const [, code = 'UNKNOWN', message = error] = /^(\w+):(.*)$/s.exec(error) ?? [];
    return { key: sent[target.key.field.name] ?? '', code, message, sent };
  });
}
