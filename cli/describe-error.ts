/** What went wrong in one sentence for people, never a stack: the deepest cause of a client's error says the most. */
export function describeError(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.map(describeError))].join('; ');
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  if (!(cause instanceof Error)) return message;
  const deeper = describeError(cause);
  if (message === '' || deeper.includes(message)) return deeper;
  return message.includes(deeper) ? message : `${message.replace(/[.:]?$/, '')}: ${deeper}`;
}
