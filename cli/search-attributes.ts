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

/** Names of the search attributes that runs are started with and the namespace lacks. */
export async function missingSearchAttributes(client: Client): Promise<readonly string[]> {
  const { operatorService } = connectionOf(client);
  const present = await operatorService.listSearchAttributes({ namespace: client.options.namespace });
  return Object.keys(ATTRIBUTES).filter((name) => !(name in present.customAttributes));
}

/** Adds the search attributes that are missing; returns their names. */
export async function addSearchAttributes(client: Client): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(client);
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, ATTRIBUTES[name] ?? KEYWORD]));
  const { namespace } = client.options;
  await connectionOf(client).operatorService.addSearchAttributes({ namespace, searchAttributes });
  return missing;
}

function connectionOf({ connection }: Client): Connection {
  if (connection instanceof Connection) return connection;
  throw new Error('Search attributes are added over a connection of the Temporal client.');
}
