import type { RunDetail, RunInputView, RunNote, RunView } from '../catalog/run-views.ts';
import { runId } from '../pipeline/ids.ts';
import { isDecided } from '../pipeline/outcome.ts';
import type { CliContext } from './context.ts';
import { cureText, mishapText } from './cure.ts';
import { outcomeStyle } from './event-text.ts';
import { age, duration, isoMinutes } from './moments.ts';
import { facts, table, type Cell, type Column } from './table.ts';

type Screen = Pick<CliContext, 'columns' | 'paint' | 'now' | 'env'>;

const COLUMNS: readonly Column[] = [
  { title: 'stage' },
  { title: 'label' },
  { title: 'rev', right: true },
  { title: 'outcome' },
  { title: 'trigger' },
  { title: 'opened' },
  { title: 'took', right: true },
  { title: 'rows', right: true },
  { title: 'error' },
];

/** Runs in the order given, one a line. */
export function runTable(screen: Screen, runs: readonly RunView[]): string {
  if (runs.length === 0) return 'No run fits.';
  return table(
    screen,
    COLUMNS,
    runs.map((run) => [
      run.stage,
      run.timelabel,
      String(run.revision),
      { text: outcomeOf(run), style: outcomeStyle(outcomeOf(run)) },
      run.trigger,
      isoMinutes(run.openedAt),
      tookText(run, screen.now()),
      run.rows === null ? '' : run.rows.toLocaleString('en-US'),
      errorCell(run),
    ]),
  );
}

function errorCell({ outcome, error }: RunView): Cell {
  return error === null ? '' : { text: mishapText(outcome, error), style: 'red' };
}

function outcomeOf({ status, outcome }: Pick<RunView, 'status' | 'outcome'>): string {
  return status === 'WAITING' || status === 'RUNNING' ? status : (outcome ?? status);
}

/** Time that the stage worked, or since when it works; empty before. */
function tookText({ startedAt, closedAt }: RunView, now: number): string {
  return startedAt === null ? '' : duration((closedAt?.getTime() ?? now) - startedAt.getTime());
}

/** Every revision of a (stage, label), the newest one last, and what was decided about it. */
export function runDetailText(
  screen: Screen,
  revisions: readonly RunDetail[],
  notes: readonly RunNote[],
): string {
  const blocks = revisions.map((run) => revisionText(screen, run));
  return [...blocks, ...(notes.length === 0 ? [] : [notesText(screen, notes)])].join('\n\n');
}

function revisionText(screen: Screen, run: RunDetail): string {
  const outcome = outcomeOf(run);
  const { stage, timelabel, error } = run;
  const now = screen.now();
  const workflowId = runId(stage, timelabel);
  const execution = run.temporalRunId === null ? '' : ` --run-id ${run.temporalRunId}`;
  const title = `${stage} ${timelabel} revision ${run.revision}`;
  return [
    `${screen.paint('bold', title)}  ${screen.paint(outcomeStyle(outcome), outcome)}`,
    ...facts(
      screen,
      [
        ['dataset', run.dataset],
        ['trigger', `${run.trigger}${run.backfill === null ? '' : ` (backfill ${run.backfill})`}`],
        ['propagates', run.propagates ? null : 'no: it starts no dependents'],
        ['opened', `${isoMinutes(run.openedAt)} (${age(run.openedAt, now)})`],
        ['started', run.startedAt === null ? null : isoMinutes(run.startedAt)],
        ['ended', run.closedAt === null ? null : isoMinutes(run.closedAt)],
        ['took', tookText(run, now)],
        ['attempts', run.attempt > 1 ? String(run.attempt) : null],
        ['deadline', run.deadline === null ? null : isoMinutes(run.deadline)],
        ['late since', run.lateAt === null ? null : isoMinutes(run.lateAt)],
        ['rows', run.rows?.toLocaleString('en-US')],
        ['inputs', inputLines(run.inputs).join('; ')],
        ['lacks', run.status === 'WAITING' ? missingText(run) : null],
        ['caused by', run.causedBy.join(', ')],
        [
          isDecided(run.outcome) ? 'because' : 'error',
          error === null ? null : mishapText(run.outcome, error),
        ],
        ['cure', error === null ? null : cureText({ stage, timelabel, outcome: run.outcome, error })],
        ['config', `version ${run.configVersion}`],
        ['workflow', workflowId],
        ['look at it', `temporal workflow show --workflow-id ${workflowId}${execution}`],
      ],
      '  ',
    ),
  ].join('\n');
}

function missingText({ missing }: RunDetail): string {
  return missing
    .map(({ dataset, timelabel, why }) => `${dataset} ${timelabel}${why === undefined ? '' : ` (${why})`}`)
    .join(', ');
}

/** The inputs by dataset, equal revisions of neighbouring labels together: 24 hours need not be 24 lines. */
export function inputLines(inputs: readonly RunInputView[]): readonly string[] {
  return [...Map.groupBy(inputs, ({ dataset }) => dataset)].map(([dataset, labels]) => {
    const groups: { first: string; last: string; revision: number; count: number }[] = [];
    for (const { timelabel, revision } of labels) {
      const group = groups.at(-1);
      if (group?.revision === revision) {
        group.last = timelabel;
        group.count += 1;
      } else groups.push({ first: timelabel, last: timelabel, revision, count: 1 });
    }
    const texts = groups.map(({ first, last, revision, count }) =>
      count === 1 ? `${first} r${revision}` : `${first}…${last} r${revision} (${count} labels)`,
    );
    return `${dataset} ${texts.join(', ')}`;
  });
}

function notesText(screen: Screen, notes: readonly RunNote[]): string {
  const rows = notes.map(({ notedAt, revision, decision, actor, reason }) => [
    isoMinutes(notedAt),
    revision === null ? '' : `r${revision}`,
    decision,
    actor ?? '',
    reason,
  ]);
  const columns = ['when', 'rev', 'decision', 'who', 'why'].map((title) => ({ title }));
  return `${screen.paint('bold', 'Decisions')}\n${table(screen, columns, rows)}`;
}
