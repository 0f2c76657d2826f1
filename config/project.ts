import { findCycles, topologicalOrder } from '../pipeline/graph.ts';
import type { Period } from '../pipeline/period.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { changedRowsProblems } from './changed-rows.ts';
import { endpointProblems } from './endpoint-rules.ts';
import { blockingChecks, type Gate, gatesOf, withGates } from './gates.ts';
import { formatProblems } from './format-rules.ts';
import { knownDatasets, type Producer } from './known-datasets.ts';
import { type Problem, sortProblems } from './problem.ts';
import { type PipelinesDraft, readPipelines } from './read-pipelines.ts';
import { readSettings, SETTINGS_FILE, type SettingsDraft } from './read-settings.ts';
import type { StageDraft } from './stage-draft.ts';
import { stageDefinition } from './stage-definition.ts';
import { stageInputs } from './stage-inputs.ts';
import { stageTiming } from './stage-periods.ts';
import { moduleProblems } from './stage-module.ts';
import { stageProblems } from './stage-rules.ts';
import { readStageSelects, type StageSelect } from './stage-selects.ts';

export type ProjectReading = { readonly project: Project } | { readonly problems: readonly Problem[] };

/**
 * Reads reefline.yaml, pipelines/*.yaml and the files that they name. Needs no network and no environment.
 * Either the project is complete and consistent, or the problems of all its stages are reported at once, sorted by file
 * and line. What of a stage depends on a field that cannot be read is looked at when that is corrected.
 */
export async function readProject(dir: string): Promise<ProjectReading> {
  const settings = await readSettings(dir);
  const pipelines = await readPipelines(dir);
  const problems = [...settings.problems, ...pipelines.problems, ...emptyProblems(settings, pipelines)];
  const sources = new Map<StageDraft, readonly StageSelect[]>();
  for (const draft of pipelines.stages) {
    const { selects, problems: found } = await readStageSelects(dir, draft, settings.connections);
    if (selects !== undefined) sources.set(draft, selects);
    problems.push(...found, ...(await moduleProblems(dir, draft)));
  }
  const resolved = resolveStages(settings, pipelines, sources);
  problems.push(...resolved.problems);
  if (problems.length > 0) return { problems: sortProblems(problems) };
  const { routers } = pipelines;
  return {
    project: {
      ...sharedParts(settings),
      stages: resolved.stages,
      pipelines: pipelines.pipelines,
      ...(Object.keys(routers).length === 0 ? {} : { routers }),
    },
  };
}

/** A stage draft with its inputs and their gates, in the shape that the graph understands. */
interface Node {
  readonly id: string;
  readonly output: string;
  readonly inputs: readonly { readonly dataset: string }[];
  readonly draft: StageDraft;
  /** The inputs that the author wrote. */
  readonly datasets: readonly string[];
  readonly gates: readonly Gate[];
  /** False when some input could not be found: its timing is looked at when that is corrected. */
  readonly certain: boolean;
}

function resolveStages(
  settings: SettingsDraft,
  pipelines: PipelinesDraft,
  sources: ReadonlyMap<StageDraft, readonly StageSelect[]>,
): { readonly stages: readonly StageDefinition[]; readonly problems: readonly Problem[] } {
  const { producers, problems: found } = knownDatasets(settings, pipelines.stages);
  const problems = [...found];
  // Without settings that can be read every connection would seem unknown.
  const settingsRead = settings.yaml !== undefined && settings.yaml.problems.length === 0;
  const around = {
    connections: settings.connections,
    producers,
    complete: pipelines.complete && settingsRead,
  };
  if (settings.yaml !== undefined && pipelines.complete)
    problems.push(...endpointProblems(settings.yaml, settings.endpoints, pipelines.pipelines));
  const checks = blockingChecks(pipelines.stages);
  const nodes = pipelines.stages.map((draft): Node => {
    if (settingsRead) {
      problems.push(...stageProblems(draft, settings.connections));
      problems.push(...formatProblems(draft, producers, settings.connections));
    }
    const inputs = stageInputs(draft, sources.get(draft), around);
    problems.push(...inputs.problems);
    const gates = gatesOf(draft, inputs.datasets, checks);
    return {
      id: draft.id,
      output: draft.output ?? draft.id,
      inputs: [...inputs.datasets, ...gates.map((gate) => gate.check)].map((dataset) => ({ dataset })),
      draft,
      datasets: inputs.datasets,
      gates,
      certain: inputs.certain,
    };
  });
  problems.push(...findCycles(nodes).map(cycleProblem));
  const definitions = new Map<StageDraft, StageDefinition>();
  const periods = outsidePeriods(producers);
  for (const node of topologicalOrder(nodes).ordered) {
    const { draft } = node;
    if (!node.certain) continue;
    const result = stageTiming(draft, node.datasets, (dataset) => periods.get(dataset));
    problems.push(...result.problems);
    if (draft.fields === undefined || result.timing === undefined) continue;
    periods.set(node.output, result.timing.period);
    problems.push(...changedRowsProblems(draft, result.timing.inputs, producers));
    const timing = { ...result.timing, inputs: withGates(result.timing.inputs, node.gates) };
    definitions.set(draft, stageDefinition(draft, draft.fields, timing, sources.get(draft) ?? [], producers));
  }
  const stages = pipelines.stages.flatMap((draft) => definitions.get(draft) ?? []);
  return { stages, problems };
}

function outsidePeriods(producers: ReadonlyMap<string, Producer>): Map<string, Period> {
  const periods = new Map<string, Period>();
  for (const [dataset, producer] of producers) {
    if (producer.kind === 'outside' && producer.outside !== undefined)
      periods.set(dataset, producer.outside.period);
  }
  return periods;
}

function cycleProblem(cycle: readonly Node[]): Problem {
  const [first] = cycle as readonly [Node, ...Node[]];
  const path = [...cycle, first].map((node) => node.id).join(' -> ');
  const check = cycle.find(({ draft }) => draft.fields?.kind === 'check' && draft.fields.blocking === true);
  const unblock = check === undefined ? '' : `, or write blocking: false in the check ${check.id}`;
  const cure = `let one of these stages read something else, or make one stage of them${unblock}`;
  return first.draft.yaml.problemAtKey(first.draft.path, `these stages wait for each other: ${path}`, cure);
}

function emptyProblems(settings: SettingsDraft, pipelines: PipelinesDraft): readonly Problem[] {
  if (pipelines.files > 0) return [];
  const problem = 'the project has no pipelines';
  const cure = 'add a file such as pipelines/orders.yaml with a pipeline and its stages';
  return [
    settings.yaml?.problem([], problem, cure) ?? {
      file: SETTINGS_FILE,
      line: 1,
      column: 1,
      field: '',
      problem,
      cure,
    },
  ];
}

function sharedParts(
  settings: SettingsDraft,
): Pick<Project, 'connections' | 'endpoints' | 'datasets' | 'inbound' | 'signals' | 'retention'> {
  const named = [...settings.connections].flatMap(([name, { connection }]) =>
    connection === undefined ? [] : [[name, connection] as const],
  );
  return {
    connections: Object.fromEntries(named),
    endpoints: settings.endpoints,
    datasets: settings.datasets,
    ...(settings.inbound.length === 0 ? {} : { inbound: settings.inbound }),
    ...(settings.signals === undefined ? {} : { signals: settings.signals }),
    ...(settings.retention === undefined ? {} : { retention: settings.retention }),
  };
}
