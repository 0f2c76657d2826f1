import { resolve } from 'node:path';
import { readProject } from '../config/project.ts';
import type { Project } from '../pipeline/project.ts';
import type { CliContext } from './context.ts';
import { InvalidInput } from './invalid-input.ts';
import { validate } from './validate.ts';

/** The project in a folder. @throws InvalidInput when it has problems, after all of them were printed. */
export async function checkedProject(dir: string, context: CliContext, outcome: string): Promise<Project> {
  const reading = await readProject(resolve(dir));
  if ('project' in reading) return reading.project;
  await validate(resolve(dir), { write: (text: string) => context.say(text.trimEnd()) });
  throw new InvalidInput(
    `${outcome}: the project has problems. Correct them; "reefline validate ${dir}" lists them.`,
    { problems: reading.problems },
  );
}
