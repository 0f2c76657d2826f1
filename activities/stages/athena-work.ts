import type { Athena } from '../../connectors/athena/client.ts';
import type { TableName } from '../../connectors/athena/names.ts';
import type { Progress, Watch } from '../../connectors/athena/progress.ts';
import type { Marker } from '../../connectors/athena/resumable.ts';
import type { GlueSession } from '../../connectors/glue/call.ts';
import type { StagedTable } from '../../connectors/glue/staging-table.ts';
import type { AthenaConnection } from '../../pipeline/connection.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { StageRun } from './runner.ts';

/** What the steps of one attempt share. */
export interface AthenaWork {
  readonly run: StageRun<TransformWork>;
  readonly marker: Marker;
  readonly connection: AthenaConnection;
  readonly target: TableName;
  readonly athena: Athena;
  readonly session: GlueSession;
  readonly progress: Progress;
  readonly watch: Watch;
}

/** What the query of the run wrote, and where. */
export interface Staged extends StagedTable {
  readonly table: TableName;
  readonly rows: number;
  readonly bytes: number;
}
