import { StageFailure, FAILURE_CLASSES } from '../../pipeline/failure.ts';
import { type Json, mapTexts } from '../../pipeline/json.ts';
import type { CustomWork } from '../../pipeline/stage.ts';
import type { CustomRun, CustomStage } from './custom-stage.ts';
import { checkCustomOutput } from './custom-output.ts';
import type { StageRun, StageRunner } from './runner.ts';

/** What the worker has that custom stages need. */
export interface CustomEnvironment {
  /** The function that a module of the project exports; throws StageFailure `invalid_config` when there is none. */
  readonly stageOf: (module: string) => Promise<CustomStage>;
  /** Replaces the references to secrets in a text; throws StageFailure `invalid_config` when one is missing. */
  readonly resolveText: (text: string) => string;
}

/** Runs the module of a custom stage. What it returns is checked, since nothing compelled its author to the types. */
export function customStage({ stageOf, resolveText }: CustomEnvironment): StageRunner<CustomWork> {
  return async (run, tools) => {
    const { module, options } = run.stage.work;
    const stage = await stageOf(module);
    const resolved = mapTexts(options, resolveText) as Readonly<Record<string, Json>>;
    try {
      return checkCustomOutput(await stage(runOf(run, resolved), tools), module);
    } catch (error) {
      throw asStageFailure(error);
    }
  };
}

function runOf(run: StageRun<CustomWork>, options: CustomRun['options']): CustomRun {
  const { stage, timelabel, interval, revision, attempt, inputs, knownColumns } = run;
  const { id, output } = stage;
  return { stage: id, output, timelabel, interval, revision, attempt, inputs, knownColumns, options };
}

/** A StageFailure of another copy of Reefline, which the module may have brought along, is none of this one's class. */
function asStageFailure(error: unknown): unknown {
  if (error instanceof StageFailure || !(error instanceof Error) || error.name !== 'StageFailure')
    return error;
  const { failureClass, facts = {} } = error as Partial<StageFailure>;
  const known = FAILURE_CLASSES.find((candidate) => candidate === failureClass);
  return known === undefined ? error : new StageFailure(known, error.message, { cause: error, facts });
}
