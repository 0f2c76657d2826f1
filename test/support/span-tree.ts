import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** The spans of one trace as a tree for people: name, when after the root it began, how long it took, and what came of it. */
export function spanTree(spans: readonly ReadableSpan[]): string {
  const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId;
  const known = new Set(spans.map((span) => span.spanContext().spanId));
  const [root, ...others] = spans.filter((span) => !known.has(parentOf(span) ?? ''));
  if (root === undefined || others.length > 0)
    throw new Error(`The trace has ${String(others.length + 1)} roots.`);
  const lines: string[] = [];
  const add = (span: ReadableSpan, indent: string): void => {
    const began = (millisecondsOf(span.startTime) - millisecondsOf(root.startTime)) / 1000;
    const took = millisecondsOf(span.duration) / 1000;
    const title = `${indent}${span.name}`.padEnd(42);
    const sign = began < 0 ? '-' : '+';
    lines.push(
      `${title} ${sign}${Math.abs(began).toFixed(3)} s ${took.toFixed(3)} s  ${resultOf(span)}`.trimEnd(),
    );
    const children = spans
      .filter((child) => parentOf(child) === span.spanContext().spanId)
      .sort((a, b) => millisecondsOf(a.startTime) - millisecondsOf(b.startTime));
    for (const child of children) add(child, `${indent}  `);
  };
  add(root, '');
  return lines.join('\n');
}

function resultOf({ attributes, status }: ReadableSpan): string {
  const words = ['reefline.trigger', 'reefline.attempt', 'reefline.outcome', 'error.type'].flatMap((name) =>
    attributes[name] === undefined ? [] : [`${name.replace('reefline.', '')}=${String(attributes[name])}`],
  );
  return [...words, ...(status.message === undefined ? [] : [`"${status.message}"`])].join(' ');
}

function millisecondsOf([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1000 + Math.round(nanoseconds / 1_000_000);
}
