/**
 * What a database of Snowflake has and one of PostgreSQL lacks: its information schema, with names in Snowflake's case, and
 * functions. PUBLIC is the schema that every new database has in both.
 */
const CASES = `translate(%s, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ')`;

function swapped(expression: string): string {
  return CASES.replace('%s', `${expression}::text`);
}

const SCHEMAS = `n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'snowflake_shim', 'snowflake_information')`;

export const TYPE_NAME = `CASE format_type(a.atttypid, NULL) WHEN 'numeric' THEN 'NUMBER' WHEN 'bigint' THEN 'NUMBER' WHEN 'integer' THEN 'NUMBER'
  WHEN 'smallint' THEN 'NUMBER' WHEN 'double precision' THEN 'FLOAT' WHEN 'real' THEN 'FLOAT' WHEN 'boolean' THEN 'BOOLEAN' WHEN 'date' THEN 'DATE'
  WHEN 'bytea' THEN 'BINARY' WHEN 'timestamp without time zone' THEN 'TIMESTAMP_NTZ' WHEN 'timestamp with time zone' THEN 'TIMESTAMP_LTZ'
  WHEN 'time without time zone' THEN 'TIME' WHEN 'jsonb' THEN 'VARIANT' WHEN 'json' THEN 'VARIANT' ELSE 'TEXT' END`;

const VIEWS = `
CREATE SCHEMA IF NOT EXISTS snowflake_information;
CREATE OR REPLACE VIEW snowflake_information.schemata AS
  SELECT ${swapped('n.nspname')} AS schema_name FROM pg_catalog.pg_namespace n WHERE ${SCHEMAS};
CREATE OR REPLACE VIEW snowflake_information.tables AS
  SELECT ${swapped('n.nspname')} AS table_schema, ${swapped('c.relname')} AS table_name,
    CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'p') AND ${SCHEMAS};
CREATE OR REPLACE VIEW snowflake_information.columns AS
  SELECT ${swapped('n.nspname')} AS table_schema, ${swapped('c.relname')} AS table_name, ${swapped('a.attname')} AS column_name,
    a.attnum::numeric(9,0) AS ordinal_position, CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable, ${TYPE_NAME} AS data_type,
    CASE format_type(a.atttypid, NULL) WHEN 'text' THEN 16777216 WHEN 'bytea' THEN 8388608 WHEN 'character varying' THEN
      CASE WHEN a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 16777216 END END::numeric(9,0) AS character_maximum_length,
    CASE format_type(a.atttypid, NULL) WHEN 'numeric' THEN CASE WHEN a.atttypmod > 4 THEN ((a.atttypmod - 4) >> 16) & 65535 ELSE 38 END
      WHEN 'bigint' THEN 19 WHEN 'integer' THEN 10 WHEN 'smallint' THEN 5 END::numeric(9,0) AS numeric_precision,
    CASE WHEN format_type(a.atttypid, NULL) = 'numeric' THEN CASE WHEN a.atttypmod > 4 THEN (a.atttypmod - 4) & 2047 ELSE 6 END
      WHEN format_type(a.atttypid, NULL) IN ('bigint', 'integer', 'smallint') THEN 0 END::numeric(9,0) AS numeric_scale,
    CASE WHEN format_type(a.atttypid, NULL) ~ '^time' THEN CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE 9 END END::numeric(9,0) AS datetime_precision
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'p') AND ${SCHEMAS};`;

const FUNCTIONS = `
CREATE SCHEMA IF NOT EXISTS snowflake_shim;
CREATE OR REPLACE FUNCTION snowflake_shim."if"(c boolean, a anycompatible, b anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE AS $f$
  SELECT CASE WHEN c THEN a ELSE b END $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.to_varchar(v anyelement) RETURNS text LANGUAGE sql STABLE AS $f$ SELECT v::text $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.to_varchar(v bytea, format text) RETURNS text LANGUAGE sql IMMUTABLE AS $f$
  SELECT CASE upper(format) WHEN 'HEX' THEN upper(encode(v, 'hex')) WHEN 'BASE64' THEN encode(v, 'base64') WHEN 'UTF-8' THEN convert_from(v, 'UTF8') END $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.time_format(format text) RETURNS text LANGUAGE sql IMMUTABLE AS $f$
  SELECT replace(replace(replace(replace(format, 'FF6', 'US'), 'FF3', 'MS'), 'TZH:TZM', 'TZH:TZM'), 'AUTO', 'YYYY-MM-DD HH24:MI:SS.US') $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.to_varchar(v timestamp, format text) RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT to_char(v, snowflake_shim.time_format(format)) $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.to_varchar(v timestamptz, format text) RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT to_char(v, snowflake_shim.time_format(format)) $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.to_varchar(v date, format text) RETURNS text LANGUAGE sql STABLE AS $f$ SELECT to_char(v, format) $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.to_json(v jsonb) RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT v::text $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.parse_json(v text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $f$ SELECT v::jsonb $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.object_construct_keep_null(VARIADIC "any") RETURNS jsonb LANGUAGE internal STABLE AS 'jsonb_build_object';
CREATE OR REPLACE FUNCTION snowflake_shim.system$wait(seconds numeric) RETURNS text LANGUAGE sql VOLATILE AS $f$
  SELECT 'waited ' || seconds || ' seconds' FROM pg_sleep(seconds::double precision) $f$;
CREATE OR REPLACE FUNCTION snowflake_shim.sysdate() RETURNS timestamp LANGUAGE sql STABLE AS $f$ SELECT now() AT TIME ZONE 'UTC' $f$;`;

/** One transaction under a lock: two servers may prepare the same database at the same time. */
export const SHIMS = `BEGIN; SELECT pg_advisory_xact_lock(7113301); ${FUNCTIONS} ${VIEWS} COMMIT;`;
