import { setTimeout as sleep } from 'node:timers/promises';
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

/**
 * Adds the search attributes that are missing, and waits until the cluster works with them; returns their names.
 * @throws when it does not within {@link PATIENCE}. They are added then.
 */
export async function addSearchAttributes(client: Client): Promise<readonly string[]> {
  const added = await registerSearchAttributes(client);
  if (added.length > 0) await untilKnown(client, added);
  return added;
}

/** Adds them and waits for nothing: until the cluster knows them it refuses runs that have them. */
export async function registerSearchAttributes(client: Client): Promise<readonly string[]> {
  const missing = await missingSearchAttributes(client);
  if (missing.length === 0) return [];
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, ATTRIBUTES[name] ?? KEYWORD]));
  const { namespace } = client.options;
  await connectionOf(client).operatorService.addSearchAttributes({ namespace, searchAttributes });
  return missing;
}

/**
 * How often each process of a cluster reads what namespaces have, in milliseconds: the default of `system.namespaceCacheRefreshInterval`
 * (Temporal server 1.31, common/dynamicconfig/constants.go).
 */
const REFRESH = 2_000;
/** With Elasticsearch they are in a list that processes read anew after a minute. Milliseconds. */
const PATIENCE = 90_000;

/** The process that answers here is one of several, and the others learn of new attributes at their own times. */
async function untilKnown(client: Client, names: readonly string[]): Promise<void> {
  // Quoted, because a word of SQL is one of them.
  const query = names.map((name) => `\`${name}\` is not null`).join(' or ');
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const refused = await client.workflow.count(query).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (refused === undefined) break;
    if (performance.now() > deadline)
      throw new Error(
        `Temporal was given the search attributes ${names.join(', ')}, and does not work with them after ${String(PATIENCE / 1000)} s. Look whether its visibility store answers, and run the command again.`,
        { cause: refused.error },
      );
    await sleep(100);
  }
  await sleep(REFRESH);
}

function connectionOf({ connection }: Client): Connection {
  if (connection instanceof Connection) return connection;
  throw new Error('Search attributes are added over a connection of the Temporal client.');
}
