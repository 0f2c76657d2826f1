import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** Adds one command, with its action, to the program. One file in commands/ exports one of these. */
export type AddCommand = (program: Command, context: CliContext) => void;

/** What each group of commands is about, for `reefline --help`. */
const GROUPS = {
  backfill: 'ranges of labels through the graph',
  catalog: 'the catalog database',
  config: 'the config versions that were applied',
  deliveries: 'messages to endpoints, and dead letters',
  endpoint: 'where customers receive events',
  events: 'the event log',
  inbound: 'queues whose messages become data events',
  runs: 'the runs of stages in the ledger',
  schema: 'the columns of datasets, as runs saw them',
  sync: 'historical syncs: labels that are found at the source of an extract',
} as const;

/** The group `reefline <name> …`, made by whichever of its commands is added first. */
export function groupOf(program: Command, name: keyof typeof GROUPS): Command {
  return (
    program.commands.find((command) => command.name() === name) ??
    program.command(name).description(GROUPS[name])
  );
}

/** Shows examples below the options in `--help`, each as it is typed. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`);
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
