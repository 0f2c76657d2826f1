import type { RunInput, StageRun, StageTools } from '../../activities/stages/runner.ts';
import type { Connection } from '../../pipeline/connection.ts';
import type { Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { StageWork } from '../../pipeline/stage.ts';
import { intervalOf, parseTimelabel, type Timelabel } from '../../pipeline/timelabel.ts';
import type { AttemptTools } from './attempts.ts';

export const LABEL = labelOf('20010105080000');

/** A run of one stage as production code is given it. */
export function runOf<Work extends StageWork>(given: {
  readonly work: Work;
  readonly output: string;
  readonly attempt: number;
  readonly inputs?: readonly RunInput[];
  readonly revision?: number;
  readonly timelabel?: Timelabel;
  readonly knownColumns?: readonly Column[];
}): StageRun<Work> {
  const { work, output, attempt, inputs = [], revision = 1, timelabel = LABEL } = given;
  return {
    stage: {
      id: 'contract.stage',
      pipeline: 'contract',
      name: 'stage',
      output,
      period: '1h',
      inputs: [],
      work,
      timeoutSeconds: 600,
      maxAttempts: 3,
    },
    timelabel,
    interval: intervalOf('1h', timelabel),
    revision,
    attempt,
    inputs,
    knownColumns: given.knownColumns ?? null,
  };
}

/** The tools of a runner, with these connections. */
export function toolsOf(connections: Readonly<Record<string, Connection>>, tools: AttemptTools): StageTools {
  return {
    ...tools,
    connection(name) {
      const connection = connections[name];
      if (connection !== undefined) return connection;
      throw new StageFailure('invalid_config', `The contract has no connection "${name}".`);
    },
  };
}

export function labelOf(text: string): Timelabel {
  const label = parseTimelabel(text);
  if (label === undefined) throw new Error(`${text} is no timelabel.`);
  return label;
}
