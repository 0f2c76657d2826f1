import { describeType, type Column } from './column.ts';
import type { DataEvent, EndpointEvent, MetadataEvent, ReeflineEvent } from './data-event.ts';
import { storableText } from './storable.ts';

/** Longest error text and most columns or labels in one message; the command at its end shows the rest. */
const LONGEST_ERROR = 500;
const MOST_LINES = 10;

/**
 * An event for people, in the mrkdwn of Slack. The first line says what happened to which label and stands for itself; the last one is
 * the command that tells more. `replayed` says in the first line that it was sent before.
 */
export function slackText(event: ReeflineEvent, replayed = false): string {
  const text = textOf(event);
  return replayed ? text.replace('\n', ' (sent once more)\n') : text;
}

function textOf(event: ReeflineEvent): string {
  switch (event.event_type) {
    case 'data':
      return dataText(event);
    case 'metadata':
      return changeText(event);
    case 'endpoint':
      return healthText(event);
  }
}

function healthText({ endpoint, health, previous, reason, error }: EndpointEvent): string {
  const kind = error === null ? '' : ` (${escape(error.class)})`;
  return [
    `*${health.toUpperCase()}* endpoint ${code(endpoint)}, was ${previous}${kind}`,
    escape(cut(reason)),
    ...(error === null ? [] : [block(cut(error.message))]),
    code(`reefline deliveries list --endpoint ${endpoint}`),
  ].join('\n');
}

function dataText({ outcome, dataset, timelabel, stage, revision, error, missing = [] }: DataEvent): string {
  const kind = error === null ? '' : ` (${escape(error.class)})`;
  const by = stage === null ? 'reported by an outside service' : `stage ${code(stage)}`;
  return [
    `*${outcome}* ${code(dataset)} ${timelabel}${kind}`,
    `${by}, revision ${String(revision)}`,
    ...(error === null ? [] : [block(cut(error.message))]),
    ...(missing.length === 0
      ? []
      : [block(lines(missing.map((each) => `not there: ${each.dataset} ${each.timelabel}`)))]),
    code(`reefline why ${dataset} ${timelabel}`),
  ].join('\n');
}

function changeText({ change, dataset, timelabel, before, after }: MetadataEvent): string {
  const changed = columnLines(before, after);
  return [
    `*${change}* ${code(dataset)} ${timelabel}`,
    ...(changed.length === 0 ? [] : [block(lines(changed))]),
    code(`reefline schema history ${dataset}`),
  ].join('\n');
}

function columnLines(before: readonly Column[], after: readonly Column[]): readonly string[] {
  const old = new Map(before.map((column) => [column.name, describeType(column.type)]));
  const kept = new Set(after.map(({ name }) => name));
  return [
    ...after.flatMap(({ name, type }) => {
      const was = old.get(name);
      if (was === undefined) return [`+ ${name} ${describeType(type)}`];
      return was === describeType(type) ? [] : [`~ ${name} ${was} -> ${describeType(type)}`];
    }),
    ...before.filter(({ name }) => !kept.has(name)).map(({ name }) => `- ${name}`),
  ];
}

function lines(all: readonly string[]): string {
  const more = all.length - MOST_LINES;
  return [...all.slice(0, MOST_LINES), ...(more > 0 ? [`and ${String(more)} more`] : [])].join('\n');
}

function cut(text: string): string {
  return text.length <= LONGEST_ERROR ? text : `${storableText(text, LONGEST_ERROR)}…`;
}

/** The three characters with which Slack begins links, mentions and entities ("Formatting text for app surfaces", escaping). */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Text that Slack takes as it is; it knows no way to write a backtick in there. */
function code(text: string): string {
  return `\`${escape(text.replaceAll('`', "'"))}\``;
}

function block(text: string): string {
  return `\`\`${code(text)}\`\``;
}
