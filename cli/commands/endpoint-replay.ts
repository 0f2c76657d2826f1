import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type pg from 'pg';
import {
  countReplay,
  openReplay,
  replayStep,
  type Replay,
  type ReplayRequest,
} from '../../catalog/replays.ts';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readEndpoint } from '../../catalog/outbox.ts';
import type { EndpointDefinition } from '../../pipeline/endpoint.ts';
import { wakePublisher } from '../../workers/wake-publisher.ts';
import { momentArgument } from '../arguments.ts';
import { groupOf, withExamples } from '../command-group.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { judgeAtArrival } from '../judge-at-arrival.ts';
import { requireKnownEndpoint } from '../known-endpoints.ts';
import { isoMinutes } from '../moments.ts';
import { purgedBefore, purgedText } from '../purged.ts';

interface ReplayOptions extends ReplayRequest {
  readonly id?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addEndpointReplayCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'endpoint')
    .command('replay')
    .description(
      'send an endpoint once more what arrived in a time and passes its filter; each message says that it is one',
    )
    .argument('<endpoint>', 'name of the endpoint')
    .requiredOption(
      '--from <time>',
      'events that arrived from then on: 2020-03-03 or 2020-03-03T11:00Z (required)',
      momentArgument,
    )
    .requiredOption(
      '--to <time>',
      'events that arrived before then, written like --from (required)',
      momentArgument,
    )
    .option('--pipeline <name>', 'only events of this pipeline')
    .option('--dataset <id>', 'only events of this dataset')
    .option(
      '--id <name>',
      'name of the replay; one that has ended sends nothing again. Without it one is made from the other options',
    )
    .option('--dry-run', 'only count the events')
    .option('-y, --yes', 'do not ask')
    .action(async (endpoint: string, options: ReplayOptions) => {
      const { dryRun, yes } = options;
      const request = requestOf(options);
      if (request.from >= request.to) throw new InvalidInput('--from has to be before --to.');
      const id = options.id ?? replayName(endpoint, request);
      if (!/^[\w.:@-]{1,200}$/.test(id))
        throw new InvalidInput(
          `"${id}" is no name of a replay: up to 200 letters, digits, and the characters . _ : @ - are understood.`,
        );
      const db = await context.openCatalog();
      const { definition, paused } = await requireActiveEndpoint(db, endpoint);
      const judge = judgeAtArrival(definition);
      const passes = (event: Parameters<typeof judge>[0]): boolean => judge(event) === undefined;
      const { project } = await new ConfigStore().current(db);
      const cutoff = purgedBefore(project, request.from.getTime(), context.now());
      const purged = cutoff === undefined ? {} : { purgedBefore: cutoff };
      const gone = cutoff === undefined ? [] : [`${purgedText(cutoff)} What was removed is not sent.`];
      const asks = context.interactive && yes !== true;
      if (dryRun === true || asks) {
        const { events, passed } = await countReplay(db, request, passes);
        const found = `${countOf(events, 'event')} arrived in that time; the filter of ${endpoint} lets ${countOf(passed, 'event')} pass.`;
        const counted = [found, ...gone].join('\n');
        if (dryRun === true) {
          context.show({ id, endpoint, events, passed, ...purged }, () => counted);
          return;
        }
        context.print(counted);
        if (!(await confirm('Send them once more?'))) {
          context.say('Nothing was sent.');
          context.exitWith(1);
          return;
        }
      }
      const before = await requireSameReplay(db, id, endpoint, request, context.actor);
      let replay = before;
      while (replay.endedAt === null) replay = await replayStep(db, id, request, passes);
      // Also when it had ended: somebody may have died between the two.
      await wakePublisher(await context.connectClient(), endpoint);
      const repeated = before.endedAt !== null;
      context.show({ ...replay, repeated, paused, ...purged }, () =>
        [replayText(replay, repeated, paused), ...gone].join('\n'),
      );
    });
  withExamples(command, [
    'reefline endpoint replay customers --from 2020-03-03T10:00Z --to 2020-03-03T12:00Z --dry-run',
    'reefline endpoint replay customers --from 2020-03-03 --to 2020-03-04 --pipeline orders --yes',
  ]);
}

function requestOf({ from, to, pipeline, dataset }: ReplayOptions): ReplayRequest {
  return {
    from,
    to,
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(dataset === undefined ? {} : { dataset }),
  };
}

/** The same request has the same name, so that a command that was interrupted can simply be repeated. */
function replayName(endpoint: string, { from, to, pipeline, dataset }: ReplayRequest): string {
  const parts = [endpoint, from.toISOString(), to.toISOString(), pipeline ?? null, dataset ?? null];
  return `${endpoint}-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)}`;
}

async function requireActiveEndpoint(
  db: pg.Pool,
  name: string,
): Promise<{ readonly definition: EndpointDefinition; readonly paused: boolean }> {
  await requireKnownEndpoint(db, name);
  const found = await readEndpoint(db, name);
  if (found?.active === true) return found;
  throw new InvalidInput(
    `The configuration in force has no endpoint "${name}", so there is no filter to choose the events by. Apply one that has it.`,
  );
}

async function requireSameReplay(
  db: pg.Pool,
  id: string,
  endpoint: string,
  request: ReplayRequest,
  actor: string,
): Promise<Replay> {
  const { replay, same } = await openReplay(db, id, endpoint, request, actor);
  if (same) return replay;
  throw new InvalidInput(
    `There is a replay "${id}" of other events already, by ${replay.askedBy} at ${isoMinutes(replay.askedAt)}. Choose another --id.`,
  );
}

function replayText(
  { id, endpoint, passed, owed, askedBy, askedAt }: Replay,
  repeated: boolean,
  paused: boolean,
): string {
  const messages = countOf(owed, 'message');
  if (repeated)
    return `This replay was done already: ${askedBy} asked for it at ${isoMinutes(askedAt)}, and ${endpoint} was owed ${messages}.\nTo send them yet another time, name it anew, such as: --id ${id}-2`;
  const left = passed - owed;
  return [
    `${endpoint} is owed ${messages} once more (replay ${id}).`,
    ...(left === 0 ? [] : [`${countOf(left, 'event')} left out: owed anyway, or given up by a person.`]),
    ...(paused
      ? [`${endpoint} is paused. To send what it is owed: reefline endpoint resume ${endpoint}`]
      : []),
  ].join('\n');
}

function countOf(count: number, thing: string): string {
  return `${count.toLocaleString('en-US')} ${thing}${count === 1 ? '' : 's'}`;
}
