import { secretReferences } from '../config/secret-reference.ts';
import { cronPeriod } from '../pipeline/cron.ts';
import { durationText } from '../pipeline/deadline.ts';
import type { Project } from '../pipeline/project.ts';
import { routerCount } from '../pipeline/routers.ts';
import type { CheckWork, StageDefinition, StageInput } from '../pipeline/stage.ts';
import { triggers } from '../pipeline/window.ts';
import { describeSource } from './inbound-text.ts';

/** Lines are broken here, so that they fit into most terminals. */
const WIDTH = 110;
const INDENT = ' '.repeat(6);

/** What was understood of a project: a line per stage with its period, what starts it, and what it produces. */
export function describeProject(project: Project): string {
  const widths = {
    name: Math.max(0, ...project.stages.map((stage) => stage.name.length)),
    period: Math.max(0, ...project.stages.map((stage) => stage.period.length)),
    output: Math.max(0, ...project.stages.map((stage) => stage.output.length)),
  };
  const blocks = project.pipelines.map((pipeline) => {
    const lines = project.stages
      .filter((stage) => stage.pipeline === pipeline)
      .map((stage) => {
        const kind = stage.work.kind.padEnd('transform'.length);
        const start = `  ${stage.name.padEnd(widths.name)}  ${kind}  ${stage.period.padEnd(widths.period)}`;
        const more = [...joinWords(stage), ...ungatedWords(stage, project)];
        return stageLines(
          `${start}  -> ${stage.output}`,
          `${start}  -> `.length + widths.output,
          triggerOf(stage),
          more,
        );
      });
    return `${pipeline}${routersText(routerCount(project, pipeline))}\n${lines.join('')}`;
  });
  const sources = (project.inbound ?? []).map((source) => `  ${describeSource(source)}\n`);
  const inbound = sources.length === 0 ? '' : `inbound\n${sources.join('')}\n`;
  return `${blocks.join('\n')}\n${inbound}${secretLine(project)}${summary(project)}\n`;
}

function routersText(routers: number): string {
  return routers === 1 ? '' : `, with ${count(routers, 'router')}`;
}

/** What starts a stage stands behind its output where it fits, else below it. */
function stageLines(head: string, column: number, trigger: string, more: readonly string[]): string {
  const beside = `${head.padEnd(column)}  ${trigger}`.trimEnd();
  const [first, below] = beside.length <= WIDTH ? [beside, more] : [head, [trigger, ...more]];
  return [first, ...below.flatMap(wrap)].map((line) => `${line}\n`).join('');
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  let line = INDENT;
  for (const word of text.split(' ')) {
    const longer = line === INDENT ? `${line}${word}` : `${line} ${word}`;
    if (longer.length > WIDTH && line !== INDENT) {
      lines.push(line);
      line = `${INDENT}  ${word}`;
    } else line = longer;
  }
  return [...lines, line];
}

/** `every hour at minute 10`, or `after all 1h of warehouse.analytics.orders`. */
export function triggerOf(stage: StageDefinition): string {
  const parts: string[] = [];
  if (stage.schedule !== undefined) {
    const { cron, zone, from, until } = stage.schedule;
    const read = cronPeriod(cron, zone);
    const sentence = 'sentence' in read ? read.sentence.replace(/: period .*$/, '') : cron;
    const delayed = zone !== undefined && !sentence.includes(zone) ? ` on the clock of ${zone}` : '';
    parts.push(
      `${sentence}${delayed}${from === undefined ? '' : ` from ${from}`}${until === undefined ? '' : ` until ${until}`}`,
    );
  }
  const written = stage.inputs.filter(({ gate }) => gate === undefined);
  const starting = ({ window, period }: StageInput): boolean => triggers(window, stage.period, period);
  const waits = written.filter(starting);
  const reads = written.filter((input) => !starting(input));
  if (waits.length > 0) parts.push(`after ${joinedBy(stage)}${waits.map(inputWords).join(' and ')}`);
  if (reads.length > 0) parts.push(`with ${reads.map(inputWords).join(' and ')}`);
  const checks = stage.inputs.filter(({ gate }) => gate !== undefined);
  if (checks.length > 0) parts.push(`when ${checks.map(({ dataset }) => dataset).join(' and ')} passed`);
  if (stage.work.kind === 'check') parts.push(...assertionWords(stage.work));
  return parts.join(', ');
}

function joinedBy({ when }: StageDefinition): string {
  if (when === undefined || when === 'all') return '';
  return when === 'any' ? 'any of ' : `at least ${when.atLeast} of `;
}

function assertionWords({ assertions, blocking }: CheckWork): readonly string[] {
  return [count(assertions.length, 'assertion'), ...(blocking ? ['blocking'] : [])];
}

/** What a stage does about time and about change that is not as usual, one sentence each. */
function joinWords(stage: StageDefinition): readonly string[] {
  const { deadline, onUnsettled, onRestatement, maxRestatedLabels } = stage;
  return [
    ...(deadline === undefined ? [] : [deadlineWords(deadline)]),
    ...(onUnsettled === 'run' ? ['runs without waiting until its inputs are settled'] : []),
    ...(onRestatement === 'cancel' ? ['a run whose inputs change is cancelled and begun again'] : []),
    ...(maxRestatedLabels === undefined
      ? []
      : [`at most ${count(maxRestatedLabels, 'label')} restated in 24 hours, further ones are held`]),
  ];
}

/** The blocking checks of its inputs that do not hold a stage, because it also takes what failed. */
function ungatedWords(stage: StageDefinition, project: Project): readonly string[] {
  const checked = stage.work.kind === 'check' ? stage.work.from : undefined;
  return stage.inputs
    .filter(({ dataset, gate }) => gate === undefined && dataset !== checked)
    .flatMap(({ dataset }) =>
      project.stages
        .filter(({ work }) => work.kind === 'check' && work.blocking && work.from === dataset)
        .filter(({ output }) => !stage.inputs.some((input) => input.dataset === output))
        .map(({ id }) => `not held by check ${id}, because it also takes failures of ${dataset}`),
    );
}

function deadlineWords({ seconds, then }: NonNullable<StageDefinition['deadline']>): string {
  const late = `deadline ${durationText(seconds)} after the interval`;
  switch (then) {
    case 'wait':
      return `${late}: then it is reported late and waits on`;
    case 'partial':
      return `${late}: then it runs with what is there`;
    case 'fail':
      return `${late}: then it is reported missing`;
  }
}

function inputWords({ dataset, window, period, on }: StageInput): string {
  const outcome = on.length === 1 && on[0] === 'SUCCESS' ? '' : ` on ${on.join(' or ')}`;
  switch (window) {
    case 'same':
      return `${dataset}${outcome}`;
    case 'all':
      return `all ${period} of ${dataset}${outcome}`;
    case 'as_of':
      return `the newest ${period} of ${dataset}${outcome}`;
    case 'latest':
      return `the latest ${period} of ${dataset}${outcome}`;
    default:
      return `the ${window} labels of ${dataset} (${period})${outcome}`;
  }
}

function secretLine(project: Project): string {
  const names = secretReferences(project).map((use) => use.name);
  return names.length === 0 ? '' : `Workers need in their environment: ${names.join(', ')}\n`;
}

function summary(project: Project): string {
  return `${count(project.stages.length, 'stage')} in ${count(project.pipelines.length, 'pipeline')}: no problems`;
}

/** `1 stage`, `5 stages` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
