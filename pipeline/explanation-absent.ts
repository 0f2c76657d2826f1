import type { StandingFacts } from './explanation-facts.ts';
import { clause, counted, listed, minute, stageWord, times } from './explanation-words.ts';

/** Why a label of a stage has no run, as the rest of a sentence that begins with the label. */
export function unstartedAnswer(facts: StandingFacts, waiting: string): string {
  const reported = facts.events.at(-1);
  const outside =
    reported === undefined
      ? ''
      : `was reported from outside at ${minute(reported.receivedAt)} (revision ${String(reported.revision)}, ${reported.outcome}), and `;
  return `${outside}has not run: ${reasonOf(facts, waiting)}`;
}

function reasonOf(facts: StandingFacts, waiting: string): string {
  const { opening, stage, due, now } = facts;
  if (stage === null || opening === null)
    return `config version ${String(facts.config.version)} has no stage ${facts.stageId ?? ''} with such a label`;
  if (stage.inputs.length === 0) return clockReason(facts);
  const closes =
    due !== null && due.closes > now.getTime() ? `; its interval closes at ${minute(due.closes)}` : '';
  switch (opening.kind) {
    case 'waiting':
      return `${waiting}${closes}`;
    case 'paused':
      return `its inputs are there, and ${opening.pause.scope} is paused since ${minute(opening.pause.since)} by ${opening.pause.by}: ${clause(opening.pause.reason)}`;
    case 'run':
    case 'held':
    case 'nothing-new':
      return completeReason(facts);
  }
}

/** Its inputs are there, and still nothing ran. */
function completeReason({ verdicts, config, stage }: StandingFacts): string {
  const last = verdicts.at(-1);
  if (last !== undefined)
    return `its inputs are there, but the event of ${last.dataset} ${last.eventLabel} started nothing: ${clause(last.reason)}`;
  const since =
    config.stageSince === null
      ? ''
      : ` (${stage?.id ?? ''} is in the configuration since ${minute(config.stageSince)})`;
  return `its inputs are there, but no event has asked for it since the stage was applied${since}`;
}

function clockReason(facts: StandingFacts): string {
  const { due, now, config, pauses } = facts;
  if (due === null) return 'nobody has asked for it';
  const closing = due.closes > now.getTime() ? `its interval closes at ${minute(due.closes)}` : undefined;
  if (due.schedule === null)
    return `${stageWord(facts)} has no input and no schedule, and nobody has asked for it`;
  const words = `its schedule (${due.schedule})`;
  if (due.tick === null)
    return listed([...(closing === undefined ? [] : [closing]), `${words} has no tick for this label`]);
  const tick = minute(due.tick);
  if (due.tick > now.getTime())
    return listed([...(closing === undefined ? [] : [closing]), `${words} ticks for it at ${tick}`]);
  if (config.stageSince !== null && config.stageSince.getTime() > due.tick)
    return `${words} ticked for it at ${tick}, before the stage was applied at ${minute(config.stageSince)}`;
  const [pause] = pauses;
  const paused = pause === undefined ? '' : ` (${pause.scope} is paused by ${pause.by})`;
  return `${words} should have asked for it at ${tick}, and no run came${paused}`;
}

/** How a label of a dataset from outside stands, as the rest of a sentence that begins with the label. */
export function outsideAnswer(facts: StandingFacts): string {
  const { events, dataset, newest, rejected } = facts;
  const last = events.at(-1);
  if (last !== undefined) {
    return `was reported ${times(events.length)} by a service outside, the last time at ${minute(last.receivedAt)} as revision ${String(last.revision)} (${last.outcome})${startedText(facts)}`;
  }
  const [refused] = rejected;
  const message =
    refused === undefined
      ? ''
      : `; a message that names it was rejected at ${minute(refused.at)}: ${clause(refused.reason)}`;
  const known =
    newest === null
      ? 'and it has not reported any label yet'
      : `and the newest label that it reported is ${newest.timelabel} (at ${minute(newest.receivedAt)})`;
  return `has not been reported: no stage makes ${dataset}, a service outside does, ${known}${message}`;
}

function startedText({ downstream, dependents }: StandingFacts): string {
  if (dependents.length === 0) return ', and no stage takes it as an input';
  const started = downstream.filter(({ verdict }) => verdict === 'started');
  if (started.length === 0) return ', and it started nothing';
  const [first] = started;
  if (started.length === 1 && first !== undefined)
    return `, and it started ${first.stage} ${first.timelabel}`;
  return `, and it started ${counted(started.length, 'run')}`;
}
