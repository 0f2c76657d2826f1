import type { LabelFacts, NoteFact, RunFact } from './explanation-facts.ts';
import { downstreamMoments, upstreamMoments } from './explanation-verdicts.ts';
import { missingReason } from './explanation-missing.ts';
import {
  actorOf,
  changeText,
  clause,
  counted,
  errorText,
  labelText,
  listed,
  minute,
  missingLabels,
  openerOf,
} from './explanation-words.ts';

/** One sentence about an instant; `at` is null for what holds now. */
export interface Moment {
  readonly at: Date | null;
  readonly text: string;
}

/** Lines of a timeline that are shown at its beginning and at its end. */
const FIRST = 6;
const LAST = 24;

/** What happened to the label, the oldest first, and at the end what holds now. */
export function timelineOf(facts: LabelFacts): readonly Moment[] {
  const past = [
    ...reportMoments(facts),
    ...upstreamMoments(facts),
    ...facts.runs.flatMap((run) => runMoments(facts, run)),
    ...facts.notes.flatMap(noteMoments),
    ...backfillMoments(facts),
    ...configMoments(facts),
    ...checkMoments(facts),
    ...downstreamMoments(facts),
  ];
  const sorted = [...past.entries()]
    .sort(([a, { at: one }], [b, { at: other }]) => (one?.getTime() ?? 0) - (other?.getTime() ?? 0) || a - b)
    .map(([, moment]) => moment);
  return [...shortened(sorted), ...presentMoments(facts)];
}

function shortened(moments: readonly Moment[]): readonly Moment[] {
  const left = moments.length - FIRST - LAST;
  if (left <= 1) return moments;
  const gap = { at: null, text: `${counted(left, 'more line')}, left out here; --json has them.` };
  return [...moments.slice(0, FIRST), gap, ...moments.slice(-LAST)];
}

/** What others than the stage reported of the label. */
function reportMoments({ events, stageId }: LabelFacts): readonly Moment[] {
  return events
    .filter(({ stage }) => stage === null || stage !== stageId)
    .map(({ receivedAt, revision, outcome, stage, error }) => ({
      at: receivedAt,
      text: `${stage ?? 'A service outside'} reported revision ${String(revision)}: ${outcome}${error === null ? '' : `, ${errorText(error)}`}.`,
    }));
}

function runMoments(facts: LabelFacts, run: RunFact): readonly Moment[] {
  // What a person decided is in the notes.
  const judged = facts.notes.some(
    ({ decision, revision }) =>
      revision === run.revision && ['released', 'rejected', 'skipped'].includes(decision),
  );
  if (judged || run.status === 'WAITING' || run.status === 'CLOSED') return [];
  if (run.outcome === 'MISSING') return [];
  const revision = `Revision ${String(run.revision)}`;
  const opened = { at: run.openedAt, text: `${revision} was opened by ${openingText(facts, run)}.` };
  if (run.closedAt === null)
    return run.startedAt === null
      ? [opened]
      : [opened, { at: run.startedAt, text: `A worker began revision ${String(run.revision)}.` }];
  return run.status === 'SUPERSEDED'
    ? [opened]
    : [opened, { at: run.closedAt, text: `${revision} ${endText(run)}.` }];
}

function openingText(facts: LabelFacts, run: RunFact): string {
  const actor = actorOf(facts, run.revision);
  const opener = openerOf(run.trigger, actor, run.backfill);
  const note = facts.notes.find(
    ({ decision, revision }) => decision === 'opened' && revision === run.revision,
  );
  const words = /: (.+)$/s.exec(note?.reason ?? '')?.[1];
  const why = actor === null || words === undefined ? '' : `: ${clause(words)}`;
  const config = configText(facts, run);
  if (run.changed.length > 0) return `${opener}, ${changeText(run.changed)}${config}${why}`;
  const first = run === facts.runs[0];
  const inputs =
    run.inputs === 0 ? '' : first ? `, with ${counted(run.inputs, 'input')}` : ', with unchanged inputs';
  return `${opener}${inputs}${startedBy(facts, run)}${config}${why}`;
}

/** The event that completed the inputs. */
function startedBy({ verdicts }: LabelFacts, run: RunFact): string {
  const started = verdicts.filter(
    ({ verdict, eventId, decidedAt }) =>
      verdict === 'started' &&
      run.causedBy.includes(eventId) &&
      Math.abs(decidedAt.getTime() - run.openedAt.getTime()) < SAME_TRANSACTION,
  );
  const last = started.at(-1);
  return last === undefined
    ? ''
    : `, when ${last.dataset} ${last.eventLabel} came as revision ${String(last.eventRevision)}`;
}

/** Milliseconds within which a verdict and the run that it started are written. */
const SAME_TRANSACTION = 30_000;

function configText({ config }: LabelFacts, { configVersion }: RunFact): string {
  return configVersion === config.version ? '' : ` (config version ${String(configVersion)})`;
}

function endText(run: RunFact): string {
  const only = run.propagates ? '' : ', and its event starts nothing (--only)';
  switch (run.outcome) {
    case 'SUCCESS':
    case 'EMPTY':
    case 'RECOVERED': {
      const rows = run.rows === null ? '' : ` with ${counted(run.rows, 'row')}`;
      return `succeeded${rows}${run.outcome === 'RECOVERED' ? ', late' : ''}${only}`;
    }
    case 'PARTIAL':
      return `succeeded in part, without ${listed(run.without.map(labelText))}${only}`;
    case 'QUARANTINED':
      return `quarantined the label: ${errorText(run.error)}`;
    default:
      return `failed${run.attempt > 1 ? ` after ${counted(run.attempt, 'attempt')}` : ''}: ${errorText(run.error)}`;
  }
}

/** Notes that the runs themselves do not tell. */
function noteMoments(note: NoteFact): readonly Moment[] {
  const text = noteText(note);
  return text === undefined ? [] : [{ at: note.notedAt, text: `${text}.` }];
}

function noteText({ decision, reason, actor, revision }: NoteFact): string | undefined {
  const by = actor === null ? '' : ` by ${actor}`;
  const why = clause(reason);
  switch (decision) {
    case 'opened':
    case 'quarantined':
    case 'limit':
      return undefined;
    case 'waiting':
      return `It began to wait: ${why}`;
    case 'paused':
      return `It was ready, and a pause held it: ${why}`;
    case 'held':
      return `It was ready, and the limit held it: ${why}`;
    case 'late':
      return `It became late: ${deadlineText(why)}`;
    case 'missing':
      return `It was given up: ${deadlineText(why)}`;
    case 'superseded':
      return `Revision ${String(revision)} was ${why}`;
    default:
      return `It was ${decision}${by}: ${why}`;
  }
}

/** Without the name of the stage and its label, which the first line has. */
function deadlineText(reason: string): string {
  const at = reason.indexOf(' was not complete');
  return at < 0 ? reason : `it${reason.slice(at)}`;
}

function backfillMoments({ backfills }: LabelFacts): readonly Moment[] {
  return backfills.map(({ id, createdBy, createdAt, reason, item, status }) => ({
    at: createdAt,
    text: `Backfill ${id} of ${createdBy} took it in${reason === null ? '' : `: ${clause(reason)}`} (${item === null ? `the backfill is ${status}` : `its item is ${item}`}).`,
  }));
}

function configMoments({ config }: LabelFacts): readonly Moment[] {
  return config.changes.map(({ version, appliedAt, appliedBy, fields }) => ({
    at: appliedAt,
    text:
      fields === null
        ? `Config version ${String(version)}, applied by ${appliedBy}, removed the stage.`
        : `Config version ${String(version)}, applied by ${appliedBy}, changed the stage: ${listed(fields)}.`,
  }));
}

function checkMoments({ checks }: LabelFacts): readonly Moment[] {
  return checks.flatMap(({ stage, run, judgement }): Moment[] => {
    if (judgement !== null) {
      const { actor, decision, reason, notedAt } = judgement;
      return [
        {
          at: notedAt,
          text: `${actor ?? 'A person'} ${decision} what ${stage} had quarantined: ${clause(reason)}.`,
        },
      ];
    }
    if (run?.outcome !== 'QUARANTINED') return [];
    return [{ at: run.closedAt ?? run.openedAt, text: `${stage} quarantined it: ${errorText(run.error)}.` }];
  });
}

/** What holds now: what is missing and why, pauses, and what Temporal says. */
function presentMoments(facts: LabelFacts): readonly Moment[] {
  const missing = facts.missing.map(
    (one) =>
      `${missingLabels(one)}${one.unsettled === null ? '' : ' is not settled'}: ${missingReason(one, facts.now)}.`,
  );
  const pauses =
    facts.held === null && facts.pauses.length > 0
      ? facts.pauses.map(
          ({ scope, by, since, reason }) =>
            `${scope} is paused since ${minute(since)} by ${by}: ${clause(reason)}.`,
        )
      : [];
  return [...missing, ...pauses, ...workflowTexts(facts)].map((text) => ({ at: null, text }));
}

function workflowTexts({ workflow, runs }: LabelFacts): readonly string[] {
  const status = runs.at(-1)?.status;
  if (workflow === null || (status !== 'RUNNING' && status !== 'WAITING')) return [];
  if (workflow.status === 'RUNNING')
    return [
      `Its workflow is open in Temporal${workflow.attempt === null ? '' : `, at attempt ${String(workflow.attempt)}`}.`,
    ];
  return [
    `Temporal has no open workflow for it${workflow.status === null ? '' : ` (the last one ended ${workflow.status})`}; the sweep starts it again.`,
  ];
}
