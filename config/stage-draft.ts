import { inZone, parsePeriod, type Period } from '../pipeline/period.ts';
import { STAGE_KINDS, type StageKind } from '../pipeline/stage.ts';
import { assertionSchema } from './assertion-schema.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { schemaProblems } from './schema-problem.ts';
import { deadlineSchema, type InputFields, inputSchema } from './join-schema.ts';
import { boundedScheduleSchema, type ScheduleFields } from './schedule-schema.ts';
import {
  type CheckFields,
  type CustomFields,
  type ExtractFields,
  type LoadFields,
  type PublishFields,
  type RegisterFields,
  STAGE_SCHEMAS,
  type TransformFields,
} from './stage-schema.ts';
import type { FieldPath, YamlFile } from './yaml-file.ts';

/** The fields of a stage as written, once they fit the grammar of its kind. */
export type StageFields =
  | ({ readonly kind: 'extract'; readonly from: string } & ExtractFields)
  | ({ readonly kind: 'register'; readonly from: string } & RegisterFields)
  | ({ readonly kind: 'load'; readonly from: string } & LoadFields)
  | ({ readonly kind: 'transform' } & TransformFields)
  | ({ readonly kind: 'publish'; readonly from: string } & PublishFields)
  | ({ readonly kind: 'check'; readonly from: string; readonly to: string } & CheckFields)
  | ({ readonly kind: 'custom' } & CustomFields);

/** One entry under `stages:`, before the project around it is looked at. */
export interface StageDraft {
  readonly id: string;
  readonly pipeline: string;
  readonly name: string;
  readonly yaml: YamlFile;
  readonly path: FieldPath;
  /** Known whenever `to` is a text (of a check, `check`), also when other fields are wrong. */
  readonly output: string | undefined;
  /** Undefined when some field is wrong. */
  readonly fields: StageFields | undefined;
}

/** Reads one stage. `path` is where its fields stand. */
export function draftStage(
  yaml: YamlFile,
  path: FieldPath,
  pipeline: string,
  name: string,
  value: unknown,
): { readonly draft: StageDraft; readonly problems: readonly Problem[] } {
  const raw = isRecord(value) ? value : {};
  const output = outputOf(raw, name);
  const base = { id: `${pipeline}.${name}`, pipeline, name, yaml, path, output };
  const kind = kindOf(yaml, path, value);
  if (typeof kind !== 'string') return { draft: { ...base, fields: undefined }, problems: [kind] };
  const result = STAGE_SCHEMAS[kind].safeParse(value);
  if (result.success)
    return { draft: { ...base, fields: asFields(kind, result.data, output) }, problems: [] };
  const problems = schemaProblems(yaml, path, value, result.error, (local) => knownKeys(kind, local));
  return { draft: { ...base, fields: undefined }, problems };
}

/** A check writes no table: its result is a dataset beside the checked one, `warehouse.analytics.orders$check_orders`. */
function outputOf(raw: Readonly<Record<string, unknown>>, name: string): string | undefined {
  if (typeof raw['check'] === 'string') return `${raw['check']}$${name}`;
  return typeof raw['to'] === 'string' ? raw['to'] : undefined;
}

function kindOf(yaml: YamlFile, path: FieldPath, value: unknown): StageKind | Problem {
  if (!isRecord(value)) {
    return yaml.problem(
      path,
      'a stage is a mapping (key: value)',
      'write the fields of the stage below its name, indented further than the name',
    );
  }
  const kinds = STAGE_KINDS.filter((kind) => Object.hasOwn(value, kind));
  const [kind, second] = kinds;
  if (kind !== undefined && second === undefined) return kind;
  if (kind !== undefined) {
    return yaml.problemAtKey(
      [...path, second ?? kind],
      `a stage does one thing, this one does ${kinds.join(' and ')}`,
      'make a stage of each',
    );
  }
  const unknown = Object.keys(value)[0] ?? '';
  return yaml.problemAtKey(
    [...path, unknown],
    'the stage does not say what it does',
    suggest(unknown, STAGE_KINDS, `begin it with one of its kinds`),
  );
}

function asFields(kind: StageKind, data: object, to: string | undefined): StageFields {
  const from =
    kind === 'transform' || kind === 'custom' ? {} : { from: (data as Record<string, unknown>)[kind] };
  // `data` was checked by the schema of this very kind.
  return { kind, ...from, ...(to === undefined ? {} : { to }), ...data } as StageFields;
}

function knownKeys(kind: StageKind, local: FieldPath): readonly string[] {
  if (local[0] === 'schedule') return Object.keys(boundedScheduleSchema.shape);
  if (local[0] === 'deadline') return Object.keys(deadlineSchema.shape);
  if (local[0] === 'assert') return Object.keys(assertionSchema.shape);
  return Object.keys(local[0] === 'inputs' ? inputSchema.shape : STAGE_SCHEMAS[kind].shape);
}

export function scheduleOf(fields: StageFields): Exclude<ScheduleFields, string> | undefined {
  const schedule = 'schedule' in fields ? fields.schedule : undefined;
  return typeof schedule === 'string' ? { cron: schedule } : schedule;
}

export function everyOf(fields: StageFields): Period | undefined {
  const every = 'every' in fields && fields.every !== undefined ? parsePeriod(fields.every) : undefined;
  // A zone that does not go with the period has its own problem.
  return every === undefined || fields.timezone === undefined
    ? every
    : (inZone(every, fields.timezone) ?? every);
}

export function overridesOf(fields: StageFields): Readonly<Record<string, InputFields>> {
  return 'inputs' in fields ? (fields.inputs ?? {}) : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
