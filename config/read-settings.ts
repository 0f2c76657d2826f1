import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection, ConnectionKind } from '../pipeline/connection.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import type { InboundSource } from '../pipeline/inbound.ts';
import type { OutsideDataset } from '../pipeline/outside-dataset.ts';
import { inZone, parsePeriod } from '../pipeline/period.ts';
import type { Project } from '../pipeline/project.ts';
import type { EventType } from '../pipeline/stage.ts';
import { connectionProblems, secretProblems } from './connection-rules.ts';
import { endpointOf } from './endpoint-filter.ts';
import { ENDPOINT_SCHEMAS, endpointSchema } from './endpoint-schema.ts';
import { inboundProblems } from './inbound-rules.ts';
import { inboundRuleSchema, inboundSchema, statusSchema, timelabelSchema } from './inbound-schema.ts';
import { inboundSourceOf, type InboundFields } from './inbound-source.ts';
import { missingFile } from './missing-file.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { zoneMismatch } from './schedule-rules.ts';
import { schemaProblems } from './schema-problem.ts';
import {
  CONNECTION_SCHEMAS,
  connectionSchema,
  outsideDatasetSchema,
  retentionSchema,
  settingsSchema,
  signalsSchema,
} from './settings-schema.ts';
import { parseRetention } from './timeout.ts';
import { type FieldPath, readYaml, type YamlFile } from './yaml-file.ts';

export const SETTINGS_FILE = 'reefline.yaml';

/** What could be read of reefline.yaml. Names are kept even where their fields are wrong, so that no problem causes others. */
export interface SettingsDraft {
  /** Undefined when the file is missing. */
  readonly yaml: YamlFile | undefined;
  readonly connections: ReadonlyMap<string, ConnectionDraft>;
  readonly endpoints: readonly EndpointDefinition[];
  readonly inbound: readonly InboundSource[];
  /** Undefined when it is absent or wrong; so is the next. */
  readonly signals: Project['signals'];
  readonly retention: Project['retention'];
  readonly datasets: readonly OutsideDataset[];
  /** Outside datasets by id, also those whose fields are wrong. */
  readonly datasetNames: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

export interface ConnectionDraft {
  readonly kind: ConnectionKind | undefined;
  /** Undefined when its fields are wrong. */
  readonly connection: Connection | undefined;
}

/** The event types that a dataset of a connection can carry. */
const TYPES_OF_KIND: Readonly<Record<ConnectionKind, readonly EventType[]>> = {
  postgres: ['publish'],
  mysql: [],
  s3: ['s3'],
  glue: ['glue', 'athena'],
  redshift: ['redshift'],
  salesforce: ['publish'],
  athena: ['athena'],
  snowflake: ['snowflake'],
};

export async function readSettings(dir: string): Promise<SettingsDraft> {
  const text = await readFile(join(dir, SETTINGS_FILE), 'utf8').catch(missingFile);
  if (text === undefined) {
    const problem = { file: SETTINGS_FILE, line: 1, column: 1, field: '', problem: 'the file is missing' };
    return draft(undefined, {}, [{ ...problem, cure: 'create it with the connections of the project' }]);
  }
  const yaml = readYaml(SETTINGS_FILE, text, (path) => path.join('.'));
  if (yaml.problems.length > 0) return draft(yaml, {}, yaml.problems);
  const raw = record(yaml.value);
  const result = settingsSchema.safeParse(yaml.value);
  const problems = result.success
    ? []
    : schemaProblems(yaml, [], yaml.value, result.error, (path) => knownKeys(raw, path));
  return draft(yaml, raw, problems);
}

function draft(yaml: YamlFile | undefined, raw: Raw, found: readonly Problem[]): SettingsDraft {
  const problems = [...found];
  const connections = new Map<string, ConnectionDraft>();
  for (const [name, fields] of Object.entries(record(raw['connections']))) {
    const result = connectionSchema.safeParse(fields);
    // The schema yields no key with the value undefined, which is all that its type allows beyond Connection.
    const connection = result.success ? (result.data as Connection) : undefined;
    connections.set(name, { kind: connection?.kind ?? kindOf(CONNECTION_SCHEMAS, fields), connection });
    if (yaml !== undefined) {
      problems.push(...secretProblems(yaml, ['connections', name], record(fields)));
      if (connection !== undefined)
        problems.push(...connectionProblems(yaml, ['connections', name], connection));
    }
  }
  const endpoints: EndpointDefinition[] = [];
  for (const [name, fields] of Object.entries(record(raw['endpoints']))) {
    const result = endpointSchema.safeParse(fields);
    if (result.success) endpoints.push(endpointOf(name, result.data));
    if (yaml !== undefined) problems.push(...secretProblems(yaml, ['endpoints', name], record(fields)));
  }
  const { datasets, datasetNames } = readDatasets(record(raw['datasets']));
  if (yaml !== undefined) {
    problems.push(...zoneProblems(yaml, record(raw['datasets'])));
    for (const each of datasets) problems.push(...datasetProblems(yaml, each, connections));
  }
  const sources = readSources(record(raw['inbound']));
  if (yaml !== undefined) {
    for (const [name, fields] of Object.entries(record(raw['inbound'])))
      problems.push(...secretProblems(yaml, ['inbound', name], record(fields)));
    problems.push(...inboundProblems(yaml, sources, datasetNames, endpoints));
  }
  const inbound = sources.map(([name, fields]) => inboundSourceOf(name, fields, datasets));
  const signals = signalsSchema.safeParse(raw['signals']).data;
  const retention = readRetention(raw['retention']);
  return { yaml, connections, endpoints, inbound, signals, retention, datasets, datasetNames, problems };
}

function readRetention(raw: unknown): Project['retention'] {
  const result = retentionSchema.safeParse(raw);
  const eventSeconds = result.success ? parseRetention(result.data.events) : undefined;
  return eventSeconds === undefined ? undefined : { eventSeconds };
}

function readSources(raw: Raw): readonly (readonly [name: string, fields: InboundFields])[] {
  return Object.entries(raw).flatMap(([name, fields]) => {
    const result = inboundSchema.safeParse(fields);
    return result.success ? [[name, result.data] as const] : [];
  });
}

function readDatasets(raw: Raw): { datasets: readonly OutsideDataset[]; datasetNames: ReadonlySet<string> } {
  const datasets: OutsideDataset[] = [];
  for (const [dataset, fields] of Object.entries(raw)) {
    const result = outsideDatasetSchema.safeParse(fields);
    const every = result.success ? parsePeriod(result.data.every) : undefined;
    if (!result.success || every === undefined) continue;
    const { type, timezone } = result.data;
    const period = timezone === undefined ? every : inZone(every, timezone);
    if (period !== undefined) datasets.push({ dataset, period, type });
  }
  return { datasets, datasetNames: new Set(Object.keys(raw)) };
}

function zoneProblems(yaml: YamlFile, raw: Raw): readonly Problem[] {
  return Object.entries(raw).flatMap(([dataset, fields]) => {
    const { data } = outsideDatasetSchema.safeParse(fields);
    const every = parsePeriod(data?.every ?? '');
    if (every === undefined || data?.timezone === undefined) return [];
    const problem = zoneMismatch(every, data.timezone);
    const path = ['datasets', dataset, 'timezone'];
    return problem === undefined ? [] : [yaml.problem(path, problem, 'remove timezone')];
  });
}

function datasetProblems(
  yaml: YamlFile,
  { dataset, type }: OutsideDataset,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  const name = parseDataset(dataset)?.connection;
  if (name === undefined) return [];
  const connection = connections.get(name);
  const path = ['datasets', dataset];
  if (connection === undefined) {
    return [
      yaml.problemAtKey(
        path,
        `connection ${name} is not known`,
        suggest(name, connections.keys(), 'add it under connections:'),
      ),
    ];
  }
  const types = connection.kind === undefined ? [type] : TYPES_OF_KIND[connection.kind];
  if (types.includes(type)) return [];
  const problem = `events of type ${type} do not come from connection ${name}, which is ${connection.kind ?? ''}`;
  const cure = types.length === 0 ? 'remove it, or name another connection' : `write ${types.join(' or ')}`;
  return [yaml.problem([...path, 'type'], problem, cure)];
}

function knownKeys(raw: Raw, path: FieldPath): readonly string[] {
  const [section, name, field] = path;
  if (section === undefined) return Object.keys(settingsSchema.shape);
  if (section === 'endpoints') {
    if (field !== undefined) return NAME_LIST_KEYS;
    const kind = kindOf(ENDPOINT_SCHEMAS, record(raw['endpoints'])[String(name)]);
    return kind === undefined ? [] : Object.keys(ENDPOINT_SCHEMAS[kind].shape);
  }
  if (section === 'datasets') return Object.keys(outsideDatasetSchema.shape);
  if (section === 'signals') return Object.keys(signalsSchema.shape);
  if (section === 'retention') return Object.keys(retentionSchema.shape);
  if (section === 'inbound') return inboundKeys(path.slice(2));
  const kind = kindOf(CONNECTION_SCHEMAS, record(raw['connections'])[String(name)]);
  return kind === undefined ? [] : Object.keys(CONNECTION_SCHEMAS[kind].shape);
}

/** `below`: the path from the source on, such as `events`, 0, `timelabel`. */
function inboundKeys(below: FieldPath): readonly string[] {
  const schemas = { timelabel: timelabelSchema, status: statusSchema };
  const [events, , field] = below;
  if (events === undefined) return Object.keys(inboundSchema.shape);
  const inner = Object.entries(schemas).find(([name]) => name === field);
  return Object.keys((inner?.[1] ?? inboundRuleSchema).shape);
}

/** The only fields of an endpoint with keys of their own. */
const NAME_LIST_KEYS = ['allow', 'deny'];

function kindOf<Kind extends string>(
  schemas: Readonly<Record<Kind, unknown>>,
  fields: unknown,
): Kind | undefined {
  const kind = record(fields)['kind'];
  return typeof kind === 'string' && Object.hasOwn(schemas, kind) ? (kind as Kind) : undefined;
}

type Raw = Readonly<Record<string, unknown>>;

function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {};
}
