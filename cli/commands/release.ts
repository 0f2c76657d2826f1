import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readHeldRuns } from '../../catalog/held-runs.ts';
import type { Timelabel } from '../../pipeline/timelabel.ts';
import { askForRun } from '../../workers/ask-run.ts';
import { labelArgument } from '../arguments.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { describeJudged, judgeChecks } from '../judge.ts';
import { requireOnGrid } from '../known-stages.ts';
import { blockingChecks } from '../quarantined-checks.ts';

export function addReleaseCommand(program: Command, context: CliContext): void {
  const command = program
    .command('release')
    .description('let go what a blocking check quarantines, or what the limit of restated labels holds')
    .argument('<name>', 'the checked dataset or its check; or a stage whose labels are held')
    .argument('[timelabel]', 'one label; needed for a quarantine', labelArgument)
    .requiredOption('--reason <text>', 'why, for the record (required)')
    .action(async (name: string, timelabel: Timelabel | undefined, { reason }: { reason: string }) => {
      const db = await context.openCatalog(2);
      const configs = new ConfigStore();
      const table = await configs.current(db);
      const stage = table.stages.get(name);
      if (stage !== undefined && stage.work.kind !== 'check') {
        if (timelabel !== undefined) requireOnGrid(stage, timelabel);
        const held = (await readHeldRuns(db, name, 'storm')).filter(
          (one) => timelabel === undefined || one.timelabel === timelabel,
        );
        const client = await context.connectClient();
        for (const { timelabel: label, request } of held)
          await askForRun(client, {
            stage,
            timelabel: label,
            trigger: 'manual',
            request: { request, by: context.actor, reason },
          });
        context.show({ released: held }, () =>
          held.length === 0
            ? `Nothing of ${name} is held by its limit of restated labels.`
            : `${String(held.length)} held ${held.length === 1 ? 'label of' : 'labels of'} ${name} may run now. Watch them with: reefline status --stage ${name}`,
        );
        return;
      }
      const checks = blockingChecks(table, name);
      if (timelabel === undefined)
        throw new InvalidInput('Name the timelabel that is to be released, such as 20200303000000.');
      for (const check of checks) requireOnGrid(check, timelabel);
      const client = await context.connectClient();
      const verdict = 'RELEASED';
      const judgement = { timelabel, verdict, actor: context.actor, reason } as const;
      const done = await judgeChecks(db, configs, client, checks, judgement);
      context.show(done, () => done.map((one) => describeJudged(one, timelabel)).join('\n'));
      if (done.every(({ judged }) => judged.kind === 'not quarantined')) context.exitWith(1);
    });
  withExamples(command, [
    'reefline release warehouse.analytics.orders 20200303000000 --reason "refunds of a cancelled event"',
    'reefline release marts.daily_revenue --reason "the restatement of March is wanted"',
  ]);
}
