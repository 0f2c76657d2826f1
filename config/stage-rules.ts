import type { ConnectionKind } from '../pipeline/connection.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import type { StageKind } from '../pipeline/stage.ts';
import { checkProblems } from './check-rules.ts';
import { extractProblems } from './extract-rules.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { publishProblems } from './publish-rules.ts';
import type { ConnectionDraft } from './read-settings.ts';
import { scheduleProblems } from './schedule-rules.ts';
import type { StageDraft, StageFields } from './stage-draft.ts';

/** Which kinds of connections a kind of stage reads from and writes to. */
const FITS: Readonly<Record<StageKind, Readonly<Record<'from' | 'to', readonly ConnectionKind[]>>>> = {
  extract: { from: ['postgres', 'mysql'], to: ['s3'] },
  register: { from: ['s3'], to: ['glue'] },
  load: { from: ['s3'], to: ['redshift', 'snowflake', 'postgres'] },
  transform: { from: ['redshift', 'athena', 'snowflake'], to: ['redshift', 'athena', 'snowflake'] },
  publish: { from: ['redshift', 'athena', 'snowflake'], to: ['postgres', 'salesforce'] },
  check: { from: ['redshift', 'athena', 'snowflake'], to: ['redshift', 'athena', 'snowflake'] },
  custom: { from: [], to: ['postgres', 's3', 'glue', 'redshift', 'athena', 'snowflake', 'salesforce'] },
};

/** What is wrong with a stage in the light of the connections, whatever the other stages are. */
export function stageProblems(
  draft: StageDraft,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  const { fields } = draft;
  if (fields === undefined) return [];
  const problems: Problem[] = [];
  if (fields.kind === 'check') problems.push(...checkProblems(draft, fields));
  else problems.push(...connectionFit(draft, fields, 'to', fields.to, connections));
  if (fields.kind !== 'transform' && fields.kind !== 'custom')
    problems.push(...connectionFit(draft, fields, 'from', fields.from, connections));
  if (fields.kind === 'publish') problems.push(...publishProblems(draft, fields, connections));
  return [
    ...problems,
    ...modeProblems(draft, fields),
    ...athenaProblems(draft, fields, connections),
    ...kindProblems(draft, fields, connections),
    ...scheduleProblems(draft, fields),
  ];
}

/** A table in Athena is a folder for each label, or one for all of it; nothing there rewrites single rows. */
function athenaProblems(
  { yaml, path }: StageDraft,
  fields: StageFields,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  if (fields.kind !== 'transform' || fields.mode !== 'merge') return [];
  if (connections.get(parseDataset(fields.to)?.connection ?? '')?.kind !== 'athena') return [];
  return [
    yaml.problem(
      [...path, 'mode'],
      'nothing rewrites single rows of a table in Athena, so mode merge does not fit',
      'use mode append, which replaces the rows of a label when it is restated, or replace, which replaces all rows',
    ),
  ];
}

function connectionFit(
  draft: StageDraft,
  fields: StageFields,
  side: 'from' | 'to',
  dataset: string,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  const name = parseDataset(dataset)?.connection;
  if (name === undefined) return [];
  const path = [...draft.path, side === 'to' ? 'to' : fields.kind];
  const connection = connections.get(name);
  if (connection === undefined) {
    const cure = suggest(name, connections.keys(), 'add it under connections: in reefline.yaml');
    return [draft.yaml.problem(path, `connection ${name} is not known`, cure)];
  }
  const fits = FITS[fields.kind][side];
  const { kind } = connection;
  if (kind === undefined || fits.includes(kind)) return [];
  const fitting = [...connections].flatMap(([other, { kind: its }]) =>
    its !== undefined && fits.includes(its) ? [other] : [],
  );
  const wanted = fits.join(' or ');
  const does = side === 'to' ? `writes to a ${wanted} connection` : `reads from a ${wanted} connection`;
  const cure = fitting.length === 0 ? `add a ${wanted} connection` : `use ${fitting.join(' or ')}`;
  return [
    draft.yaml.problem(path, `connection ${name} is ${kind}, but ${article(fields.kind)} ${does}`, cure),
  ];
}

/** Only MySQL and MariaDB hold dates that are none; only PostgreSQL hands a snapshot to other connections. */
function kindProblems(
  { yaml, path }: StageDraft,
  fields: StageFields,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  if (fields.kind !== 'extract') return [];
  const kind = connections.get(parseDataset(fields.from)?.connection ?? '')?.kind;
  if (kind === 'postgres' && fields.zero_dates !== undefined)
    return [
      yaml.problemAtKey(
        [...path, 'zero_dates'],
        `a ${kind} connection has no zero dates`,
        'remove zero_dates',
      ),
    ];
  if (kind === 'mysql' && fields.parallel !== undefined)
    return [
      yaml.problemAtKey(
        [...path, 'parallel'],
        'extracts from mysql read with one connection',
        'remove parallel',
      ),
    ];
  return [];
}

function modeProblems(draft: StageDraft, fields: StageFields): readonly Problem[] {
  const { yaml, path } = draft;
  switch (fields.kind) {
    case 'extract':
      return extractProblems(draft, fields);
    case 'load':
    case 'transform':
      if (fields.mode === 'merge' && fields.key === undefined) {
        return [
          yaml.problem(
            [...path, 'key'],
            'merge needs a key',
            'add key: with the columns that identify a row, such as [id]',
          ),
        ];
      }
      if (fields.mode !== 'merge' && fields.key !== undefined) {
        return [
          yaml.problemAtKey(
            [...path, 'key'],
            `mode ${fields.mode} has no key`,
            'remove key, or use mode merge',
          ),
        ];
      }
      return [];
    case 'register':
    case 'publish':
    case 'check':
    case 'custom':
      return [];
  }
}

function article(kind: StageKind): string {
  if (kind === 'custom') return 'a custom stage';
  return kind === 'extract' ? 'an extract' : `a ${kind}`;
}
