import type { StandingFacts, RunFact } from './explanation-facts.ts';
import type { Moment } from './explanation-timeline.ts';
import {
  actorOf,
  changeText,
  clause,
  counted,
  errorText,
  findingText,
  isOpenedByDeadline,
  isPartial,
  openerOfRun,
  withoutText,
} from './explanation-words.ts';

/** Milliseconds within which a verdict and the run that it started or held are written: one transaction. */
export const SAME_TRANSACTION = 30_000;

/** How one revision opened and ended. */
export function runMoments(facts: StandingFacts, run: RunFact): readonly Moment[] {
  // What a person decided is in the notes.
  const judged = facts.notes.some(
    ({ decision, revision }) =>
      revision === run.revision && ['released', 'rejected', 'skipped'].includes(decision),
  );
  if (judged || run.status === 'WAITING' || run.status === 'CLOSED') return [];
  if (run.outcome === 'MISSING') return [];
  const revision = `Revision ${String(run.revision)}`;
  const opened = { at: run.openedAt, text: `${revision} was opened ${openingText(facts, run)}.` };
  if (run.closedAt === null)
    return run.startedAt === null
      ? [opened]
      : [opened, { at: run.startedAt, text: `A worker began revision ${String(run.revision)}.` }];
  return run.status === 'SUPERSEDED'
    ? [opened]
    : [opened, { at: run.closedAt, text: `${revision} ${endText(run)}.` }];
}

function openingText(facts: StandingFacts, run: RunFact): string {
  const actor = actorOf(facts, run.revision);
  const opener = openerOfRun(facts, run);
  const note = facts.notes.find(
    ({ decision, revision }) => decision === 'opened' && revision === run.revision,
  );
  const words = /: (.+)$/s.exec(note?.reason ?? '')?.[1];
  const why = actor === null || words === undefined ? '' : `: ${clause(words)}`;
  const config = configText(facts, run);
  const lacking = isPartial(run) ? `without ${withoutText(run)}` : '';
  if (isOpenedByDeadline(run)) {
    const having = run.inputs === 0 ? '' : `with ${counted(run.inputs, 'input')} and `;
    return `at its deadline, ${having}${lacking}${config}${why}`;
  }
  if (run.changed.length > 0) {
    const less = lacking === '' ? '' : `, ${lacking}`;
    return `by ${opener}, ${changeText(run.changed)}${less}${config}${why}`;
  }
  const first = !facts.runs.some(({ revision, inputs }) => revision < run.revision && inputs > 0);
  const inputs =
    run.inputs === 0 ? '' : first ? `, with ${counted(run.inputs, 'input')}` : ', with unchanged inputs';
  return `by ${opener}${inputs}${startedBy(facts, run)}${config}${why}`;
}

/** The event that completed the inputs. */
function startedBy({ verdicts }: StandingFacts, run: RunFact): string {
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

function configText({ config }: StandingFacts, { configVersion }: RunFact): string {
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
      return `succeeded in part${only}`;
    case 'QUARANTINED':
      return `quarantined the label: ${findingText(run.error)}`;
    default:
      return `failed${run.attempt > 1 ? ` after ${counted(run.attempt, 'attempt')}` : ''}: ${errorText(run.error, run.outcome)}`;
  }
}
