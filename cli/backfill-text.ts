import type { BackfillDraft } from '../activities/backfill-draft.ts';
import type { BackfillRecord } from '../catalog/backfill.ts';
import { plannedLabels, type StagePlan } from '../pipeline/backfill-plan.ts';
import {
  describeCounts,
  describeHolds,
  doneOf,
  totalOf,
  type BackfillProgress,
  type BackfillStatus,
  type ItemCounts,
} from '../pipeline/backfill-progress.ts';
import type { BackfillRequest } from '../pipeline/backfill-request.ts';
import { readableLabel, type Timelabel } from '../pipeline/timelabel.ts';
import { labelCount } from '../pipeline/verdict.ts';
import type { CliContext, Style } from './context.ts';
import { age, isoMinutes } from './moments.ts';
import { facts, table, type Cell } from './table.ts';

/** The numbers of a plan in all stages together; each label is in one of them. */
export type PlanTotals = Pick<StagePlan, 'toRun' | 'inFlight' | 'incomplete'>;

/** Adds up what a plan does with labels, stage by stage. */
export function planTotals(stages: readonly StagePlan[]): PlanTotals {
  const sumOf = (field: keyof PlanTotals): number => stages.reduce((sum, stage) => sum + stage[field], 0);
  return { toRun: sumOf('toRun'), inFlight: sumOf('inFlight'), incomplete: sumOf('incomplete') };
}

/** What a backfill would do: a line per stage, then what is in its way. */
export function draftText(context: CliContext, request: BackfillRequest, draft: BackfillDraft): string {
  const lines = [requestText(request), '', planTable(context, draft.stages), ''];
  for (const stage of draft.stages) lines.push(...remarks(stage));
  for (const [stage, pauses] of Map.groupBy(draft.paused, (one) => one.stage)) {
    const scopes = pauses.map(({ scope }) => scope);
    const cures = scopes.map((scope) => `reefline resume ${scope}`).join(' and ');
    lines.push(
      `${stage}: ${scopes.join(' and ')} ${scopes.length === 1 ? 'is' : 'are'} paused, so its labels wait for: ${cures}`,
    );
  }
  for (const { backfill, stage, labels, example } of draft.held)
    lines.push(
      `${stage}: ${labelCount(labels)}, such as ${example}, ${labels === 1 ? 'belongs' : 'belong'} to the open backfill ${backfill}`,
    );
  lines.push(`${totalsText(planTotals(draft.stages))}${futureText(draft.stages)}`);
  return lines.join('\n');
}

/** `30 labels to run, 2 to be joined, 2 that will wait.` */
function totalsText({ toRun, inFlight, incomplete }: PlanTotals): string {
  const joined = inFlight === 0 ? '' : `, ${String(inFlight)} to be joined`;
  const waiting = incomplete === 0 ? '' : `, ${String(incomplete)} that will wait`;
  return `${labelCount(toRun)} to run${joined}${waiting}.`;
}

function requestText(request: BackfillRequest): string {
  const scope = request.downstream
    ? ' and all that its events start'
    : request.only
      ? ' only, whose events start nothing'
      : '';
  const order = request.backwards ? 'newest first' : 'oldest first';
  return `${request.target}${scope}, labels from ${minutes(request.from)} until before ${minutes(request.to)}\nrerun ${request.rerun}, at most ${String(request.maxConcurrent)} runs in flight, ${order}`;
}

/** A date is a date of the zone in which each stage cuts its labels. */
function minutes(border: string): string {
  return border.includes('T') ? isoMinutes(new Date(border)) : border;
}

/** A line per stage: how many of its labels run, and why others do not. */
export function planTable(context: CliContext, stages: readonly StagePlan[]): string {
  const numbers = [
    ['to run', 'toRun'],
    ['left alone', 'existing'],
    ['joined', 'inFlight'],
    ['will wait', 'incomplete'],
    ['not ended', 'future'],
    ['out of bounds', 'outsideSchedule'],
  ] as const;
  const columns = [
    { title: 'stage' },
    ...numbers.map(([title]) => ({ title, right: true }) as const),
    { title: 'labels' },
  ];
  const rows = stages.map((stage): Cell[] => [
    stage.stage,
    ...numbers.map(([, field]) => String(stage[field])),
    stage.first === null || stage.last === null
      ? ''
      : `${readableLabel(stage.first as Timelabel)} … ${readableLabel(stage.last as Timelabel)}`,
  ]);
  return table(context, columns, rows);
}

/** When a range begins that has not ended anywhere, and so has nothing to run. */
function futureText(stages: readonly StagePlan[]): string {
  const ends = stages.flatMap(({ firstEnd }) => firstEnd ?? []).sort();
  const [first] = ends;
  if (plannedLabels(planTotals(stages)) > 0 || first === undefined) return '';
  return ` The interval of the first label that has not ended ends at ${isoMinutes(new Date(first))}.`;
}

function remarks(plan: StagePlan): string[] {
  const { stage, inFlight, incomplete, outsideSchedule, exampleMissing, restatedLimit } = plan;
  const joined = [
    ...(restatedLimit !== undefined && plannedLabels(plan) > 0
      ? [
          `${stage}: max_restated_labels (${String(restatedLimit)}) limits what events restate; the labels of this backfill are neither held by it nor counted`,
        ]
      : []),
    ...(outsideSchedule > 0
      ? [
          `${stage}: ${labelCount(outsideSchedule)} outside the bounds of its schedule (from, until) will not run`,
        ]
      : []),
    ...(inFlight > 0
      ? [
          inFlight === 1
            ? `${stage}: 1 label waits or runs already; the backfill joins it`
            : `${stage}: ${labelCount(inFlight)} wait or run already; the backfill joins them`,
        ]
      : []),
  ];
  if (exampleMissing === null) return joined;
  const { timelabel, dataset, inputLabel } = exampleMissing;
  return [
    ...joined,
    `${stage}: ${labelCount(incomplete)} will wait for inputs that are missing and that this backfill does not make, such as ${timelabel} for ${dataset} ${inputLabel}`,
  ];
}

const STYLES: Readonly<Record<BackfillStatus, Style>> = {
  running: 'cyan',
  paused: 'yellow',
  cancelling: 'yellow',
  cancelled: 'yellow',
  completed: 'green',
  failed: 'red',
};

/** `[██████░░░░░░]  42 %`, as wide as fits. */
export function progressBar(context: Pick<CliContext, 'columns'>, counts: ItemCounts): string {
  const total = totalOf(counts);
  const share = total === 0 ? 1 : doneOf(counts) / total;
  const width = Math.max(10, Math.min(50, (context.columns ?? 60) - 10));
  const full = Math.floor(share * width);
  return `[${'█'.repeat(full)}${'░'.repeat(width - full)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** One backfill: what was asked, where it stands per stage, and what failed. */
export function backfillText(
  context: CliContext,
  record: BackfillRecord,
  progress: BackfillProgress,
): string {
  const { status, counts, stages, failures, heldByPause } = progress;
  const { request, createdAt, createdBy, endedAt } = record;
  const lines = [
    `${context.paint('bold', record.id)}  ${context.paint(STYLES[status], status)}`,
    requestText(request),
    ...facts(context, [
      ['created', `${isoMinutes(createdAt)} by ${createdBy}`],
      ['sync', request.sync ?? null],
      ['reason', request.reason],
      ['ended', endedAt === null ? null : isoMinutes(endedAt)],
    ]),
    '',
    progressBar(context, counts),
    describeCounts(counts, heldByPause),
    '',
    table(
      context,
      [{ title: 'stage' }, { title: 'done', right: true }, { title: 'of', right: true }],
      stages.map(({ stage, done, total }) => [stage, String(done), String(total)]),
    ),
  ];
  lines.push(...describeHolds(progress));
  if (failures.length > 0)
    lines.push('', ...failures.map(({ stage, timelabel, detail }) => failureLine(stage, timelabel, detail)));
  if (counts.failure + counts.blocked > 0)
    lines.push('', `When the cause is mended: reefline backfill retry ${record.id}`);
  return lines.join('\n');
}

function failureLine(stage: string, timelabel: string, detail: string | null): string {
  return `${stage} ${timelabel}: ${detail ?? `failed; reefline runs show ${stage} ${timelabel}`}`;
}

/** Backfills, newest first. */
export function backfillTable(
  context: CliContext,
  backfills: readonly (BackfillRecord & { readonly counts: ItemCounts })[],
): string {
  if (backfills.length === 0)
    return 'There is no backfill yet. Plan one with: reefline backfill create --dry-run';
  const columns = [
    { title: 'backfill' },
    { title: 'status' },
    { title: 'done', right: true },
    { title: 'of', right: true },
    { title: 'created' },
    { title: 'target' },
  ] as const;
  const rows = backfills.map(({ id, status, counts, request, createdAt, createdBy }): Cell[] => [
    id,
    { text: status, style: STYLES[status] },
    String(doneOf(counts)),
    String(totalOf(counts)),
    `${age(createdAt, context.now())} by ${createdBy}`,
    `${request.target}${request.downstream ? ' and downstream' : ''}, ${minutes(request.from)} to ${minutes(request.to)}`,
  ]);
  return table(context, columns, rows);
}
