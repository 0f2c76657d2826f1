import type { Command } from 'commander';
import { decideDeadLetters } from '../../catalog/dead-letters.ts';
import { wakePublisher } from '../../workers/wake-publisher.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { requireKnownEndpoint } from '../known-endpoints.ts';

/** `deliveries redrive` and `deliveries discard`: what a person decides about dead letters. */
export function addDeliveriesDecideCommands(program: Command, context: CliContext): void {
  const redrive = addDecision(
    program,
    context,
    'redrive',
    'send dead letters again, after their cause is mended',
  );
  withExamples(redrive, [
    'reefline deliveries redrive customers --all',
    'reefline deliveries redrive customers orders.load_orders/20200303110000/r1',
  ]);
  const discard = addDecision(program, context, 'discard', 'give dead letters up for good');
  withExamples(discard, ['reefline deliveries discard customers orders.load_orders/20200303110000/r1']);
}

function addDecision(
  program: Command,
  context: CliContext,
  decision: 'redrive' | 'discard',
  description: string,
): Command {
  return groupOf(program, 'deliveries')
    .command(decision)
    .description(description)
    .argument('<endpoint>', 'name of the endpoint')
    .argument('[events...]', 'ids of the events, as "deliveries list --status dead" shows them')
    .option('--all', 'all dead letters of the endpoint')
    .action(async (endpoint: string, named: readonly string[], { all = false }: { all?: boolean }) => {
      if (all === named.length > 0)
        throw new InvalidInput(`Name the events to ${decision}, or write --all: one of the two.`);
      const db = await context.openCatalog();
      await requireKnownEndpoint(db, endpoint);
      const letters = { endpoint, eventIds: all ? ('all' as const) : named };
      const decided = await decideDeadLetters(db, letters, decision, context.actor);
      const left = named.filter((id) => !decided.includes(id));
      if (decision === 'redrive' && decided.length > 0)
        await wakePublisher(await context.connectClient(), endpoint);
      context.show({ endpoint, decision, events: decided, notDead: left }, () =>
        decidedText(decision, endpoint, decided.length, left),
      );
      if (left.length > 0) context.exitWith(1);
    });
}

function decidedText(
  decision: 'redrive' | 'discard',
  endpoint: string,
  count: number,
  left: readonly string[],
): string {
  const letters = count === 1 ? '1 dead letter' : `${String(count)} dead letters`;
  const done =
    decision === 'redrive'
      ? `${letters} of ${endpoint} will be sent again.`
      : `${letters} of ${endpoint} will never be sent.`;
  const missing = left.map((id) => `${id} is no dead letter of ${endpoint}.`);
  return [done, ...missing].join('\n');
}
