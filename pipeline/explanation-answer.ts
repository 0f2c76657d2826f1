import type { RefusedFact, StandingFacts, RunFact } from './explanation-facts.ts';
import type { LabelPair } from './number-events.ts';
import type { Opening } from './opening.ts';
import { causeText } from './explanation-missing.ts';
import { outsideAnswer, unstartedAnswer } from './explanation-absent.ts';
import { holdingCheck, standingOf } from './explanation-standing.ts';
import {
  changeText,
  clause,
  counted,
  errorText,
  findingText,
  isOpenedByDeadline,
  labelText,
  listed,
  minute,
  missingLabels,
  newestRun,
  openerOfRun,
  stageWord,
  subjectOf,
  times,
  withoutText,
} from './explanation-words.ts';

/** Missing inputs that the first sentence names. */
const NAMED = 3;

/** How the label stands and why, in one sentence. */
export function answerOf(facts: StandingFacts): string {
  const subject = subjectOf(facts);
  const run = newestRun(facts);
  if (facts.stageId === null) return `${subject} ${outsideAnswer(facts)}.`;
  if (run === undefined && facts.held === null)
    return `${subject} ${unstartedAnswer(facts, waitingText(facts))}.`;
  return `${subject} ${clause(runAnswer(facts, run))}.`;
}

function runAnswer(facts: StandingFacts, run: RunFact | undefined): string {
  const standing = standingOf(facts);
  if (standing === 'paused') return pausedAnswer(facts);
  if (standing === 'held') return heldAnswer(facts);
  if (run === undefined) return 'has no run';
  switch (run.status) {
    case 'RUNNING':
      return runningAnswer(facts, run);
    case 'WAITING':
      return waitingAnswer(facts, run);
    case 'SUCCESS':
      return standing === 'quarantined' ? quarantinedAnswer(facts, run) : doneAnswer(facts, run);
    case 'FAILURE':
      return failedAnswer(facts, run);
    case 'SKIPPED':
      return `was ${decisionText(facts, run, 'skipped')}; it runs when its inputs change or a person asks for it`;
    case 'SUPERSEDED':
      return `was cancelled at ${minute(run.closedAt ?? run.openedAt)}, because its inputs changed while revision ${String(run.revision)} ran, and the next revision has not opened yet`;
    case 'CLOSED':
      return `waits no more since ${minute(run.closedAt ?? run.openedAt)}: ${decisionText(facts, run, 'closed')}`;
  }
}

/** What the newest note of this decision says, and who decided. */
function decisionText(
  { notes }: StandingFacts,
  { revision, error, outcome, status }: RunFact,
  decision: string,
): string {
  const note = notes.findLast((one) => one.decision === decision && one.revision === revision);
  if (note === undefined) return errorText(error, outcome ?? status);
  const by = note.actor === null || decision === 'closed' ? '' : ` by ${note.actor}`;
  return decision === 'closed'
    ? `${clause(note.reason)}${note.actor === null ? '' : ` (applied by ${note.actor})`}`
    : `${decision} at ${minute(note.notedAt)}${by}: ${clause(note.reason)}`;
}

function doneAnswer(facts: StandingFacts, run: RunFact): string {
  const rows = run.rows === null ? '' : ` (${counted(run.rows, 'row')})`;
  const at = minute(run.closedAt ?? run.openedAt);
  const opener = openerOfRun(facts, run);
  const ran = `${stageWord(facts)} ran ${times(facts.runCount)}`;
  const released = decisionOfPerson(facts, run);
  const how =
    facts.runCount === 1
      ? `${ran}, started by ${opener}, and succeeded at ${at} as revision ${String(run.revision)}${rows}`
      : `${ran}, and revision ${String(run.revision)} succeeded at ${at}${rows}, ${againText(run, opener)}`;
  return released === null ? `${doneWords(facts, run)}: ${how}${afterwards(facts, run)}` : `was ${released}`;
}

function decisionOfPerson(facts: StandingFacts, run: RunFact): string | null {
  return run.outcome === 'RELEASED' ? decisionText(facts, run, 'released') : null;
}

function againText(run: RunFact, opener: string): string {
  if (run.changed.length > 0) return changeText(run.changed);
  return `started by ${opener}${run.inputs === 0 ? '' : ' with unchanged inputs'}`;
}

function doneWords({ checks }: StandingFacts, run: RunFact): string {
  switch (run.outcome) {
    case 'EMPTY':
      return 'is done and has no rows';
    case 'PARTIAL':
      return `is made in part, without ${withoutText(run)}, because its deadline had passed`;
    case 'RECOVERED':
      return 'is done after it was late';
    case 'RELEASED':
      return 'is done';
    default:
      return checks.some((check) => check.judgement?.decision === 'released')
        ? 'is done and released'
        : 'is done';
  }
}

function afterwards({ opening, stage, checks, silent, refused }: StandingFacts, run: RunFact): string {
  const judgement = checks.find((check) => check.judgement?.decision === 'released')?.judgement ?? null;
  const released =
    judgement === null
      ? ''
      : `; its quarantine was released at ${minute(judgement.notedAt)} by ${judgement.actor ?? 'a person'}: ${clause(judgement.reason)}`;
  const only = run.propagates ? '' : '; its event starts nothing, because it was run with --only';
  const stale =
    opening?.kind === 'run' && stage !== null && stage.inputs.length > 0 ? changedText(silent) : '';
  return `${released}${only}${refusedText(refused)}${stale}`;
}

/** What it was made of and would not be made of now. */
function refusedText(refused: readonly RefusedFact[]): string {
  const [first] = refused;
  if (first === undefined) return '';
  const { revision, rejected, check, actor, reason, error, at } = first;
  const who = rejected
    ? `${actor ?? 'a person'} rejected at ${minute(at)}${reason === null ? '' : `: ${clause(reason)}`}`
    : `${check} quarantines since ${minute(at)}: ${findingText(error)}`;
  const more = refused.length === 1 ? '' : ` (and ${counted(refused.length - 1, 'more refused label')})`;
  return `; it was made of ${labelText(first)} revision ${String(revision)}${more}, which ${who}`;
}

/** What was run on its own restates nothing below it. */
function changedText(silent: readonly LabelPair[]): string {
  const [first] = silent;
  if (first === undefined) return '; its inputs have changed since, and the next revision has not opened yet';
  const more = silent.length === 1 ? '' : ` and ${counted(silent.length - 1, 'more input')}`;
  return `; ${labelText(first)}${more} changed since and ${silent.length === 1 ? 'was' : 'were'} run with --only, so nothing follows by itself`;
}

function runningAnswer(facts: StandingFacts, run: RunFact): string {
  const revision = `revision ${String(run.revision)}`;
  const opener = openerOfRun(facts, run);
  if (run.startedAt === null)
    return `is about to run: ${revision} was opened at ${minute(run.openedAt)} by ${opener}, and no worker has begun it yet`;
  const attempt = Math.max(run.attempt, facts.workflow?.attempt ?? 0);
  const tried =
    attempt > 1 ? ` (attempt ${String(attempt)} of ${String(facts.stage?.maxAttempts ?? attempt)})` : '';
  const failed = facts.workflow?.lastFailure;
  const last = failed == null || attempt < 2 ? '' : `; the attempt before failed: ${clause(failed)}`;
  return `is running since ${minute(run.startedAt)}: ${revision}, opened by ${opener}${tried}${last}`;
}

function waitingAnswer(facts: StandingFacts, run: RunFact): string {
  const made = facts.runs.findLast(({ status }) => status === 'SUCCESS');
  const again = made === undefined ? '' : `is there as revision ${String(made.revision)}, and `;
  const late = run.lateAt === null ? '' : ` and is late since ${minute(run.lateAt)}`;
  return `${again}waits since ${minute(run.openedAt)}${late}: ${waitingText(facts)}`;
}

/** What a label waits for: `11 of 24 inputs are there; it lacks … , because …`. */
export function waitingText(facts: StandingFacts): string {
  const { opening, missing } = facts;
  if (opening === null) return 'the configuration in force has no such label';
  if (opening.kind === 'run') return 'its inputs are all there now, and its run has not opened yet';
  if (opening.kind === 'paused')
    return `its inputs are all there now, and ${opening.pause.scope} is paused since ${minute(opening.pause.since)} by ${opening.pause.by}: ${clause(opening.pause.reason)}`;
  if (opening.kind !== 'waiting') return 'nothing new has come';
  const [first] = missing;
  if (first !== undefined && opening.expected === 1 && first.unsettled === null)
    return `it lacks ${missingLabels(first)}, because ${causeText(first, facts.now)}`;
  const there = countThere(opening, facts);
  const verb = there === 1 || opening.expected === 1 ? 'is' : 'are';
  const have = `${String(there)} of ${counted(opening.expected, 'input')} ${verb} there`;
  if (first === undefined) return have;
  const because = `${missing.length > 1 ? 'the first ' : ''}because ${causeText(first, facts.now)}`;
  if (first.unsettled !== null)
    return `${missingLabels(first)} is there but has to be made again with the newer ${labelText(first.unsettled)}, ${because}`;
  return `${have}; it lacks ${lackText(facts)}, ${because}`;
}

/** What is there but has not passed its check yet counts as there: the check is what is missing. */
function countThere(
  { have, expected }: Extract<Opening, { kind: 'waiting' }>,
  { missing, missingCount }: StandingFacts,
): number {
  const gates = missing.length > 0 && missing.every(({ producer }) => producer?.checks != null);
  return gates ? Math.max(have, expected - missingCount) : have;
}

function lackText({ missing, missingCount }: StandingFacts): string {
  const named = missing.slice(0, NAMED);
  const rest = missingCount - named.reduce((sum, { count }) => sum + count, 0);
  return listed([...named.map(missingLabels), ...(rest > 0 ? [`${String(rest)} more`] : [])]);
}

function pausedAnswer(facts: StandingFacts): string {
  const [pause] = facts.pauses;
  const since = minute(facts.held?.since ?? facts.now);
  if (pause === undefined)
    return `was ready at ${since} while its stage was paused; the pause is over, and the run has not started yet`;
  return `is ready since ${since} and held, because ${pause.scope} is paused since ${minute(pause.since)} by ${pause.by}: ${clause(pause.reason)}`;
}

function heldAnswer({ held, now, stage, opening }: StandingFacts): string {
  const limit = opening?.kind === 'held' ? opening.limit : stage?.maxRestatedLabels;
  const many =
    limit === undefined ? 'its limit of restated labels' : `its limit of ${counted(limit, 'restated label')}`;
  return `is ready to be made again and held since ${minute(held?.since ?? now)}, because ${many} within 24 hours is reached (max_restated_labels)`;
}

function quarantinedAnswer(facts: StandingFacts, run: RunFact): string {
  const check = holdingCheck(facts);
  const at = minute(run.closedAt ?? run.openedAt);
  const made = `revision ${String(run.revision)} was made at ${at}`;
  if (check?.run == null) return made;
  const { judgement } = check;
  if (judgement !== null)
    return `is rejected: ${made}, and ${judgement.actor ?? 'a person'} rejected it at ${minute(judgement.notedAt)}: ${clause(judgement.reason)}`;
  return `is quarantined: ${made}, and ${check.stage} holds its dependents back since ${minute(check.run.closedAt ?? check.run.openedAt)}: ${findingText(check.run.error)}`;
}

function failedAnswer(facts: StandingFacts, run: RunFact): string {
  const checked = facts.stage?.work.kind === 'check' ? facts.stage.work.from : 'its dataset';
  const at = minute(run.closedAt ?? run.openedAt);
  switch (run.outcome) {
    case 'QUARANTINED':
      return `quarantines ${checked} since ${at}: ${findingText(run.error)}`;
    case 'REJECTED':
      return `was ${decisionText(facts, run, 'rejected')}; the dependents hold until newer data passes the check`;
    case 'MISSING':
      return `was given up at its deadline, at ${at}: ${waitingText(facts)}; it runs when its inputs come after all`;
    default: {
      const tries = run.attempt > 1 ? ` after ${counted(run.attempt, 'attempt')}` : '';
      const opened = isOpenedByDeadline(run) ? `, opened at its deadline without ${withoutText(run)}` : '';
      return `failed at ${at}${tries} as revision ${String(run.revision)}${opened}: ${errorText(run.error, run.outcome)}`;
    }
  }
}
