import type { EventError } from './data-event.ts';
import type { ChangedInput, StandingFacts, MissingFact, OriginFact, RunFact } from './explanation-facts.ts';
import type { LabelPair } from './number-events.ts';
import { rangeText } from './label-ranges.ts';
import type { Trigger } from './opening.ts';
import { isDecided } from './outcome.ts';

/** Characters of an error that an explanation quotes; `reefline runs show` has all of it. */
const QUOTED = 200;

/** An instant in UTC, to the minute: `2020-03-03T11:25Z`. */
export function minute(instant: Date | number | string): string {
  return `${new Date(instant).toISOString().slice(0, 16)}Z`;
}

/** `1 label`, `4 labels`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `once`, `twice`, `3 times`. */
export function times(count: number): string {
  if (count === 1) return 'once';
  return count === 2 ? 'twice' : `${String(count)} times`;
}

export function labelText({ dataset, timelabel }: LabelPair): string {
  return `${dataset} ${timelabel}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(texts: readonly string[]): string {
  if (texts.length < 2) return texts.join('');
  return `${texts.slice(0, -1).join(', ')} and ${texts.at(-1) ?? ''}`;
}

/**
 * `permission denied for table orders (unauthorized)`, on one line and without the full stop of a
 * sentence. What was decided has no class. */
export function errorText(error: EventError | null, outcome: string | null = null): string {
  if (error === null) return 'without saying why';
  const message = error.message.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  const cut = message.length <= QUOTED ? message : `${message.slice(0, QUOTED - 1)}…`;
  return isDecided(outcome) ? cut : `${cut} (${error.class})`;
}

/** What a check found: the first sentence of its message; the others say what to do. */
export function findingText(error: EventError | null): string {
  const [first = ''] = (error?.message ?? 'it does not say what it found').split(/\.\s/);
  return clause(first);
}

/** Without its full stop, to be part of a sentence. */
export function clause(sentence: string): string {
  return sentence.trim().replace(/\.$/, '');
}

/** What the explanation calls the stage: `it` when that is what was asked about. */
export function stageWord({ asked, stageId }: StandingFacts): string {
  return stageId === null || asked === stageId ? 'it' : stageId;
}

export function subjectOf({ asked, timelabel }: StandingFacts): string {
  return `${asked} ${timelabel}`;
}

/** Who or what had a run opened: `an event`, `its schedule`, `tester`, `backfill march`. */
export function openerOf(
  trigger: Trigger | null,
  actor: string | null,
  backfill: string | null = null,
): string {
  if (backfill !== null) return `backfill ${backfill}`;
  switch (trigger) {
    case 'event':
      return 'an event';
    case 'schedule':
      return 'its schedule';
    case 'backfill':
      return 'a backfill';
    case 'manual':
      return actor ?? 'a person';
    case null:
      return 'a service outside';
  }
}

/** Why a run was opened although the label had been made: `because warehouse.main.hourly 20200303110000 got revision 2`. */
export function changeText(changed: readonly ChangedInput[]): string {
  const [first] = changed;
  if (first === undefined) return '';
  const what =
    first.from === null ? `${labelText(first)} came` : `${labelText(first)} got revision ${String(first.to)}`;
  const more = changed.length === 1 ? '' : ` and ${counted(changed.length - 1, 'more input')} changed`;
  return `because ${what}${originText(first.origin)}${more}`;
}

function originText(origin: OriginFact | null): string {
  if (origin === null) return '';
  const { stage, trigger, actor, reason, backfill } = origin;
  if (stage === null) return ` (a service outside reported ${labelText(origin)})`;
  const why = reason === null ? '' : `: ${clause(reason)}`;
  return ` (${openerOf(trigger, actor, backfill)} ran ${stage} ${origin.timelabel}${why})`;
}

/** The labels of a missing input: `warehouse.main.loaded 20200303110000 to 20200303140000 (4)`. */
export function missingLabels(missing: MissingFact): string {
  const { producer } = missing;
  if (producer !== null && producer.checks !== null)
    return `a pass of ${producer.stage} for ${producer.checks} ${rangeText(missing)}`;
  switch (missing.need) {
    case 'label':
      return `${missing.dataset} ${rangeText(missing)}`;
    case 'newest':
      return `any label of ${missing.dataset} up to ${missing.first}`;
    case 'any':
      return `any label of ${missing.dataset}`;
  }
}

/** The newest run of a label; undefined when its stage never ran. */
export function newestRun({ runs }: StandingFacts): RunFact | undefined {
  return runs.at(-1);
}

/** The actor of the note about a revision's opening. */
export function actorOf({ notes }: StandingFacts, revision: number): string | null {
  const opened = notes.filter((note) => note.revision === revision && note.decision === 'opened');
  return opened.at(-1)?.actor ?? null;
}

/** Who or what had a run of the label opened. */
export function openerOfRun(facts: StandingFacts, run: RunFact): string {
  const { trigger, revision, backfill } = run;
  return isOpenedByDeadline(run) ? 'its deadline' : openerOf(trigger, actorOf(facts, revision), backfill);
}

/** True when the deadline had it opened with what was there, also when it failed then. */
export function isOpenedByDeadline(run: RunFact): boolean {
  return isPartial(run) && run.changed.length === 0;
}

/** True when it opened without some of its inputs. */
export function isPartial({ outcome, without }: RunFact): boolean {
  return outcome === 'PARTIAL' || without.length > 0;
}

/** Inputs of a partial run that are named. */
const NAMED = 3;

/** What a partial run did without. */
export function withoutText({ without }: RunFact): string {
  const named = without.slice(0, NAMED).map(labelText);
  const more = without.length > NAMED ? [`${String(without.length - NAMED)} more`] : [];
  return named.length === 0 ? 'some of its inputs' : listed([...named, ...more]);
}
