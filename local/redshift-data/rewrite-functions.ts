import { closing, next, significant, splitByComma, synthetic, type Token } from './tokens.ts';

/** Functions that PostgreSQL has under the same name with another meaning, or that the translator changes. */
const RENAMED: Readonly<Record<string, string>> = {
  GETDATE: 'redshift_getdate',
  SHA2: 'redshift_sha2',
  AVG: 'redshift_avg',
};
/** The first argument is a date part, written as a bare word or as a literal. */
const WITH_DATE_PART: Readonly<Record<string, string>> = {
  DATEDIFF: 'redshift_datediff',
  DATE_DIFF: 'redshift_datediff',
  DATEADD: 'redshift_dateadd',
  DATE_ADD: 'redshift_dateadd',
  DATE_PART: 'redshift_date_part',
  PGDATE_PART: 'redshift_date_part',
};

const DECIMALS: ReadonlySet<string> = new Set(['DECIMAL', 'NUMERIC', 'DEC']);

/** Before translation: what the translator would get wrong is turned into calls of the shims. */
export function rewriteBefore(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  let before = '';
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const open = next(tokens, at + 1);
    const call = token.kind === 'word' && tokens[open]?.key === '(' && tokens[at - 1]?.key !== '.';
    if (['::', 'AS'].includes(before) && DECIMALS.has(token.key) && !call) {
      // Without precision it is DECIMAL(18,0) on Redshift and keeps every digit on PostgreSQL.
      out.push(synthetic(`${token.text}(18,0)`));
      before = token.key;
      continue;
    }
    if (token.kind !== 'space') before = token.key;
    if (token.key === 'SYSDATE' && !call && tokens[at - 1]?.key !== '.')
      out.push(synthetic('redshift_sysdate()'));
    else if (call && WITH_DATE_PART[token.key] !== undefined) {
      const part = next(tokens, open + 1);
      out.push(synthetic(`${WITH_DATE_PART[token.key] ?? ''}(`));
      const word = tokens[part];
      if (word !== undefined) out.push(word.kind === 'word' ? synthetic(`'${word.text}'`, 'string') : word);
      at = part;
    } else if (call && RENAMED[token.key] !== undefined) out.push(synthetic(RENAMED[token.key] ?? ''));
    else if (token.kind === 'quoted') out.push(synthetic(token.text.toLowerCase(), 'quoted'));
    else out.push(token);
  }
  return out;
}

/** After translation: aggregates that the translator leaves in Redshift's form. */
export function rewriteAfter(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) break;
    const open = next(tokens, at + 1);
    const call = token.kind === 'word' && tokens[open]?.key === '(';
    if (call && token.key.startsWith('REDSHIFT_')) {
      out.push(synthetic(`redshift_shim.${token.text.slice('redshift_'.length).toLowerCase()}`));
      continue;
    }
    if (!call || !['LISTAGG', 'MEDIAN', 'APPROX_DISTINCT', 'EXTRACT'].includes(token.key)) {
      out.push(token);
      continue;
    }
    const close = closing(tokens, open);
    const inner = rewriteAfter(tokens.slice(open + 1, close));
    if (token.key === 'LISTAGG') {
      const order = orderWithinGroup(tokens, close);
      out.push(...listagg(inner, order.tokens));
      at = order.end;
      continue;
    }
    out.push(...aggregate(token.key, inner));
    at = close;
  }
  return out;
}

function aggregate(name: string, inner: readonly Token[]): Token[] {
  const end = synthetic(')', 'punctuation');
  if (name === 'MEDIAN') {
    return [synthetic('PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY '), ...inner, end];
  }
  if (name === 'APPROX_DISTINCT') return [synthetic('COUNT(DISTINCT '), ...inner, end];
  // EXTRACT gives an integer on Redshift and a numeric with a fraction on PostgreSQL.
  const from = inner.findIndex((token) => token.key === 'FROM');
  const part = significant(inner)[0]?.key ?? '';
  const type = part === 'EPOCH' ? 'BIGINT' : 'INTEGER';
  return [
    synthetic(`CAST(redshift_shim.date_part('${part}', `),
    ...inner.slice(from + 1),
    synthetic(`) AS ${type})`),
  ];
}

function orderWithinGroup(tokens: readonly Token[], close: number): { tokens: Token[]; end: number } {
  const within = next(tokens, close + 1);
  const group = next(tokens, within + 1);
  const open = next(tokens, group + 1);
  if (tokens[within]?.key !== 'WITHIN' || tokens[group]?.key !== 'GROUP') return { tokens: [], end: close };
  const end = closing(tokens, open);
  return { tokens: tokens.slice(open + 1, end), end };
}

function listagg(inner: readonly Token[], order: readonly Token[]): Token[] {
  const [value = [], separator] = splitByComma(inner);
  const distinct = significant(value)[0]?.key === 'DISTINCT';
  const from = distinct ? value.findIndex((token) => token.key === 'DISTINCT') + 1 : 0;
  return [
    synthetic(`STRING_AGG(${distinct ? 'DISTINCT ' : ''}(`),
    ...value.slice(from),
    synthetic(')::VARCHAR, '),
    ...(separator ?? [synthetic("''", 'string')]),
    synthetic(' ', 'space'),
    ...order,
    synthetic(')', 'punctuation'),
  ];
}
