/** Compiles the text of a regular expression into a test of a whole name; in an engine whose time is linear in the name. */
export type CompileExpression = (expression: string) => (name: string) => boolean;

/** What stands before a regular expression in a pattern; anything else is a glob. */
const EXPRESSION = 're:';

/** The regular expression of a pattern, or undefined when the pattern is a glob. */
export function expressionOf(pattern: string): string | undefined {
  return pattern.startsWith(EXPRESSION) ? pattern.slice(EXPRESSION.length) : undefined;
}

/**
 * A test of whole names. In a glob `*` stands for any characters, also none, and `?` for one; everything else stands for
 * itself, capital and small letters being different. `re:` begins a regular expression.
 */
export function compilePattern(pattern: string, compile: CompileExpression): (name: string) => boolean {
  const expression = expressionOf(pattern);
  if (expression !== undefined) return compile(expression);
  const glob = Array.from(pattern);
  return (name) => matchesGlob(glob, Array.from(name));
}

/**
 * Two positions and the last star: a mismatch gives that star one more character, and nothing before it is tried again,
 * so a hostile pattern costs at most its length times that of the name.
 */
function matchesGlob(glob: readonly string[], name: readonly string[]): boolean {
  let at = 0;
  let position = 0;
  let star = -1;
  let taken = 0;
  while (position < name.length) {
    if (glob[at] === '*') {
      star = at;
      taken = position;
      at += 1;
    } else if (at < glob.length && (glob[at] === '?' || glob[at] === name[position])) {
      at += 1;
      position += 1;
    } else if (star >= 0) {
      taken += 1;
      position = taken;
      at = star + 1;
    } else {
      return false;
    }
  }
  return glob.slice(at).every((rest) => rest === '*');
}
