import { literalValue, significant, tokenize } from '../redshift-data/tokens.ts';
import { isBlock } from './block.ts';
import { Fault } from './fault.ts';

/** The text of the block in an EXECUTE IMMEDIATE, or the statement itself when it is one. */
export function blockIn(sql: string): string | undefined {
  if (isBlock(sql)) return sql;
  const [first, second, text] = significant(tokenize(sql));
  if (first?.key !== 'EXECUTE' || second?.key !== 'IMMEDIATE' || text?.kind !== 'string') return undefined;
  return text.text.startsWith('$$') ? text.text.slice(2, -2) : literalValue(text);
}

export function transactionCommand(sql: string): 'BEGIN' | 'COMMIT' | 'ROLLBACK' | undefined {
  const [first, second] = significant(tokenize(sql)).filter(({ key }) => key !== ';');
  if (first?.key === 'COMMIT' || first?.key === 'ROLLBACK') return first.key;
  if (first?.key === 'BEGIN' || (first?.key === 'START' && second?.key === 'TRANSACTION')) return 'BEGIN';
  return undefined;
}

/** The query that a statement asks to cancel; undefined for other statements. */
export function cancelledBy(sql: string): string | undefined {
  return /^\s*SELECT\s+SYSTEM\$CANCEL_QUERY\s*\(\s*'([^']+)'\s*\)\s*;?\s*$/i.exec(sql)?.[1];
}

/** @throws Fault for several statements in one text, which only a request that says so may hold. */
export function refuseSeveral(sql: string): void {
  const words = significant(tokenize(sql));
  const count = words.filter(({ key }, at) => key === ';' && at < words.length - 1).length + 1;
  if (count > 1)
    throw new Fault(
      '000008',
      `Actual statement count ${String(count)} did not match the desired statement count 1.`,
      '0A000',
    );
}

export function cancelled(): Fault {
  return new Fault('000604', 'SQL execution canceled', '57014');
}
