import { RE2JS, RE2JSSyntaxException } from 're2js';
import { expressionOf } from '../pipeline/name-pattern.ts';

/** Why the expression after `re:` cannot be compiled; undefined when it can, or when the pattern is a glob. */
export function expressionProblem(pattern: string): string | undefined {
  const expression = expressionOf(pattern);
  if (expression === undefined) return undefined;
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.message;
    throw error;
  }
}
