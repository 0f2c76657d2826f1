import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type pg from 'pg';
import type { HealthTools } from '../../activities/endpoint-health.ts';
import { pauseAndReport, resumeAndReport } from '../../activities/pause-endpoint.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { countOwed } from '../../catalog/endpoint-pauses.ts';
import { wakePublisher } from '../../workers/wake-publisher.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { requireKnownEndpoint } from '../known-endpoints.ts';
import { isoMinutes } from '../moments.ts';

/** `endpoint pause` and `endpoint resume`. */
export function addEndpointPauseCommands(program: Command, context: CliContext): void {
  const pause = groupOf(program, 'endpoint')
    .command('pause')
    .description('send an endpoint nothing for a while: what it is owed is kept')
    .argument('<endpoint>', 'name of the endpoint')
    .requiredOption('--reason <text>', 'why, for whoever wonders later (required)')
    .action(async (endpoint: string, { reason }: { reason: string }) => {
      const db = await context.openCatalog();
      await requireKnownEndpoint(db, endpoint);
      const { pause, already } = await pauseAndReport(toolsOf(db, context), endpoint, context.actor, reason);
      context.show({ endpoint, ...pause, already }, () =>
        already
          ? `${endpoint} is paused already, since ${isoMinutes(pause.pausedAt)} by ${pause.pausedBy}: ${pause.reason.replace(/\.$/, '')}. Your reason was not recorded.`
          : `${endpoint} is paused: a batch that is on its way may still arrive, then nothing is sent.\nWhat it is owed meanwhile is sent after: reefline endpoint resume ${endpoint}`,
      );
    });
  withExamples(pause, ['reefline endpoint pause customers --reason "their consumer is being moved"']);
  const resume = groupOf(program, 'endpoint')
    .command('resume')
    .description('send a paused endpoint what it is owed')
    .argument('<endpoint>', 'name of the endpoint')
    .action(async (endpoint: string) => {
      const db = await context.openCatalog();
      await requireKnownEndpoint(db, endpoint);
      const tools = toolsOf(db, context);
      const resumed = await resumeAndReport(tools, endpoint);
      const owed = await countOwed(db, endpoint);
      // Also when nothing was paused: somebody may have died between the two.
      await tools.wake(endpoint);
      context.show({ endpoint, resumed, owed }, () => {
        const messages = owed === 1 ? '1 message' : `${owed.toLocaleString('en-US')} messages`;
        return resumed
          ? `${endpoint} goes on; it is owed ${messages}.`
          : `${endpoint} was not paused; it is owed ${messages}.`;
      });
    });
  withExamples(resume, ['reefline endpoint resume customers']);
}

/** Temporal is asked for when a publisher is to be woken, and once: a pause has to work without it. */
function toolsOf(db: pg.Pool, context: CliContext): HealthTools {
  let client: Promise<Client> | undefined;
  const wake = async (endpoint: string): Promise<void> => {
    client ??= context.connectClient();
    await wakePublisher(await client, endpoint);
  };
  return { db, configs: new ConfigStore(), wake };
}
