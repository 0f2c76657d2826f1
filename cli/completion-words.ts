import type { Command, Option } from 'commander';
import type { KnownNames } from '../catalog/known-names.ts';
import { RUN_STATUSES } from '../pipeline/opening.ts';
import { OUTCOMES } from '../pipeline/outcome.ts';

/** Reads the names of the configuration in force. @throws when the catalog does not answer at once. */
export type ReadNames = () => Promise<KnownNames>;

/**
 * What may stand in the place of the last word, of which the beginning may have been typed: commands, options, and names
 * of the configuration where an option or argument takes one. Empty where the shell should complete a file.
 */
export async function completionWords(
  program: Command,
  words: readonly string[],
  readNames: ReadNames,
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const { command, operands, awaiting } = walk(program, words.slice(0, -1));
  const candidates = await candidatesFor(command, operands, awaiting, typed, readNames);
  return [...new Set(candidates)].filter((word) => word.startsWith(typed));
}

interface Place {
  readonly command: Command;
  /** Arguments of the command that are complete. */
  readonly operands: number;
  /** The option that takes the next word. */
  readonly awaiting: Option | undefined;
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program;
  let operands = 0;
  let awaiting: Option | undefined;
  for (const word of words) {
    if (awaiting !== undefined) awaiting = undefined;
    else if (word.startsWith('-')) awaiting = optionTakingWord(command, word);
    else {
      const below = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (below === undefined) operands += 1;
      else command = below;
    }
  }
  return { command, operands, awaiting };
}

function optionTakingWord(command: Command, word: string): Option | undefined {
  const option = command.options.find(({ long, short }) => word === long || word === short);
  return option?.required === true ? option : undefined;
}

async function candidatesFor(
  command: Command,
  operands: number,
  awaiting: Option | undefined,
  typed: string,
  readNames: ReadNames,
): Promise<readonly string[]> {
  if (awaiting !== undefined) return valuesOf(awaiting.attributeName(), readNames);
  const help = command.createHelp();
  if (typed.startsWith('-')) return help.visibleOptions(command).flatMap(({ long }) => long ?? []);
  const { registeredArguments } = command;
  const argument = registeredArguments[Math.min(operands, registeredArguments.length - 1)];
  if (argument === undefined) return help.visibleCommands(command).map((each) => each.name());
  if (operands >= registeredArguments.length && !argument.variadic) return [];
  return argument.argChoices ?? valuesOf(argument.name(), readNames);
}

/** Values of an option or argument, by its name. */
async function valuesOf(name: string, readNames: ReadNames): Promise<readonly string[]> {
  switch (name) {
    case 'outcome':
      return OUTCOMES;
    case 'status':
      return [...RUN_STATUSES, ...OUTCOMES];
    case 'stage':
      return (await readNames()).stages;
    case 'pipeline':
      return (await readNames()).pipelines;
    case 'dataset':
      return (await readNames()).datasets;
    case 'name': {
      const { stages, datasets } = await readNames();
      return [...stages, ...datasets];
    }
    case 'scope':
    case 'target': {
      const { pipelines, stages } = await readNames();
      return [...pipelines, ...stages];
    }
    default:
      return [];
  }
}
