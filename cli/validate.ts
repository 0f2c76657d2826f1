import { formatProblem, type Problem } from '../config/problem.ts';
import { readProject } from '../config/project.ts';
import { secretReferences } from '../config/secret-reference.ts';
import { count, describeProject } from './validate-lines.ts';

/** Where a command writes; process.stdout fits. */
export interface Output {
  write(text: string): unknown;
}

export interface ValidateOptions {
  /** One JSON object instead of text. */
  readonly json?: boolean;
}

/** Exit code when the project has problems. */
export const PROBLEMS_FOUND = 2;

/**
 * `reefline validate`: reads the project in `dir` without network or environment and prints all its problems, or
 * what was understood. Returns the exit code: 0, or 2 when there are problems.
 */
export async function validate(dir: string, out: Output, options: ValidateOptions = {}): Promise<number> {
  const reading = await readProject(dir);
  if ('problems' in reading) {
    const { problems } = reading;
    out.write(options.json === true ? json({ ok: false, problems }) : problemText(problems));
    return PROBLEMS_FOUND;
  }
  const { project } = reading;
  const text =
    options.json === true
      ? json({ ok: true, project, secrets: secretReferences(project) })
      : describeProject(project);
  out.write(text);
  return 0;
}

function problemText(problems: readonly Problem[]): string {
  const files = Map.groupBy(problems, (problem) => problem.file);
  const groups = [...files.values()].map((group) =>
    group.map((problem) => `${formatProblem(problem)}\n`).join(''),
  );
  return `${groups.join('\n')}\n${count(problems.length, 'problem')} in ${count(files.size, 'file')}\n`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
