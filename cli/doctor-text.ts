import type { Mending } from '../activities/sweep.ts';
import { cureOfFinding, describeFinding, subjectOf, type Finding } from '../pipeline/findings.ts';
import type { CliContext } from './context.ts';
import type { Check } from './doctor-checks.ts';

/** What a doctor's visit says. */
export interface DoctorReport {
  readonly healthy: boolean;
  readonly checks: readonly Omit<Check, 'mend'>[];
  readonly notes: readonly string[];
  readonly findings: readonly ReportedFinding[];
  /** What was put in order in Temporal; absent when nothing was to be mended. */
  readonly done?: readonly string[];
}

export interface ReportedFinding {
  readonly kind: Finding['kind'];
  readonly subject: string;
  readonly detail: string;
  readonly cure: string;
  /** Present after a repair. */
  readonly mended?: boolean;
  readonly outcome?: string;
}

export function reportFinding(finding: Finding): ReportedFinding {
  return {
    kind: finding.kind,
    subject: subjectOf(finding),
    detail: describeFinding(finding),
    cure: cureOfFinding(finding),
  };
}

export function reportMending({ finding, mended, outcome }: Mending): ReportedFinding {
  return { ...reportFinding(finding), mended, outcome };
}

/** Findings of one kind that are written out; `--json` has them all. */
const SHOWN = 20;

export function doctorText(screen: Pick<CliContext, 'paint'>, report: DoctorReport): string {
  const { checks, notes, findings, done = [] } = report;
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, ok, detail, cure }) => [
    `${ok ? screen.paint('green', 'ok   ') : screen.paint('red', 'wrong')}  ${name.padEnd(width)}  ${detail}`,
    ...(cure === undefined ? [] : [`       ${' '.repeat(width)}  cure: ${cure}`]),
  ]);
  if (notes.length > 0) lines.push('', ...notes.map((note) => `note   ${note}`));
  if (done.length > 0) lines.push('', ...done.map((what) => `done   ${what}`));
  for (const kind of new Set(findings.map((finding) => finding.kind)))
    lines.push(
      '',
      ...kindLines(
        screen,
        findings.filter((finding) => finding.kind === kind),
      ),
    );
  return [...lines, '', closing(report)].join('\n');
}

function kindLines({ paint }: Pick<CliContext, 'paint'>, findings: readonly ReportedFinding[]): string[] {
  const lines = findings.slice(0, SHOWN).flatMap(({ kind, detail, cure, mended, outcome }) => {
    if (mended === true) return [`${paint('green', 'mended')} ${kind}: ${detail}`, `       ${outcome ?? ''}`];
    const failed = outcome === undefined ? [] : [`       it could not be mended: ${outcome}`];
    return [`${paint('yellow', 'found ')} ${kind}: ${detail}`, ...failed, `       cure: ${cure}`];
  });
  const more = findings.length - SHOWN;
  return more > 0 ? [...lines, `       and ${String(more)} more; --json has them all`] : lines;
}

function closing({ healthy, checks, findings, done }: DoctorReport): string {
  if (healthy && findings.length === 0) return 'All is well.';
  const wrong = checks.filter(({ ok }) => !ok).length;
  const mended = findings.filter((finding) => finding.mended === true).length;
  const left = findings.length - mended;
  const parts = [
    ...(done === undefined ? [] : [`${String(mended + done.length)} mended`]),
    ...(left === 0 ? [] : [`${String(left)} left undone`]),
    ...(wrong === 0 ? [] : [`${String(wrong)} ${wrong === 1 ? 'check' : 'checks'} failed`]),
  ];
  const hint = done === undefined && left > 0 ? ' Mend it with: reefline doctor --repair' : '';
  return `${parts.join(', ')}.${hint}`;
}
