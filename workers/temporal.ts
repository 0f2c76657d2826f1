import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { clientEncryption } from './payload-encryption.ts';
import { untilReachable, type Say } from './until-reachable.ts';

/** A client on the Temporal that the standard profile and variables name (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE …). */
export async function connectClient(say: Say, signal?: AbortSignal): Promise<Client> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  // What is wrong with the keys is told at once.
  const encryption = clientEncryption(process.env);
  const connection = await untilReachable(
    `Temporal at ${addressOf(connectionOptions)}`,
    () => Connection.connect(connectionOptions),
    say,
    signal,
  );
  return new Client({ connection, ...(namespace === undefined ? {} : { namespace }), ...encryption });
}

export interface WorkerConnection {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

export async function connectWorker(say: Say, signal?: AbortSignal): Promise<WorkerConnection> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await untilReachable(
    `Temporal at ${addressOf(connectionOptions)}`,
    () => NativeConnection.connect(connectionOptions),
    say,
    signal,
  );
  return { connection, namespace: namespace ?? 'default' };
}

function addressOf(options: { address?: string }): string {
  return options.address ?? 'localhost:7233';
}
