import { DatabaseError } from 'pg';
import { Fault } from './fault.ts';
import { otherCase } from './letters.ts';

/** PostgreSQL's error in the code and words of Snowflake. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof SyntaxError) return syntaxError(error.message);
  if (!(error instanceof DatabaseError))
    return new Fault(
      '000603',
      `Internal error: ${error instanceof Error ? error.message : String(error)}`,
      'XX000',
    );
  const named = /"([^"]*)"/.exec(error.message)?.[1] ?? '';
  const shown = otherCase(named);
  switch (error.code) {
    case '42P01':
      return new Fault(
        '002003',
        `SQL compilation error:\nObject '${shown}' does not exist or not authorized.`,
        '42S02',
      );
    case '3F000':
      return new Fault(
        '002003',
        `SQL compilation error:\nSchema '${shown}' does not exist or not authorized.`,
        '02000',
      );
    case '42703': {
      const column = /column "?([^"\s]+(?:"\."[^"]+)?)"?/.exec(error.message)?.[1] ?? named;
      return new Fault(
        '000904',
        `SQL compilation error: error line 1 at position ${error.position ?? '0'}\ninvalid identifier '${otherCase(column)}'`,
        '42000',
      );
    }
    case '42P07':
    case '42710':
    case '42P06':
      return new Fault('002002', `SQL compilation error:\nObject '${shown}' already exists.`, '42710');
    case '42701':
      return new Fault('001430', `SQL compilation error:\ncolumn '${shown}' already exists`, '42601');
    case '42601':
      return syntaxError(`syntax error line 1 at position ${error.position ?? '0'} unexpected '${named}'.`);
    case '42883':
      return new Fault('002140', `SQL compilation error:\nUnknown function ${error.message}`, '42601');
    case '22P02':
      return new Fault('100038', `Numeric value '${valueIn(error.message)}' is not recognized`, '22018');
    case '22003':
      return new Fault('100046', `Number out of representable range: ${error.message}`, '22003');
    case '22001':
      return new Fault('100078', `String is too long and would be truncated: ${error.message}`, '22000');
    case '22007':
    case '22008':
      return new Fault('100035', `Timestamp '${valueIn(error.message)}' is not recognized`, '22007');
    case '22012':
      return new Fault('100051', 'Division by zero', '22012');
    case '23502':
      return new Fault(
        '100072',
        `NULL result in a non-nullable column: ${otherCase(error.column ?? '')}`,
        '22000',
      );
    case '57014':
    case '57P01':
      return new Fault('000604', 'SQL execution canceled', '57014');
    case '40P01':
      return new Fault(
        '000625',
        'Statement aborted: its transaction waited for a lock of one that waited for it.',
        '57014',
      );
    default:
      return new Fault('001007', `SQL compilation error:\n${error.message}`, error.code ?? '42000');
  }
}

export function syntaxError(message: string): Fault {
  return new Fault('001003', `SQL compilation error:\n${message}`, '42000');
}

function valueIn(message: string): string {
  return /: "([^"]*)"$/.exec(message)?.[1] ?? '';
}
