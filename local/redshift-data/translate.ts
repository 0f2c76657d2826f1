import { Dialect, transpile } from '@polyglot-sql/sdk';
import { rewriteAfter, rewriteBefore } from './rewrite-functions.ts';
import { classify, type StatementKind } from './statement-kind.ts';
import { stripBeforeQuery, stripTableDefinition } from './strip-physical.ts';
import { join, synthetic, tokenize, type Token } from './tokens.ts';

export interface Translated {
  readonly kind: StatementKind;
  /** PostgreSQL text with `$1`, `$2` … for parameters; the original text of a COPY. */
  readonly sql: string;
  /** Names of the parameters in the order of their numbers. Each occurrence has its own, so that types may differ. */
  readonly parameters: readonly string[];
}

const CACHE_SIZE = 1000;

/** Redshift SQL to PostgreSQL SQL. Remembers translations by text, because pipelines repeat their statements. */
export class Translator {
  readonly #cache = new Map<string, Translated>();

  /** @throws StatementError | SyntaxError when the statement cannot run. */
  translate(sql: string, insideTransaction: boolean): Translated {
    const key = `${insideTransaction ? 'T' : 'A'}${sql}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const translated = translate(sql, insideTransaction);
    if (this.#cache.size >= CACHE_SIZE) this.#cache.clear();
    this.#cache.set(key, translated);
    return translated;
  }
}

function translate(sql: string, insideTransaction: boolean): Translated {
  const tokens = tokenize(sql);
  const kind = classify(tokens, insideTransaction);
  if (kind === 'copy') return { kind, sql, parameters: [] };
  const text =
    kind === 'command' ? join(rewriteAfter(rewriteBefore(tokens))) : viaPolyglot(prepare(kind, tokens));
  return { kind, ...numberParameters(tokenize(text)) };
}

function prepare(kind: StatementKind, tokens: readonly Token[]): Token[] {
  if (kind === 'create-table') return rewriteBefore(stripTableDefinition(tokens));
  if (kind === 'create-as') return rewriteBefore(stripBeforeQuery(tokens));
  return rewriteBefore(tokens);
}

/** What polyglot cannot read goes to PostgreSQL as it is: its parser refuses whatever is not PostgreSQL too. */
function viaPolyglot(tokens: readonly Token[]): string {
  const literals: string[] = [];
  const guarded = tokens.map((token) => {
    // Comments would come back in another form, in which their content may end them too early.
    if (token.kind === 'space') return synthetic(' ', 'space');
    if (token.kind !== 'string' || !token.text.includes('\\')) return token;
    literals.push(token.text);
    return synthetic(`'\u0001${literals.length - 1}\u0001'`, 'string');
  });
  const result = transpile(join(guarded), Dialect.Redshift, Dialect.PostgreSQL);
  const sql = result.success ? result.sql?.[0] : undefined;
  if (sql === undefined || (result.sql?.length ?? 0) > 1) return join(rewriteAfter(tokens));
  const restored = sql.replace(/'\u0001(\d+)\u0001'/g, (_, index: string) => literals[Number(index)] ?? '');
  return join(rewriteAfter(tokenize(restored)));
}

function numberParameters(tokens: readonly Token[]): { sql: string; parameters: string[] } {
  const parameters: string[] = [];
  const sql = tokens.map((token) => {
    if (token.kind !== 'parameter') return token.text;
    parameters.push(token.text.slice(1));
    return `$${parameters.length}`;
  });
  return { sql: sql.join(''), parameters };
}

/** Names that a statement refers to as `:name`, outside literals and comments. */
export function parameterNames(sql: string): Set<string> {
  return new Set(
    tokenize(sql)
      .filter((token) => token.kind === 'parameter')
      .map((token) => token.text.slice(1)),
  );
}
