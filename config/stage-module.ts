import { textsIn } from '../pipeline/json.ts';
import { secretProblems } from './connection-rules.ts';
import type { Problem } from './problem.ts';
import { readProjectFile } from './project-file.ts';
import type { StageDraft } from './stage-draft.ts';

/** What Node.js runs as it is. */
const MODULE = /\.(ts|mts|js|mjs)$/;

/**
 * What is wrong with the module of a custom stage and with its options. The module is not run, and need not be ready
 * to run here: whether it exports a function is found out by the worker that loads it.
 */
export async function moduleProblems(dir: string, draft: StageDraft): Promise<readonly Problem[]> {
  const { fields, yaml, path } = draft;
  if (fields?.kind !== 'custom') return [];
  const there = [...path, 'custom'];
  const read = await readProjectFile(dir, fields.custom, 'module');
  const problems: Problem[] = [];
  if ('problem' in read) problems.push(yaml.problem(there, read.problem, read.cure));
  else if (!MODULE.test(read.file))
    problems.push(
      yaml.problem(there, 'this is no module', 'name a file that ends in .ts, .mts, .js or .mjs'),
    );
  for (const { text, path: inside } of textsIn(fields.with ?? {})) {
    const at = [...path, 'with', ...inside.slice(0, -1)];
    problems.push(...secretProblems(yaml, at, { [String(inside.at(-1))]: text }));
  }
  return problems;
}
