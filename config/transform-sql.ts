import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import type { Problem } from './problem.ts';
import { missingOrFolder } from './missing-file.ts';
import { readSql, type SqlTable } from './sql-inputs.ts';
import type { StageDraft } from './stage-draft.ts';

/** The SELECT of a transform. */
export interface TransformSql {
  readonly text: string;
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  readonly tables: readonly SqlTable[];
}

/** The Redshift Data API takes statements of at most 100 kB; what Reefline puts around the SELECT needs some of it. */
const MAX_SQL_BYTES = 90_000;

/** Reads the SQL file of a transform. `sql` is undefined when there are problems. */
export async function readTransformSql(
  dir: string,
  draft: StageDraft,
): Promise<{ readonly sql: TransformSql | undefined; readonly problems: readonly Problem[] }> {
  if (draft.fields?.kind !== 'transform') return { sql: undefined, problems: [] };
  const path = [...draft.path, 'transform'];
  const refuse = (problem: string, cure: string) => ({
    sql: undefined,
    problems: [draft.yaml.problem(path, problem, cure)],
  });
  const relative = normalize(draft.fields.transform);
  if (isAbsolute(relative) || relative.split(sep)[0] === '..') {
    return refuse(
      'the SQL file lies outside of the project',
      'name a file below the folder of reefline.yaml',
    );
  }
  const file = relative.split(sep).join('/');
  const text = await readFile(join(dir, relative), 'utf8').catch(missingOrFolder);
  if (text === undefined)
    return refuse(
      `there is no file ${file}`,
      'create it, or correct the path (it is relative to reefline.yaml)',
    );
  if (Buffer.byteLength(text) > MAX_SQL_BYTES) {
    return refuse(
      `${file} is larger than ${MAX_SQL_BYTES} bytes, which Redshift does not take`,
      'split the transform into several stages',
    );
  }
  const { tables, problems } = readSql(text, 'redshift');
  if (problems.length === 0) return { sql: { text, file, tables }, problems: [] };
  const field = `stages.${draft.name}.transform`;
  return { sql: undefined, problems: problems.map((problem) => ({ file, field, ...problem })) };
}
