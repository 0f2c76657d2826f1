import { z } from 'zod';

/** An advisory that a dependency has and that does not reach Reefline, and why; it holds until a day. */
export interface AuditException {
  readonly advisory: string;
  readonly package: string;
  readonly reason: string;
  /** `2027-01-31`: the last day on which nobody has to look again. */
  readonly until: string;
}

const advisory = z.object({
  name: z.string(),
  title: z.string(),
  url: z.string(),
  severity: z.string(),
  range: z.string(),
});

/** What `npm audit --json` prints (https://docs.npmjs.com/cli/v11/commands/npm-audit); a package is vulnerable by itself or through others. */
const report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), advisory])) })),
});

export type AuditVerdict =
  | { readonly kind: 'not-asked'; readonly reason: string }
  | { readonly kind: 'judged'; readonly problems: readonly string[]; readonly excepted: readonly string[] };

/**
 * Judges what npm printed. An answer that is no report means that the registry could not be asked, which is no fault of the
 * project. `today` is a day such as `2026-11-29`.
 */
export function judgeAudit(
  printed: string,
  exceptions: readonly AuditException[],
  today: string,
): AuditVerdict {
  const read = report.safeParse(jsonOf(printed));
  if (!read.success) return { kind: 'not-asked', reason: reasonIn(printed) };
  const found = new Map<string, z.infer<typeof advisory>>();
  for (const { via } of Object.values(read.data.vulnerabilities))
    for (const each of via) if (typeof each !== 'string') found.set(`${each.name} ${each.url}`, each);
  const problems: string[] = [];
  const excepted: string[] = [];
  for (const { name, title, url, severity, range } of found.values()) {
    const id = url.split('/').at(-1) ?? url;
    const exception = exceptions.find((one) => one.advisory === id && one.package === name);
    if (exception === undefined)
      problems.push(`${name} ${range} has ${id} (${severity}): ${title}. ${url} ${CURE}`);
    else if (exception.until < today)
      problems.push(`The exception for ${id} in ${name} ended on ${exception.until}. Look again: ${url}`);
    else excepted.push(`${id} in ${name}, until ${exception.until}: ${exception.reason}`);
  }
  return { kind: 'judged', problems, excepted };
}

const CURE =
  'Update it, or name it in scripts/dependencies/audit-exceptions.json with the reason why it does not reach Reefline.';

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reasonIn(printed: string): string {
  const read = z.object({ message: z.string() }).safeParse(jsonOf(printed));
  return read.success ? read.data.message : printed.trim().split('\n')[0] || 'npm gave no answer';
}
