import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { missingFile } from './missing-file.ts';
import type { Problem } from './problem.ts';
import { schemaProblems } from './schema-problem.ts';
import { draftStage, type StageDraft } from './stage-draft.ts';
import { pipelineFrameSchema } from './pipeline-schema.ts';
import { type FieldPath, readYaml, type YamlFile } from './yaml-file.ts';

export interface PipelinesDraft {
  /** Names in the order of the files. */
  readonly pipelines: readonly string[];
  readonly stages: readonly StageDraft[];
  /** Numbers of routers of the pipelines that have more than one. */
  readonly routers: Readonly<Record<string, number>>;
  /** False when a file or an entry could not be read, so that a name that seems unknown may stand there. */
  readonly complete: boolean;
  readonly files: number;
  readonly problems: readonly Problem[];
}

/** Reads pipelines/*.yaml in the order of their names. */
export async function readPipelines(dir: string): Promise<PipelinesDraft> {
  const folder = join(dir, 'pipelines');
  const names = (await readdir(folder).catch(missingFile)) ?? [];
  const files = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const seen = new Map<string, string>();
  const stages: StageDraft[] = [];
  const routers: (readonly [pipeline: string, routers: number])[] = [];
  const problems: Problem[] = [];
  let complete = true;
  for (const name of files) {
    const file = `pipelines/${name}`;
    const yaml = readYaml(file, await readFile(join(folder, name), 'utf8'), fieldName);
    const read = readPipeline(yaml);
    problems.push(...read.problems, ...repeatedPipeline(yaml, read.pipeline, seen));
    stages.push(...read.stages);
    if (read.pipeline !== undefined && read.routers > 1) routers.push([read.pipeline, read.routers]);
    complete &&= read.complete;
    if (read.pipeline !== undefined && !seen.has(read.pipeline)) seen.set(read.pipeline, file);
  }
  return {
    pipelines: [...seen.keys()],
    ...{ stages, routers: Object.fromEntries(routers), complete, files: files.length, problems },
  };
}

interface PipelineDraft {
  readonly pipeline: string | undefined;
  /** 1 when nothing is said. */
  readonly routers: number;
  readonly stages: readonly StageDraft[];
  readonly complete: boolean;
  readonly problems: readonly Problem[];
}

function readPipeline(yaml: YamlFile): PipelineDraft {
  if (yaml.problems.length > 0)
    return { pipeline: undefined, routers: 1, stages: [], complete: false, problems: yaml.problems };
  const frame = pipelineFrameSchema.safeParse(yaml.value);
  const problems: Problem[] = frame.success
    ? []
    : [...schemaProblems(yaml, [], yaml.value, frame.error, () => Object.keys(pipelineFrameSchema.shape))];
  const raw = (yaml.value ?? {}) as { readonly pipeline?: unknown; readonly stages?: unknown };
  const pipeline = typeof raw.pipeline === 'string' ? raw.pipeline : undefined;
  const entries: readonly unknown[] = Array.isArray(raw.stages) ? raw.stages : [];
  const stages: StageDraft[] = [];
  for (const [at, entry] of entries.entries()) {
    const named = nameOf(yaml, at, entry);
    if ('problem' in named) {
      if (typeof entry === 'object' && entry !== null) problems.push(named.problem);
      continue;
    }
    const path = ['stages', at, named.name];
    const { draft, problems: found } = draftStage(yaml, path, pipeline ?? '?', named.name, named.value);
    problems.push(...found, ...repeatedStage(draft, stages));
    stages.push(draft);
  }
  const complete = stages.length === entries.length && stages.every((stage) => stage.output !== undefined);
  const routers = frame.success ? (frame.data.routers ?? 1) : 1;
  return { pipeline, routers, stages, complete, problems };
}

function nameOf(
  yaml: YamlFile,
  at: number,
  entry: unknown,
): { name: string; value: unknown } | { problem: Problem } {
  const pairs =
    typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? Object.entries(entry) : [];
  const [pair, second] = pairs;
  if (pair !== undefined && second === undefined) return { name: pair[0], value: pair[1] };
  const cure = 'write "- name: { … }", or indent the fields further than the name';
  return {
    problem: yaml.problem(
      ['stages', at],
      'an entry under stages has exactly one key, the name of the stage',
      cure,
    ),
  };
}

function repeatedStage(draft: StageDraft, before: readonly StageDraft[]): readonly Problem[] {
  if (!before.some((stage) => stage.name === draft.name)) return [];
  return [
    draft.yaml.problemAtKey(
      draft.path,
      `pipeline ${draft.pipeline} already has a stage ${draft.name}`,
      'rename one of them',
    ),
  ];
}

function repeatedPipeline(
  yaml: YamlFile,
  pipeline: string | undefined,
  seen: ReadonlyMap<string, string>,
): readonly Problem[] {
  const first = pipeline === undefined ? undefined : seen.get(pipeline);
  if (pipeline === undefined || first === undefined) return [];
  return [
    yaml.problem(
      ['pipeline'],
      `pipeline ${pipeline} is already defined in ${first}`,
      'rename one of them, or put all stages into one file',
    ),
  ];
}

/** `stages.fetch_orders.cursor`: people know a stage by its name, not by its place in the list. */
function fieldName(path: FieldPath): string {
  const [section, at, ...rest] = path;
  if (section !== 'stages' || typeof at !== 'number') return path.join('.');
  return rest.length === 0 ? `stages[${at}]` : `stages.${rest.join('.')}`;
}
