import type { Row } from '../flights/row-differences.ts';
import { readLake } from './read-lake.ts';
import { readServing, readSources } from './read-sources.ts';
import { readSalesforce, readSnowflake } from './read-vendors.ts';
import { readAthena, readRedshift } from './read-warehouses.ts';
import type { Findings } from './verification.ts';

/** Reads every system, one after the other, with connections of its own. `scratch` takes files for a moment. */
export async function readFindings(
  environment: Readonly<Record<string, string>>,
  scratch: string,
  dates: readonly string[],
): Promise<Pick<Findings, 'sources' | 'datasets'>> {
  const sources = await readSources(environment, dates);
  const datasets = new Map<string, readonly Row[]>([
    ...(await readLake(environment, scratch)),
    ...(await readRedshift(environment)),
    ...(await readAthena(environment)),
    ...(await readSnowflake(environment)),
    ...(await readServing(environment)),
    ...(await readSalesforce(environment)),
  ]);
  return { sources, datasets };
}
