import { appendFile, cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** What a worker process is made of. */
const PARTS = [
  ...['activities', 'catalog', 'client', 'config', 'connectors', 'pipeline', 'signals', 'stage'],
  ...['workers', 'workflows', 'package.json'],
];

/**
 * Copies the sources of a worker into `dir` as its next release would be: the bundle of its workflows has another checksum, and
 * with that the worker another build id. Answers the program to start.
 */
export async function makeBuild(dir: string, release: number): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const part of PARTS) await cp(join(ROOT, part), join(dir, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  await appendFile(join(dir, 'workflows', 'index.ts'), `\nexport const release = ${String(release)};\n`);
  return join(dir, 'workers', 'main.ts');
}
