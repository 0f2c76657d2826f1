import type { BackfillNode, StageLayout } from './backfill-layout.ts';
import type { RerunMode } from './backfill-request.ts';
import type { RunStatus } from './opening.ts';
import { selectedOutcomes, type Outcome } from './outcome.ts';
import type { RoutingTable } from './routing.ts';
import type { Timelabel } from './timelabel.ts';
import { inputNeed } from './window.ts';

/** What the ledger says of a (stage, label) before the backfill. */
export interface LabelFacts {
  readonly revision: number;
  readonly status: RunStatus;
  /** True when an input that the stage follows has a newer revision than its newest run used. */
  readonly stale: boolean;
}

/** One (stage, label) that the backfill brings to an end. */
export interface PlannedItem {
  /** 0, 1, 2 … in the order of the backfill. */
  readonly position: number;
  readonly stage: string;
  readonly timelabel: string;
  /** Positions of the items that feed it or that it reads. */
  readonly upstream: readonly number[];
  /** Position of the last item that the backfill itself starts before this one can run; its own when it is such an item. */
  readonly lead: number;
  /** The newest revision that does not count as the backfill's. */
  readonly baseline: number;
}

/** What the backfill means for one stage. Kept in the catalog and printed by `--dry-run`. */
export interface StagePlan {
  readonly stage: string;
  readonly dataset: string;
  readonly toRun: number;
  /** Left alone: there and current, or not asked for by the rerun mode. */
  readonly existing: number;
  /** Of those to run: waiting or running right now, so that the backfill joins them. */
  readonly inFlight: number;
  readonly future: number;
  readonly outsideSchedule: number;
  /** Of those to run: labels that will wait for inputs which neither exist nor are made by this backfill. */
  readonly incomplete: number;
  readonly exampleMissing: MissingExample | null;
  /** First and last label to run. */
  readonly first: string | null;
  readonly last: string | null;
}

export interface MissingExample {
  readonly timelabel: string;
  readonly dataset: string;
  readonly inputLabel: string;
}

export interface BackfillPlan {
  readonly items: readonly PlannedItem[];
  readonly stages: readonly StagePlan[];
}

/** Key of a (stage, label) in maps of facts. */
export function itemKey(stage: string, timelabel: string): string {
  return `${stage}@${timelabel}`;
}

/** A label that an item needs and the backfill does not make: it has to be in the event log already. */
export interface OutsideNeed {
  readonly dataset: string;
  readonly timelabel: string;
  /** True when any label at or before this one will do. */
  readonly newest: boolean;
  readonly outcomes: readonly Outcome[];
}

export interface ChosenNodes {
  readonly layout: readonly StageLayout[];
  readonly chosen: ReadonlySet<BackfillNode>;
}

/** Which labels run: those that the mode asks for, and everything that is fed by one of them. */
export function chooseNodes(
  layout: readonly StageLayout[],
  facts: ReadonlyMap<string, LabelFacts>,
  mode: RerunMode,
): ChosenNodes {
  const chosen = new Set<BackfillNode>();
  for (const { nodes } of layout)
    for (const node of nodes) {
      const known = facts.get(itemKey(node.stage.id, node.timelabel));
      if (isAskedFor(known, mode) || node.feeds.some((feed) => chosen.has(feed))) chosen.add(node);
    }
  return { layout, chosen };
}

function isAskedFor(known: LabelFacts | undefined, mode: RerunMode): boolean {
  if (mode === 'all') return true;
  if (mode === 'failed') return known?.status === 'FAILURE';
  if (known === undefined) return true;
  switch (known.status) {
    case 'FAILURE':
    case 'CLOSED':
    case 'WAITING':
    case 'RUNNING':
    case 'SUPERSEDED':
      return true;
    case 'SUCCESS':
      return known.stale;
    case 'SKIPPED':
      return false;
  }
}

/** What the chosen labels need from outside of the backfill, label by label. */
export function outsideNeeds(
  table: RoutingTable,
  { layout, chosen }: ChosenNodes,
): ReadonlyMap<BackfillNode, readonly OutsideNeed[]> {
  const made = new Set([...chosen].map((node) => itemKey(node.stage.id, node.timelabel)));
  const oldestMade = new Map(
    layout.map(({ stage, nodes }) => [stage.id, nodes.find((node) => chosen.has(node))?.timelabel]),
  );
  const needs = new Map<BackfillNode, OutsideNeed[]>();
  for (const { stage, nodes } of layout) {
    for (const input of stage.inputs) {
      const { dataset } = input;
      const producer = table.datasets.get(dataset)?.producer ?? '';
      const oldest = oldestMade.get(producer);
      const outcomes = selectedOutcomes(input.on);
      for (const node of nodes) {
        if (!chosen.has(node)) continue;
        const need = inputNeed(input.window, stage.period, input.period, node.timelabel);
        const newest = need.kind === 'newest';
        const isMade = (label: Timelabel): boolean =>
          newest ? oldest !== undefined && oldest <= label : made.has(itemKey(producer, label));
        const outside = (newest ? [need.atOrBefore] : need.labels)
          .filter((label) => !isMade(label))
          .map((timelabel) => ({ dataset, timelabel, newest, outcomes }));
        if (outside.length > 0) needs.set(node, [...(needs.get(node) ?? []), ...outside]);
      }
    }
  }
  return needs;
}

/** Key of a need, so that what is looked up once serves all who need it. */
export function needKey(need: OutsideNeed): string {
  return `${need.dataset}@${need.newest ? '<=' : ''}${need.timelabel}@${need.outcomes.join(',')}`;
}

/**
 * Orders the chosen labels: label by label, all stages of the first labels first, so that a label is complete before
 * many others are begun; `backwards` begins with the newest.
 */
export function arrange(
  nodes: ChosenNodes,
  facts: ReadonlyMap<string, LabelFacts>,
  mode: RerunMode,
  backwards: boolean,
): readonly PlannedItem[] {
  const rank = new Map(nodes.layout.map(({ stage }, at) => [stage.id, at]));
  const ordered = [...nodes.chosen].sort((a, b) => {
    // A day comes after its last hour; backwards, after its first.
    const byTime = backwards ? b.start - a.start : a.end - b.end;
    if (byTime !== 0) return byTime;
    const byStage = (rank.get(a.stage.id) ?? 0) - (rank.get(b.stage.id) ?? 0);
    return byStage !== 0 ? byStage : backwards ? b.end - a.end : a.start - b.start;
  });
  const positions = new Map(ordered.map((node, at) => [node, at]));
  const leads = new Map<BackfillNode, number>();
  const positionsOf = (feeds: readonly BackfillNode[]): number[] =>
    feeds.flatMap((feed) => positions.get(feed) ?? []);
  // Stage by stage, for a feed may have a later position than what it feeds.
  for (const { nodes: ofStage } of nodes.layout)
    for (const node of ofStage) {
      const fed = node.feeds.flatMap((feed) => leads.get(feed) ?? []);
      const position = positions.get(node);
      if (position !== undefined) leads.set(node, fed.length > 0 ? Math.max(...fed) : position);
    }
  return ordered.map((node, position) => ({
    position,
    stage: node.stage.id,
    timelabel: node.timelabel,
    upstream: [...new Set([...positionsOf(node.feeds), ...positionsOf(node.reads)])],
    lead: leads.get(node) ?? position,
    baseline: baselineOf(facts.get(itemKey(node.stage.id, node.timelabel)), mode),
  }));
}

/** A run that is under way counts, unless everything is to be made anew and it has begun already. */
function baselineOf(known: LabelFacts | undefined, mode: RerunMode): number {
  if (known === undefined) return 0;
  const counts =
    known.status === 'WAITING' ||
    (mode !== 'all' && (known.status === 'RUNNING' || known.status === 'SUPERSEDED'));
  return counts ? known.revision - 1 : known.revision;
}

/** The plan for people: per stage, how many labels run, are left alone, are joined, or will wait. */
export function summarisePlan(
  { layout, chosen }: ChosenNodes,
  facts: ReadonlyMap<string, LabelFacts>,
  needs: ReadonlyMap<BackfillNode, readonly OutsideNeed[]>,
  present: ReadonlySet<string>,
): readonly StagePlan[] {
  return layout.map(({ stage, nodes, future, outsideSchedule }) => {
    const toRun = nodes.filter((node) => chosen.has(node));
    const missing = toRun.flatMap((node) => {
      const need = needs.get(node)?.find((one) => !present.has(needKey(one)));
      return need === undefined
        ? []
        : [{ timelabel: node.timelabel, dataset: need.dataset, inputLabel: need.timelabel }];
    });
    const labels = toRun.map((node) => node.timelabel);
    return {
      stage: stage.id,
      dataset: stage.output,
      toRun: toRun.length,
      existing: nodes.length - toRun.length,
      inFlight: toRun.filter((node) => isInFlight(facts.get(itemKey(stage.id, node.timelabel)))).length,
      future,
      outsideSchedule,
      incomplete: missing.length,
      exampleMissing: missing[0] ?? null,
      first: labels[0] ?? null,
      last: labels.at(-1) ?? null,
    };
  });
}

function isInFlight(known: LabelFacts | undefined): boolean {
  return known?.status === 'WAITING' || known?.status === 'RUNNING' || known?.status === 'SUPERSEDED';
}

/**
 * The leads of items that are planned anew: each has the last one before it that is planned anew, too, or itself.
 */
export function leadsAnew(
  items: readonly { readonly position: number; readonly upstream: readonly number[] }[],
): ReadonlyMap<number, number> {
  const upstream = new Map(items.map((item) => [item.position, item.upstream]));
  const leads = new Map<number, number>();
  const leadOf = (position: number): number => {
    const known = leads.get(position);
    if (known !== undefined) return known;
    const before = (upstream.get(position) ?? []).filter((one) => upstream.has(one)).map(leadOf);
    const lead = before.length > 0 ? Math.max(...before) : position;
    leads.set(position, lead);
    return lead;
  };
  for (const { position } of items) leadOf(position);
  return leads;
}
