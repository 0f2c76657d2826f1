import { secretReferences } from '../config/secret-reference.ts';
import { cronPeriod } from '../pipeline/cron.ts';
import type { Project } from '../pipeline/project.ts';
import type { CheckWork, StageDefinition, StageInput } from '../pipeline/stage.ts';

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
        return `${start}  -> ${stage.output.padEnd(widths.output)}  ${triggerOf(stage)}\n`;
      });
    return `${pipeline}\n${lines.join('')}`;
  });
  return `${blocks.join('\n')}\n${secretLine(project)}${summary(project)}\n`;
}

/** `every hour at minute 10`, or `after all warehouse.analytics.orders (1h)`. */
export function triggerOf(stage: StageDefinition): string {
  const parts: string[] = [];
  if (stage.schedule !== undefined) {
    const read = cronPeriod(stage.schedule.cron);
    const sentence = 'sentence' in read ? read.sentence.replace(/: period .*$/, '') : stage.schedule.cron;
    const { from, until } = stage.schedule;
    parts.push(
      `${sentence}${from === undefined ? '' : ` from ${from}`}${until === undefined ? '' : ` until ${until}`}`,
    );
  }
  const waits = stage.inputs.filter((input) => input.window !== 'as_of');
  const reads = stage.inputs.filter((input) => input.window === 'as_of');
  if (waits.length > 0) parts.push(`after ${waits.map(inputWords).join(' and ')}`);
  if (reads.length > 0) parts.push(`with ${reads.map(inputWords).join(' and ')}`);
  if (stage.work.kind === 'check') parts.push(...assertionWords(stage.work));
  return parts.join(', ');
}

function assertionWords({ assertions, blocking }: CheckWork): readonly string[] {
  return [count(assertions.length, 'assertion'), ...(blocking ? ['blocking'] : [])];
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
