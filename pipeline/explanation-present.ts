import type { StandingFacts } from './explanation-facts.ts';
import { fullReason, rootCause } from './explanation-missing.ts';
import type { Moment } from './explanation-timeline.ts';
import { clause, minute, missingLabels } from './explanation-words.ts';

/** What holds now: what is missing and why, pauses, and what Temporal says. */
export function presentMoments(facts: StandingFacts): readonly Moment[] {
  const [only] = facts.missing;
  // The first line has said it.
  const told = facts.missing.length === 1 && only !== undefined && rootCause(only) === only;
  const missing = told
    ? []
    : facts.missing.map(
        (one) =>
          `${missingLabels(one)}${one.unsettled === null ? '' : ' is not settled'}: ${fullReason(one, facts.now)}.`,
      );
  const pauses =
    facts.held === null && facts.pauses.length > 0
      ? facts.pauses.map(
          ({ scope, by, since, reason }) =>
            `${scope} is paused since ${minute(since)} by ${by}: ${clause(reason)}.`,
        )
      : [];
  return [...missing, ...pauses, ...deadlineTexts(facts), ...workflowTexts(facts)].map((text) => ({
    at: null,
    text,
  }));
}

/** What becomes of a waiting label when its deadline passes. */
function deadlineTexts({ runs, stage, now }: StandingFacts): readonly string[] {
  const run = runs.at(-1);
  if (run?.status !== 'WAITING' || run.deadline === null || run.lateAt !== null) return [];
  if (run.deadline <= now)
    return [`Its deadline passed at ${minute(run.deadline)}, and that is about to be reported.`];
  const deadline = `At its deadline, ${minute(run.deadline)}, it`;
  const unless = 'unless all its inputs are there';
  switch (stage?.deadline?.then) {
    case 'partial':
      return [`${deadline} runs with the inputs that are there.`];
    case 'fail':
      return [`${deadline} is given up, ${unless}.`];
    case 'wait':
    case undefined:
      return [`${deadline} is reported late and waits on, ${unless}.`];
  }
}

function workflowTexts({ workflow, runs }: StandingFacts): readonly string[] {
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
