import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import type { Watch } from '../connectors/redshift/statement.ts';
import type { Connection } from '../pipeline/connection.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { RoutingTable } from '../pipeline/routing.ts';

/** What finding labels may use of the world around it. */
export interface SyncTools {
  /** The connection's settings with its secrets resolved; throws StageFailure `invalid_config` when it is unknown. */
  connection(name: string): Connection;
  /** How statements are followed; its signal is aborted when the sync is cancelled or the worker shuts down. */
  readonly watch: Watch;
  stop(): void;
}

/** Keeps the attempt alive while one statement of a source runs. Milliseconds. */
const KEEP_ALIVE = 5_000;

/** The tools of the running activity. Call `stop` at the end. */
export function syncTools(
  table: RoutingTable,
  resolveSecrets: (connection: Connection) => Connection,
): SyncTools {
  const beat = (): void => heartbeat(activityInfo().attempt);
  const timer = setInterval(beat, KEEP_ALIVE);
  beat();
  return {
    connection: (name) => {
      const connection = table.project.connections[name];
      if (connection !== undefined) return resolveSecrets(connection);
      throw new StageFailure(
        'invalid_config',
        `The connection "${name}" is not in config version ${String(table.configVersion)}.`,
      );
    },
    watch: { beat, signal: cancellationSignal() },
    stop: () => {
      clearInterval(timer);
    },
  };
}
