import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { missingOrFolder } from './missing-file.ts';

export interface SqlFile {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

/** Reads a SQL file that a stage names, or says what is wrong with its path. */
export async function readSqlFile(
  dir: string,
  path: string,
): Promise<SqlFile | { readonly problem: string; readonly cure: string }> {
  const relative = normalize(path);
  if (isAbsolute(relative) || relative.split(sep)[0] === '..') {
    return {
      problem: 'the SQL file lies outside of the project',
      cure: 'name a file below the folder of reefline.yaml',
    };
  }
  const file = relative.split(sep).join('/');
  const text = await readFile(join(dir, relative), 'utf8').catch(missingOrFolder);
  if (text !== undefined) return { file, text };
  return {
    problem: `there is no file ${file}`,
    cure: 'create it, or correct the path (it is relative to reefline.yaml)',
  };
}
