import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { labelArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { describeJudged, judgeChecks } from '../judge.ts';
import { requireOnGrid } from '../known-stages.ts';
import { blockingChecks } from '../quarantined-checks.ts';

export function addRejectCommand(program: Command, context: CliContext): void {
  const command = program
    .command('reject')
    .description('confirm a quarantine: the dependents hold until newer data passes the check')
    .argument('<name>', 'the checked dataset, or its check')
    .argument('<timelabel>', 'the quarantined label', labelArgument)
    .requiredOption('--reason <text>', 'why, for the record (required)')
    .action(async (name: string, timelabel: Timelabel, { reason }: { reason: string }) => {
      const db = await context.openCatalog(2);
      const configs = new ConfigStore();
      const checks = blockingChecks(await configs.current(db), name);
      for (const check of checks) requireOnGrid(check, timelabel);
      const client = await context.connectClient();
      const verdict = 'REJECTED';
      const judgement = { timelabel, verdict, actor: context.actor, reason } as const;
      const done = await judgeChecks(db, configs, client, checks, judgement);
      context.show(done, () => done.map((one) => describeJudged(one, timelabel)).join('\n'));
      if (done.every(({ judged }) => judged.kind === 'not quarantined')) context.exitWith(1);
    });
  withExamples(command, [
    'reefline reject warehouse.analytics.orders 20200303000000 --reason "the export was cut off"',
  ]);
}
