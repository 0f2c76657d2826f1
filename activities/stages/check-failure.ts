import type { AssertionResult } from '../../pipeline/assertion-result.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { CheckWork, StageDefinition } from '../../pipeline/stage.ts';
import { storableText } from '../../pipeline/storable.ts';

type CheckStage = StageDefinition & { readonly work: CheckWork };

/** UTF-16 units of a violating row in the message. */
const ROW_TEXT = 160;

/**
 * The failure of a check that found violations of severity `error`; undefined when there are none. In its facts
 * `violated` names these assertions, `warned` the violated ones of severity `warn`, and `violations.<name>` counts the
 * rows of each; `quarantined` is there when the check blocks.
 */
export function violationFailure(
  stage: CheckStage,
  timelabel: string,
  results: readonly AssertionResult[],
): StageFailure | undefined {
  const found = results.filter(({ violations }) => violations > 0);
  const violated = found.filter(({ severity }) => severity === 'error');
  const warned = found.filter(({ severity }) => severity === 'warn');
  if (violated.length === 0) return undefined;
  const { from, blocking } = stage.work;
  const does = blocking ? 'holds back' : 'found violations in';
  const message = [
    `Check ${stage.id} ${does} ${from} ${timelabel}: ${found.map(countWords).join(', ')}.`,
    nextSteps(stage, timelabel),
    ...firstRows(found),
  ].join(' ');
  const facts: Record<string, string | number> = {
    dataset: from,
    timelabel,
    ...(blocking ? { quarantined: 'true' } : {}),
    violated: violated.map(({ name }) => name).join(', '),
    ...(warned.length === 0 ? {} : { warned: warned.map(({ name }) => name).join(', ') }),
  };
  for (const { name, violations } of found) facts[`violations.${name}`] = violations;
  return new StageFailure('data_error', message, { facts });
}

function countWords({ name, violations, severity }: AssertionResult): string {
  const rows = violations === 1 ? 'row' : 'rows';
  return `${name} found ${String(violations)} ${rows}${severity === 'warn' ? ' (a warning)' : ''}`;
}

function nextSteps({ id, work: { from, blocking } }: CheckStage, timelabel: string): string {
  const again = `Repair the data and run the check again: reefline run ${id} ${timelabel}`;
  if (!blocking) return `${again}.`;
  const decide = (verb: string): string => `reefline ${verb} ${from} ${timelabel} --reason "…"`;
  return `${again}. Or decide about the data as it is: ${decide('release')} lets it pass, ${decide('reject')} gives it up.`;
}

/** They come last, because an event's text is cut at its end. */
function firstRows(found: readonly AssertionResult[]): readonly string[] {
  const rows = found.flatMap(({ name, sample: [row] }) =>
    row === undefined ? [] : [`${name}: ${storableText(row, ROW_TEXT)}`],
  );
  return rows.length === 0 ? [] : [`First rows: ${rows.join('; ')}.`];
}
