import { Argument, type Command } from 'commander';
import { readKnownNames } from '../../catalog/known-names.ts';
import { catalogUrl } from '../../workers/catalog.ts';
import { choiceArgument } from '../arguments.ts';
import { completionScript, SHELLS, type Shell } from '../completion-scripts.ts';
import { completionWords } from '../completion-words.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';

/** Milliseconds that a person who pressed Tab is kept waiting for the catalog. */
const BUDGET = 300;

export function addCompletionCommand(program: Command, context: CliContext): void {
  const command = program
    .command('completion')
    .description('print a script that completes commands, options and names when you press Tab')
    .addArgument(
      new Argument('<shell>', 'the shell that is to run it')
        .choices(SHELLS)
        .argParser(choiceArgument(SHELLS)),
    )
    .action((shell: Shell) => {
      const script = completionScript(shell, commandsWithFolder(program));
      context.show({ shell, script }, () => script);
    });
  command
    .command('words', { hidden: true })
    .argument('[words...]', 'what was typed after "reefline", the last word as far as it goes')
    .action(async (words: readonly string[]) => {
      const found = await completionWords(program, words, async () =>
        readKnownNames(catalogUrl(context.env), BUDGET),
      ).catch(() => []);
      // Plain lines, whatever was typed: "--json" may be one of the words.
      if (found.length > 0) context.print(found.join('\n'));
    });
  withExamples(command, [
    'eval "$(reefline completion bash)"',
    'reefline completion fish > ~/.config/fish/completions/reefline.fish',
  ]);
}

function commandsWithFolder(command: Command): readonly string[] {
  const own = command.registeredArguments.some((argument) => argument.name() === 'dir')
    ? [command.name()]
    : [];
  return [...own, ...command.commands.flatMap(commandsWithFolder)];
}
