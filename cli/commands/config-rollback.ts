import type { Command } from 'commander';
import type { WaitingPolicy } from '../../pipeline/join-effect.ts';
import { versionArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { optionalWaiting } from '../waiting-option.ts';
import { knownVersion } from '../known-version.ts';
import { putInForce } from '../put-in-force.ts';

interface RollbackOptions {
  readonly note?: string;
  readonly waiting?: WaitingPolicy;
  readonly yes?: boolean;
}

export function addConfigRollbackCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'config')
    .command('rollback')
    .description('bring an older config version back, as a new one')
    .argument('<version>', 'number of the version', versionArgument)
    .addOption(optionalWaiting())
    .option('--note <text>', 'why, for "reefline config history"')
    .option('-y, --yes', 'do not ask, whatever ends for good')
    .action(async (asked: number, { note, waiting, yes }: RollbackOptions) => {
      const { project, version, checksum } = await knownVersion(await context.openCatalog(), asked);
      const options = { waiting, note, rollbackOf: { version, checksum } };
      await putInForce(context, { project, options, plan: 'shown', yes: yes === true });
    });
  withExamples(command, [
    'reefline config rollback 7',
    'reefline config rollback 7 --note "the join of version 8 was wrong" --yes',
  ]);
}
