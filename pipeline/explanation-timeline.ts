import type { StandingFacts, NoteFact } from './explanation-facts.ts';
import { presentMoments } from './explanation-present.ts';
import { runMoments, SAME_TRANSACTION } from './explanation-runs.ts';
import { downstreamMoments, upstreamMoments } from './explanation-verdicts.ts';
import { clause, errorText, findingText, listed } from './explanation-words.ts';

/** One sentence about an instant; `at` is null for what holds now. */
export interface Moment {
  readonly at: Date | null;
  readonly text: string;
}

/** What happened to the label, the oldest first, and at the end what holds now. */
export function timelineOf(facts: StandingFacts): readonly Moment[] {
  const past = [
    ...reportMoments(facts),
    ...facts.runs.flatMap((run) => runMoments(facts, run)),
    ...facts.notes.flatMap((note) => noteMoments(facts, note)),
    ...upstreamMoments(facts),
    ...backfillMoments(facts),
    ...configMoments(facts),
    ...checkMoments(facts),
    ...downstreamMoments(facts),
  ];
  const sorted = [...past.entries()]
    .sort(([a, { at: one }], [b, { at: other }]) => (one?.getTime() ?? 0) - (other?.getTime() ?? 0) || a - b)
    .map(([, moment]) => moment);
  return [...sorted, ...presentMoments(facts)];
}

/** What others than the stage reported of the label. */
function reportMoments({ events, stageId }: StandingFacts): readonly Moment[] {
  return events
    .filter(({ stage }) => stage === null || stage !== stageId)
    .map(({ receivedAt, revision, outcome, stage, error }) => ({
      at: receivedAt,
      text: `${stage ?? 'A service outside'} reported revision ${String(revision)}: ${outcome}${error === null ? '' : `, ${errorText(error, outcome)}`}.`,
    }));
}

/** Notes that the runs themselves do not tell. */
function noteMoments(facts: StandingFacts, note: NoteFact): readonly Moment[] {
  const text = noteText(facts, note);
  return text === undefined ? [] : [{ at: note.notedAt, text: `${text}.` }];
}

function noteText(facts: StandingFacts, note: NoteFact): string | undefined {
  const { decision, reason, actor, revision } = note;
  const by = actor === null ? '' : ` by ${actor}`;
  const why = clause(reason);
  switch (decision) {
    case 'opened':
    case 'quarantined':
    case 'limit':
      return undefined;
    case 'waiting':
      return `It began to wait: ${why.replace(' (event)', '')}`;
    case 'paused':
      return `It was ready${whenReady(facts, note, 'paused')}, and a pause held it: ${why}`;
    case 'held':
      return `It was ready${whenReady(facts, note, 'held')}, and the limit held it: ${why}`;
    case 'late':
      return `It became late: ${deadlineText(why)}`;
    case 'missing':
      return `It was given up: ${deadlineText(why)}`;
    case 'superseded':
      return `${revisionName(revision)} was ${why}`;
    case 'overtaken':
      return `${revisionName(revision)} was overtaken: ${why}, so another follows`;
    default:
      return `It was ${decision}${by}: ${why}`;
  }
}

function revisionName(revision: number | null): string {
  return revision === null ? 'It' : `Revision ${String(revision)}`;
}

/** The event that would have started it. */
function whenReady({ verdicts }: StandingFacts, { notedAt }: NoteFact, wanted: 'paused' | 'held'): string {
  const verdict = verdicts.find(
    (one) =>
      one.verdict === wanted && Math.abs(one.decidedAt.getTime() - notedAt.getTime()) < SAME_TRANSACTION,
  );
  if (verdict === undefined) return '';
  return ` when ${verdict.dataset} ${verdict.eventLabel} came as revision ${String(verdict.eventRevision)}`;
}

/** Without the name of the stage and its label, which the first line has. */
function deadlineText(reason: string): string {
  const at = reason.indexOf(' was not complete');
  return at < 0 ? reason : `it${reason.slice(at)}`;
}

function backfillMoments({ backfills }: StandingFacts): readonly Moment[] {
  return backfills.map(({ id, createdBy, createdAt, reason, item, status }) => ({
    at: createdAt,
    text: `Backfill ${id} of ${createdBy} took it in${reason === null ? '' : `: ${clause(reason)}`} (${item === null ? `the backfill is ${status}` : `its item is ${item}`}).`,
  }));
}

function configMoments({ config }: StandingFacts): readonly Moment[] {
  return config.changes.map(({ version, appliedAt, appliedBy, fields }) => ({
    at: appliedAt,
    text:
      fields === null
        ? `Config version ${String(version)}, applied by ${appliedBy}, removed the stage.`
        : `Config version ${String(version)}, applied by ${appliedBy}, changed the stage: ${listed(fields)}.`,
  }));
}

function checkMoments({ checks }: StandingFacts): readonly Moment[] {
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
    return [
      { at: run.closedAt ?? run.openedAt, text: `${stage} quarantined it: ${findingText(run.error)}.` },
    ];
  });
}
