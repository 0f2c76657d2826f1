import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { missingOrFolder } from './missing-file.ts';

export interface ProjectFile {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

/** A path as the author wrote it, in the form that is kept: `./sql/a.sql` is `sql/a.sql`. */
export function projectPath(path: string): string {
  return normalize(path).split(sep).join('/');
}

/** Reads a file that a stage names, or says what is wrong with its path. `what` is such as `SQL file`. */
export async function readProjectFile(
  dir: string,
  path: string,
  what: string,
): Promise<ProjectFile | { readonly problem: string; readonly cure: string }> {
  const file = projectPath(path);
  if (isAbsolute(file) || file.split('/')[0] === '..') {
    return {
      problem: `the ${what} lies outside of the project`,
      cure: 'name a file below the folder of reefline.yaml',
    };
  }
  const text = await readFile(join(dir, file), 'utf8').catch(missingOrFolder);
  if (text !== undefined) return { file, text };
  return {
    problem: `there is no file ${file}`,
    cure: 'create it, or correct the path (it is relative to reefline.yaml)',
  };
}
