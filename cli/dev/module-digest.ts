import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../../pipeline/project.ts';
import { IGNORED } from './watch-project.ts';

/** What a module may import from the project. */
const CODE = /\.([mc]?[tj]s|json)$/;

/**
 * A text that changes with the code of custom stages, by which a running worker is known to have the old one. Empty when
 * the project has none; modules may import each other, so all code of the folder counts.
 */
export async function moduleDigest(dir: string, project: Project): Promise<string> {
  if (!project.stages.some(({ work }) => work.kind === 'custom')) return '';
  const files = (await readdir(dir, { recursive: true })).filter(
    (file) => CODE.test(file) && !IGNORED.test(file),
  );
  const digest = createHash('sha256');
  for (const file of files.sort()) digest.update(`${file}\0`).update(await readFile(join(dir, file)));
  return digest.digest('hex');
}
