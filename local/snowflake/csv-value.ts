import { CsvFault } from './csv-records.ts';

/** Bytes of one value, as they are without a longer length. */
const LONGEST_TEXT = 16_777_216;
const LONGEST_BINARY = 8_388_608;

const BOOLEAN = /^(?:true|t|yes|y|on|1|false|f|no|n|off|0)$/i;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const SPECIAL_FLOAT = /^(?:nan|[+-]?inf(?:inity)?)$/i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** The formats with numbers that AUTO knows (docs.snowflake.com, "Supported formats for AUTO detection"). */
const TIMESTAMP =
  /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?[+-]\d{2}(?::?\d{2})?)?)?)?$/;

/**
 * The text of a field as PostgreSQL reads it into a column of its type, which stands for one of Snowflake's.
 * @throws CsvFault for a text that Snowflake does not take for a value of the type.
 */
export function csvValue(text: string, type: string, column: number): string {
  const refuse = (code: string, why: string): never => {
    throw new CsvFault(code, why, column);
  };
  const shown = text.slice(0, 80);
  switch (type) {
    case 'boolean':
      return BOOLEAN.test(text) ? text : refuse('100037', `Boolean value '${shown}' is not recognized`);
    case 'numeric':
      return NUMBER.test(text) ? text : refuse('100038', `Numeric value '${shown}' is not recognized`);
    case 'double precision':
      return NUMBER.test(text) || SPECIAL_FLOAT.test(text)
        ? text
        : refuse('100038', `Numeric value '${shown}' is not recognized`);
    case 'date':
      return DATE.test(text) && !text.startsWith('0000')
        ? text
        : refuse('100040', `Date '${shown}' is not recognized`);
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return TIMESTAMP.test(text) && !text.startsWith('0000')
        ? text
        : refuse('100035', `Timestamp '${shown}' is not recognized`);
    case 'bytea':
      if (!/^(?:[0-9a-f]{2})*$/i.test(text))
        refuse('100115', `The following string is not a legal hex-encoded value: '${shown}'`);
      return text.length / 2 > LONGEST_BINARY
        ? refuse('100145', 'the binary value is too long')
        : `\\x${text}`;
    default:
      return Buffer.byteLength(text) > LONGEST_TEXT
        ? refuse('100078', `Max LOB size (${String(LONGEST_TEXT)}) exceeded`)
        : text;
  }
}
