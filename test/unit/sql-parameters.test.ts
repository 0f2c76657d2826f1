import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { StageFailure } from '../../pipeline/failure.ts';
import { bindParameters, parametersIn } from '../../pipeline/sql-parameters.ts';
import { intervalOf, parseTimelabel, type Timelabel } from '../../pipeline/timelabel.ts';

const timelabel = parseTimelabel('20010105080000') as Timelabel;
const run = { timelabel, interval: intervalOf('1h', timelabel) };
const START = "CAST('2001-01-05 08:00:00' AS timestamp)";
const END = "CAST('2001-01-05 09:00:00' AS timestamp)";

describe('parameters of a transform', () => {
  test('become literals of the run, at the borders of the text and before a cast', () => {
    expect(bindParameters(':interval_start', run)).toBe(START);
    expect(bindParameters('a >= :interval_start AND a < :interval_end', run)).toBe(
      `a >= ${START} AND a < ${END}`,
    );
    expect(bindParameters('SELECT :interval_start::date, :timelabel', run)).toBe(
      `SELECT ${START}::date, CAST('20010105080000' AS char(14))`,
    );
  });

  test.each([
    ["SELECT ':interval_start'"],
    ["SELECT 'it''s :nothing'"],
    [String.raw`SELECT 'it\'s :nothing'`],
    ['SELECT 1 AS ":nothing ""x"" :y"'],
    ['SELECT $$ :nothing $$, $tag$ :nothing $$ :more $tag$'],
    ['SELECT 1 -- :nothing'],
    ['SELECT 1 /* :nothing /* nested :x */ :y */'],
    ['SELECT a::text, b::decimal(1,2), c:: int'],
    ["SELECT 'never closed :nothing"],
    ['SELECT 1 /* never closed :nothing'],
    ['SELECT a : b, now()'],
  ])('leave strings, quoted names, comments and casts alone: %s', (sql) => {
    expect(bindParameters(sql, run)).toBe(sql);
    expect(parametersIn(sql)).toEqual([]);
  });

  test('are found again after a string, a comment and a name that contains dollar signs', () => {
    const sql = "SELECT 'x', a$b$ /* ' */, :interval_end -- ' \n, :timelabel, $t$ :no $t$, :interval_end";
    expect(parametersIn(sql)).toEqual(['interval_end', 'timelabel']);
    expect(bindParameters(sql, run)).toContain(`a$b$ /* ' */, ${END}`);
  });

  test('that nobody knows are refused with the list of those that exist', () => {
    const bind = () => bindParameters('SELECT :interval_strat', run);
    expect(bind).toThrow(StageFailure);
    expect(bind).toThrow(/:interval_strat.*Known are :interval_start, :interval_end, :timelabel/);
    expect(parametersIn('SELECT :interval_strat')).toEqual(['interval_strat']);
  });

  test('inside any literal text stay text, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const literal = `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")} :interval_start'`;
        expect(bindParameters(`SELECT ${literal}, :timelabel`, run)).toBe(
          `SELECT ${literal}, CAST('20010105080000' AS char(14))`,
        );
      }),
    );
  });
});
