import type pg from 'pg';
import type { MissingInput } from '../pipeline/completeness.ts';
import type { MissingFact, NewestFact, ProducerFact } from '../pipeline/explanation-facts.ts';
import { leadsOn } from '../pipeline/explanation-missing.ts';
import { labelDue } from '../pipeline/label-due.ts';
import { labelRanges, type LabelRange } from '../pipeline/label-ranges.ts';
import type { Pause } from '../pipeline/opening.ts';
import type { RoutingTable, Target } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { isOnGrid } from '../pipeline/timelabel.ts';
import type { ConfigStore } from './config-store.ts';
import { previewOpening, type OpeningPreview } from './preview-opening.ts';
import { readStageSince } from './why-config.ts';
import { readNewestLabels } from './why-events.ts';
import { inputKey, producerOf, readHeads, type Head } from './why-heads.ts';

/** Where missing labels are looked for. */
export interface Tracing {
  readonly client: pg.PoolClient;
  readonly configs: ConfigStore;
  readonly table: RoutingTable;
  readonly pauses: readonly Pause[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Missing labels that are looked up one by one, ranges of them that are told, and steps towards the sources. */
const LOOKED_UP = 100;
const RANGES = 12;
const STEPS = 8;

/** One missing label on the way to the sources, seen from the stage that needs it. */
interface Link {
  readonly needer: StageDefinition;
  readonly input: MissingInput;
  readonly range: LabelRange;
  readonly head: Head;
  readonly target: Target | undefined;
  readonly preview: OpeningPreview | undefined;
}

/**
 * What the stage lacks for one label, and what comes before each of those, up to the sources: neighbouring labels that
 * are missing for the same reason together. All labels go one step at a time, so that the statements are few.
 */
export async function traceMissing(
  tracing: Tracing,
  { stage }: Target,
  missing: readonly MissingInput[],
): Promise<readonly MissingFact[]> {
  const chains = await followChains(
    tracing,
    missing.slice(0, LOOKED_UP).map((input) => ({ needer: stage, input, range: single(input) })),
  );
  const byDataset = Map.groupBy(chains, ([first]) => first?.input.dataset ?? '');
  const told = [...byDataset].flatMap(([dataset, members]) => {
    const period = stage.inputs.find((one) => one.dataset === dataset)?.period ?? stage.period;
    const byLabel = new Map(members.map((chain) => [chain[0]?.input.timelabel, chain]));
    return labelRanges(
      period,
      members.flatMap(([first]) => first?.input.timelabel ?? []),
      (label) => chainKey(byLabel.get(label) ?? [], tracing.now),
    ).map((range) => ({ range, chain: byLabel.get(range.first) ?? [] }));
  });
  const shown = told.slice(0, RANGES);
  const known = await readKnown(
    tracing,
    shown.flatMap(({ chain }) => chain),
  );
  return shown.flatMap(({ range, chain: [first, ...behind] }) =>
    first === undefined ? [] : [factOf(tracing, { ...first, range }, behind, known)],
  );
}

type Wanted = Pick<Link, 'needer' | 'input' | 'range'>;

function single({ timelabel }: MissingInput): LabelRange {
  return { first: timelabel, last: timelabel, count: 1 };
}

async function followChains(
  { client, configs, table }: Tracing,
  wanted: readonly Wanted[],
): Promise<readonly (readonly Link[])[]> {
  const chains: Link[][] = wanted.map(() => []);
  let open: readonly { readonly chain: Link[]; readonly next: Wanted }[] = wanted.flatMap((next, at) => {
    const chain = chains[at];
    return chain === undefined ? [] : [{ chain, next }];
  });
  for (let step = 0; step < STEPS && open.length > 0; step += 1) {
    const inputs = new Map(open.map(({ next: { input } }) => [inputKey(input), input]));
    const heads = await readHeads(client, table, [...inputs.values()]);
    const targets = new Map(
      [...inputs].flatMap(([key, input]) => {
        const target = targetOf(table, input);
        return target === undefined ? [] : [[key, target] as const];
      }),
    );
    const asked = [...targets].filter(([key]) => asksOn(heads.get(key)));
    const previews = await previewOpening(
      client,
      configs,
      table,
      asked.map(([, target]) => target),
    );
    const found = new Map(asked.map(([key], at) => [key, previews[at]]));
    open = open.flatMap(({ chain, next }) => {
      const key = inputKey(next.input);
      const head = heads.get(key) ?? { event: null, run: null, held: null };
      const link = { ...next, head, target: targets.get(key), preview: found.get(key) };
      chain.push(link);
      const behind = nextWanted(link);
      return behind === undefined ? [] : [{ chain, next: behind }];
    });
  }
  return chains;
}

function targetOf(table: RoutingTable, { dataset, timelabel }: MissingInput): Target | undefined {
  const stage = producerOf(table, dataset);
  return stage === undefined || !isOnGrid(stage.period, timelabel) ? undefined : { stage, timelabel };
}

/** True when the newest run does not say it all. */
function asksOn(head: Head | undefined): boolean {
  const status = head?.run?.status;
  return status === undefined || status === 'WAITING' || status === 'SUCCESS';
}

/** What the stage that makes the label waits for itself: the first input, with its neighbours. */
function nextWanted({ head, preview }: Link): Wanted | undefined {
  if (preview === undefined || !leadsOn({ ...head, opening: preview.opening })) return undefined;
  const { stage, missing } = preview;
  const [input] = missing;
  if (input === undefined) return undefined;
  const period = stage.inputs.find(({ dataset }) => dataset === input.dataset)?.period ?? stage.period;
  const labels = missing.flatMap(({ dataset, timelabel }) => (dataset === input.dataset ? [timelabel] : []));
  const range = labelRanges(period, labels).find(({ first }) => first === input.timelabel);
  return { needer: stage, input, range: range ?? single(input) };
}

/** Labels with the same key are missing for the same reason. */
function chainKey(chain: readonly Link[], now: number): string {
  const last = chain.at(-1)?.target;
  const tick = last === undefined ? null : labelDue(last.stage, last.timelabel).tick;
  const links = chain.map(({ input: { dataset, unsettled }, head: { run, held, event } }) =>
    [
      dataset,
      run?.status,
      run?.outcome,
      run?.error?.class,
      held?.cause,
      event?.outcome,
      unsettled?.dataset,
    ].join(' '),
  );
  return [...links, tick === null ? 'no tick' : tick > now ? 'to come' : 'past'].join('; ');
}

/** What is known of the datasets and stages of all links. */
interface Known {
  readonly newest: ReadonlyMap<string, NewestFact>;
  readonly since: ReadonlyMap<string, Date>;
}

async function readKnown({ client, table }: Tracing, links: readonly Link[]): Promise<Known> {
  const outside = links.flatMap(({ input, target }) => (target === undefined ? [input.dataset] : []));
  const stages = links.flatMap(({ target }) => target?.stage.id ?? []);
  return {
    newest: await readNewestLabels(client, outside),
    since: await readStageSince(client, table.configVersion, stages),
  };
}

function factOf(
  tracing: Tracing,
  { needer, input, range, head, target, preview }: Link,
  [next, ...behind]: readonly Link[],
  known: Known,
): MissingFact {
  const { dataset, unsettled } = input;
  const asked = needer.inputs.find((one) => one.dataset === dataset);
  const need = asked?.window === 'as_of' ? 'newest' : asked?.window === 'latest' ? 'any' : 'label';
  const before = next === undefined ? [] : [factOf(tracing, next, behind, known)];
  return {
    ...{ dataset, ...range, need, on: asked?.on ?? [], unsettled: unsettled ?? null, event: head.event },
    producer: target === undefined ? null : producerFact(tracing, target, { head, preview, before, known }),
    newest: known.newest.get(dataset) ?? null,
  };
}

function producerFact(
  { pauses }: Tracing,
  { stage, timelabel }: Target,
  seen: {
    readonly head: Head;
    readonly preview: OpeningPreview | undefined;
    readonly before: readonly MissingFact[];
    readonly known: Known;
  },
): ProducerFact {
  return {
    stage: stage.id,
    checks: stage.work.kind === 'check' ? stage.work.from : null,
    hasInputs: stage.inputs.length > 0,
    run: seen.head.run,
    held: seen.head.held,
    pause: pauses.find(({ scope }) => scope === stage.id || scope === stage.pipeline) ?? null,
    due: labelDue(stage, timelabel),
    since: seen.known.since.get(stage.id) ?? null,
    opening: seen.preview?.opening ?? null,
    behind: seen.before,
  };
}
