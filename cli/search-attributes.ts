import { type Client, Connection } from '@temporalio/client';

/** Values of temporal.api.enums.v1.IndexedValueType. */
const KEYWORD = 2;
const INT = 3;

/** Permanent: they are in visibility records and in other people's queries. SQL visibility allows ten Keywords. */
const ATTRIBUTES: Readonly<Record<string, number>> = {
  Pipeline: KEYWORD,
  Stage: KEYWORD,
  Dataset: KEYWORD,
  Timelabel: KEYWORD,
  Trigger: KEYWORD,
  Revision: INT,
};

/** Adds the search attributes that runs are started with and the namespace lacks; returns their names. */
export async function addSearchAttributes(client: Client): Promise<readonly string[]> {
  const { connection, options } = client;
  if (!(connection instanceof Connection))
    throw new Error('Search attributes are added over a connection of the Temporal client.');
  const { operatorService } = connection;
  const { namespace } = options;
  const present = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(ATTRIBUTES).filter(([name]) => !(name in present.customAttributes));
  if (missing.length === 0) return [];
  await operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(missing) });
  return missing.map(([name]) => name);
}
