import { Command, CommanderError } from 'commander';
import type { AddCommand } from './command-group.ts';
import { addApplyCommand } from './commands/apply.ts';
import { addBackfillCreateCommand } from './commands/backfill-create.ts';
import { addBackfillListCommand } from './commands/backfill-list.ts';
import { addBackfillOrderCommands } from './commands/backfill-orders.ts';
import { addBackfillShowCommand } from './commands/backfill-show.ts';
import { addCatalogMigrateCommand } from './commands/catalog-migrate.ts';
import { addCodecServerCommand } from './commands/codec-server.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConfigDiffCommand } from './commands/config-diff.ts';
import { addConfigHistoryCommand } from './commands/config-history.ts';
import { addConfigRollbackCommand } from './commands/config-rollback.ts';
import { addConfigShowCommand } from './commands/config-show.ts';
import { addDeliveriesDecideCommands } from './commands/deliveries-decide.ts';
import { addDeliveriesListCommand } from './commands/deliveries-list.ts';
import { addDeliveriesShowCommand } from './commands/deliveries-show.ts';
import { addDevCommand } from './commands/dev.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addEndpointListCommand } from './commands/endpoint-list.ts';
import { addEndpointPauseCommands } from './commands/endpoint-pause.ts';
import { addEndpointPreviewCommand } from './commands/endpoint-preview.ts';
import { addEndpointReplayCommand } from './commands/endpoint-replay.ts';
import { addEndpointTestCommand } from './commands/endpoint-test.ts';
import { addEventsRejectedCommand } from './commands/events-rejected.ts';
import { addEventsSearchCommand } from './commands/events-search.ts';
import { addEventsShowCommand } from './commands/events-show.ts';
import { addEventsTailCommand } from './commands/events-tail.ts';
import { addInboundListCommand } from './commands/inbound-list.ts';
import { addInboundTestCommand } from './commands/inbound-test.ts';
import { addInitCommand } from './commands/init.ts';
import { addLineageCommand } from './commands/lineage.ts';
import { addPauseCommand } from './commands/pause.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addRejectCommand } from './commands/reject.ts';
import { addReleaseCommand } from './commands/release.ts';
import { addResumeCommand } from './commands/resume.ts';
import { addRunCommand } from './commands/run.ts';
import { addRunsListCommand } from './commands/runs-list.ts';
import { addRunsShowCommand } from './commands/runs-show.ts';
import { addSchemaHistoryCommand } from './commands/schema-history.ts';
import { addSkipCommand } from './commands/skip.ts';
import { addStatusCommand } from './commands/status.ts';
import { addSyncCreateCommand, addSyncShowCommand } from './commands/sync.ts';
import { addValidateCommand } from './commands/validate.ts';
import { addWhyCommand } from './commands/why.ts';
import { createContext, type CliContext } from './context.ts';
import { describeError } from './describe-error.ts';
import { InvalidInput } from './invalid-input.ts';
import type { Terminal } from './terminal.ts';

/** Every command, in the order of `reefline --help`. */
const COMMANDS: readonly AddCommand[] = [
  addInitCommand,
  addDevCommand,
  addValidateCommand,
  addDiffCommand,
  addPlanCommand,
  addApplyCommand,
  addConfigHistoryCommand,
  addConfigShowCommand,
  addConfigDiffCommand,
  addConfigRollbackCommand,
  addStatusCommand,
  addWhyCommand,
  addLineageCommand,
  addSchemaHistoryCommand,
  addRunCommand,
  addPauseCommand,
  addResumeCommand,
  addSkipCommand,
  addReleaseCommand,
  addRejectCommand,
  addBackfillCreateCommand,
  addBackfillListCommand,
  addBackfillShowCommand,
  addBackfillOrderCommands,
  addSyncCreateCommand,
  addSyncShowCommand,
  addRunsListCommand,
  addRunsShowCommand,
  addEventsTailCommand,
  addEventsSearchCommand,
  addEventsShowCommand,
  addEventsRejectedCommand,
  addInboundListCommand,
  addInboundTestCommand,
  addEndpointListCommand,
  addEndpointPreviewCommand,
  addEndpointTestCommand,
  addEndpointPauseCommands,
  addEndpointReplayCommand,
  addDeliveriesListCommand,
  addDeliveriesShowCommand,
  addDeliveriesDecideCommands,
  addDoctorCommand,
  addCatalogMigrateCommand,
  addCodecServerCommand,
  addCompletionCommand,
];

/** The program `reefline` with its commands, writing through the context. */
export function buildProgram(context: CliContext, commands: readonly AddCommand[] = COMMANDS): Command {
  const program = new Command('reefline')
    .description('Moves business data by events.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.say(text.trimEnd()),
      getOutHasColors: () => context.colours,
      getErrHasColors: () => false,
      ...(context.columns === undefined ? {} : { getOutHelpWidth: () => context.columns ?? 80 }),
    })
    .showHelpAfterError('Add --help for the options and examples.');
  for (const add of commands) add(program, context);
  addJsonOption(program);
  return program;
}

/** `--json` works everywhere, so no command has to name it. */
function addJsonOption(command: Command): void {
  for (const below of command.commands) addJsonOption(below);
  const isGroup = command.commands.length > 0 && command.registeredArguments.length === 0;
  if (isGroup || command.options.some(({ long }) => long === '--json')) return;
  command.option('--json', 'print one JSON value; errors are JSON too');
}

/**
 * Runs one command line and returns its exit code: 0 when it did what was asked, 1 when that failed, 2 for wrong usage
 * or invalid input. An error is one sentence, or with `--json` the object `{"error": {"message", "exitCode"}}`.
 */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  commands: readonly AddCommand[] = COMMANDS,
): Promise<number> {
  const run = createContext(terminal, argv);
  try {
    await buildProgram(run.context, commands).parseAsync([...argv], { from: 'user' });
    return run.exitCode();
  } catch (error) {
    const exitCode = exitCodeOf(error);
    if (exitCode === 0) return 0;
    if (run.context.wantsJson) terminal.stderr.write(`${JSON.stringify(errorReport(error, exitCode))}\n`);
    // commander has said what is wrong.
    else if (!(error instanceof CommanderError)) terminal.stderr.write(`error: ${describeError(error)}\n`);
    return exitCode;
  } finally {
    await run.close();
  }
}

function exitCodeOf(error: unknown): 0 | 1 | 2 {
  // Help and version end with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof InvalidInput ? 2 : 1;
}

function errorReport(error: unknown, exitCode: number): { error: Record<string, unknown> } {
  const details = error instanceof InvalidInput ? error.details : {};
  return { error: { message: describeError(error).replace(/^error: /, ''), exitCode, ...details } };
}
