import type { Connection } from '../../pipeline/connection.ts';
import { parseDataset, type DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StageTools } from './runner.ts';

/** Where a stage's output lies: its name in parts, and the settings of its connection. */
export interface Destination {
  readonly name: DatasetName;
  readonly connection: Connection;
}

/** Throws StageFailure `invalid_config` when the dataset is no name or its connection is unknown. */
export function destinationOf(dataset: string, tools: Pick<StageTools, 'connection'>): Destination {
  const name = parseDataset(dataset);
  if (name === undefined)
    throw new StageFailure(
      'invalid_config',
      `"${dataset}" is no dataset: write <connection>.<schema>.<table>.`,
    );
  return { name, connection: tools.connection(name.connection) };
}
