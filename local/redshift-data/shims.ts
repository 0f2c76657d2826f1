/**
 * Functions and views that Redshift has and PostgreSQL lacks. They live in `pg_catalog`, so that they are found
 * whatever the search path is and no listing of user tables shows them. Functions whose name PostgreSQL already
 * gives to something else live in `redshift_shim`, and rewrite-functions.ts directs statements to them; their own
 * names stay, because columns of results are named for functions.
 */
const FUNCTIONS = `
CREATE OR REPLACE FUNCTION redshift_shim.part_name(p text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE lower(p)
    WHEN 'y' THEN 'year' WHEN 'yr' THEN 'year' WHEN 'yrs' THEN 'year' WHEN 'years' THEN 'year'
    WHEN 'qtr' THEN 'quarter' WHEN 'qtrs' THEN 'quarter' WHEN 'quarters' THEN 'quarter'
    WHEN 'mon' THEN 'month' WHEN 'mons' THEN 'month' WHEN 'months' THEN 'month'
    WHEN 'w' THEN 'week' WHEN 'weeks' THEN 'week' WHEN 'd' THEN 'day' WHEN 'days' THEN 'day'
    WHEN 'h' THEN 'hour' WHEN 'hr' THEN 'hour' WHEN 'hrs' THEN 'hour' WHEN 'hours' THEN 'hour'
    WHEN 'm' THEN 'minute' WHEN 'min' THEN 'minute' WHEN 'mins' THEN 'minute' WHEN 'minutes' THEN 'minute'
    WHEN 's' THEN 'second' WHEN 'sec' THEN 'second' WHEN 'secs' THEN 'second' WHEN 'seconds' THEN 'second'
    WHEN 'ms' THEN 'millisecond' WHEN 'msec' THEN 'millisecond' WHEN 'msecs' THEN 'millisecond'
    WHEN 'milliseconds' THEN 'millisecond' WHEN 'us' THEN 'microsecond' WHEN 'usec' THEN 'microsecond'
    WHEN 'usecs' THEN 'microsecond' WHEN 'microseconds' THEN 'microsecond'
    WHEN 'weekday' THEN 'dow' WHEN 'dayofweek' THEN 'dow' WHEN 'dw' THEN 'dow'
    WHEN 'dayofyear' THEN 'doy' WHEN 'dy' THEN 'doy' WHEN 'yearday' THEN 'doy'
    ELSE lower(p) END $f$;
CREATE OR REPLACE FUNCTION redshift_shim.datediff(p text, a timestamp, b timestamp) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE redshift_shim.part_name(p)
    WHEN 'year' THEN (extract(year FROM b) - extract(year FROM a))::bigint
    WHEN 'quarter' THEN ((extract(year FROM b) * 4 + extract(quarter FROM b)) - (extract(year FROM a) * 4 + extract(quarter FROM a)))::bigint
    WHEN 'month' THEN ((extract(year FROM b) * 12 + extract(month FROM b)) - (extract(year FROM a) * 12 + extract(month FROM a)))::bigint
    WHEN 'week' THEN (((b::date + extract(dow FROM a)::int - a::date) - extract(dow FROM b)::int) / 7)::bigint
    WHEN 'day' THEN (b::date - a::date)::bigint
    WHEN 'hour' THEN (extract(epoch FROM date_trunc('hour', b) - date_trunc('hour', a)) / 3600)::bigint
    WHEN 'minute' THEN (extract(epoch FROM date_trunc('minute', b) - date_trunc('minute', a)) / 60)::bigint
    WHEN 'second' THEN extract(epoch FROM date_trunc('second', b) - date_trunc('second', a))::bigint
    WHEN 'millisecond' THEN (extract(epoch FROM date_trunc('milliseconds', b) - date_trunc('milliseconds', a)) * 1000)::bigint
    WHEN 'microsecond' THEN (extract(epoch FROM b - a) * 1000000)::bigint
    ELSE redshift_shim.refuse('datediff does not know the date part ' || p)::bigint END $f$;
CREATE OR REPLACE FUNCTION redshift_shim.datediff(p text, a timestamptz, b timestamptz) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT redshift_shim.datediff(p, a AT TIME ZONE 'UTC', b AT TIME ZONE 'UTC') $f$;
CREATE OR REPLACE FUNCTION redshift_shim.part_interval(p text, n bigint) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE redshift_shim.part_name(p)
    WHEN 'year' THEN make_interval(years => n::int) WHEN 'quarter' THEN make_interval(months => 3 * n::int)
    WHEN 'month' THEN make_interval(months => n::int) WHEN 'week' THEN make_interval(weeks => n::int)
    WHEN 'day' THEN make_interval(days => n::int) WHEN 'hour' THEN n * interval '1 hour'
    WHEN 'minute' THEN n * interval '1 minute' WHEN 'second' THEN n * interval '1 second'
    WHEN 'millisecond' THEN n * interval '1 millisecond' WHEN 'microsecond' THEN n * interval '1 microsecond'
    ELSE redshift_shim.refuse('dateadd does not know the date part ' || p)::interval END $f$;
CREATE OR REPLACE FUNCTION redshift_shim.dateadd(p text, n bigint, t timestamp) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT t + redshift_shim.part_interval(p, n) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.dateadd(p text, n bigint, t timestamptz) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT t + redshift_shim.part_interval(p, n) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.date_part(p text, t timestamp) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT floor(date_part(redshift_shim.part_name(p), t)) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.date_part(p text, t timestamptz) RETURNS double precision LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT floor(date_part(redshift_shim.part_name(p), t)) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.dateadd(p text, n bigint, t date) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT t::timestamp + redshift_shim.part_interval(p, n) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.dateadd(p text, n bigint, t text) RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT t::timestamp + redshift_shim.part_interval(p, n) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.date_part(p text, t date) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT redshift_shim.date_part(p, t::timestamp) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.date_part(p text, t interval) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT trunc(date_part(redshift_shim.part_name(p), t)) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.getdate() RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC') $f$;
CREATE OR REPLACE FUNCTION redshift_shim.sysdate() RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT transaction_timestamp() AT TIME ZONE 'UTC' $f$;
CREATE OR REPLACE FUNCTION redshift_shim.sha2(v text, bits int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT encode(CASE bits WHEN 0 THEN sha256(convert_to(v, 'UTF8')) WHEN 224 THEN sha224(convert_to(v, 'UTF8'))
    WHEN 256 THEN sha256(convert_to(v, 'UTF8')) WHEN 384 THEN sha384(convert_to(v, 'UTF8'))
    WHEN 512 THEN sha512(convert_to(v, 'UTF8')) END, 'hex') $f$;
CREATE OR REPLACE FUNCTION pg_catalog.add_months(t timestamp, n int) RETURNS timestamp LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE WHEN t::date = (date_trunc('month', t) + interval '1 month - 1 day')::date
    THEN date_trunc('month', t) + make_interval(months => n + 1) - interval '1 day' + (t - t::date)
    ELSE t + make_interval(months => n) END $f$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(zone_to text, t timestamp) RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT t AT TIME ZONE 'UTC' AT TIME ZONE zone_to $f$;
CREATE OR REPLACE FUNCTION pg_catalog.convert_timezone(zone_from text, zone_to text, t timestamp) RETURNS timestamp LANGUAGE sql STABLE PARALLEL SAFE AS $f$
  SELECT t AT TIME ZONE zone_from AT TIME ZONE zone_to $f$;
CREATE OR REPLACE FUNCTION pg_catalog.trunc(t timestamp) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$ SELECT t::date $f$;
CREATE OR REPLACE FUNCTION pg_catalog.round(v double precision, n int) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT round(v::numeric, n)::double precision $f$;
CREATE OR REPLACE FUNCTION pg_catalog.json_parse(v text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$ SELECT v::jsonb $f$;
CREATE OR REPLACE FUNCTION pg_catalog.json_serialize(v jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$ SELECT v::text $f$;
CREATE OR REPLACE FUNCTION pg_catalog.json_extract_path_text(v text, VARIADIC path text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT v::jsonb #>> path $f$;
CREATE OR REPLACE FUNCTION pg_catalog.strtol(v text, base int) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE base WHEN 10 THEN v::bigint WHEN 16 THEN ('x' || lpad(v, 16, '0'))::bit(64)::bigint
    ELSE redshift_shim.refuse('strtol knows the bases 10 and 16 only')::bigint END $f$;
CREATE OR REPLACE FUNCTION pg_catalog.from_varbyte(v bytea, format text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE lower(format) WHEN 'hex' THEN encode(v, 'hex') WHEN 'utf8' THEN convert_from(v, 'UTF8') WHEN 'utf-8' THEN convert_from(v, 'UTF8')
    WHEN 'base64' THEN encode(v, 'base64') ELSE redshift_shim.refuse('from_varbyte does not know the format ' || format) END $f$;
CREATE OR REPLACE FUNCTION pg_catalog.to_varbyte(v text, format text) RETURNS varbyte LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT CASE lower(format) WHEN 'hex' THEN decode(v, 'hex') WHEN 'utf8' THEN convert_to(v, 'UTF8') WHEN 'utf-8' THEN convert_to(v, 'UTF8')
    WHEN 'base64' THEN decode(v, 'base64') ELSE redshift_shim.refuse('to_varbyte does not know the format ' || format)::bytea END $f$;
CREATE OR REPLACE FUNCTION redshift_shim.average(state bigint[]) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
  SELECT state[2] / nullif(state[1], 0) $f$;
CREATE OR REPLACE FUNCTION redshift_shim.average_step(state bigint[], v bigint) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $f$
  SELECT ARRAY[state[1] + 1, state[2] + v] $f$;
CREATE OR REPLACE AGGREGATE redshift_shim.avg(smallint) (sfunc = int2_avg_accum, stype = bigint[], initcond = '{0,0}', finalfunc = redshift_shim.average);
CREATE OR REPLACE AGGREGATE redshift_shim.avg(int) (sfunc = int4_avg_accum, stype = bigint[], initcond = '{0,0}', finalfunc = redshift_shim.average);
CREATE OR REPLACE AGGREGATE redshift_shim.avg(bigint) (sfunc = redshift_shim.average_step, stype = bigint[], initcond = '{0,0}', finalfunc = redshift_shim.average);
CREATE OR REPLACE AGGREGATE redshift_shim.avg(numeric) (sfunc = numeric_avg_accum, stype = internal, finalfunc = numeric_avg);
CREATE OR REPLACE AGGREGATE redshift_shim.avg(double precision) (sfunc = float8_accum, stype = double precision[], initcond = '{0,0,0}', finalfunc = float8_avg);
`;

const REFUSE = `
CREATE SCHEMA IF NOT EXISTS redshift_shim;
GRANT USAGE ON SCHEMA redshift_shim TO PUBLIC;CREATE OR REPLACE FUNCTION redshift_shim.refuse(reason text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $f$
  BEGIN RAISE EXCEPTION '%', reason; END $f$;`;

const DOMAINS = `
DO $d$ BEGIN
  IF to_regtype('pg_catalog.super') IS NULL THEN CREATE DOMAIN pg_catalog.super AS jsonb; END IF;
  IF to_regtype('pg_catalog.varbyte') IS NULL THEN CREATE DOMAIN pg_catalog.varbyte AS bytea; END IF;
END $d$;`;

const LOAD_ERRORS = `
CREATE TABLE IF NOT EXISTS pg_catalog.redshift_load_error (
  userid int NOT NULL DEFAULT 100, slice int NOT NULL DEFAULT 0, tbl int NOT NULL, starttime timestamp NOT NULL,
  session int NOT NULL, query bigint NOT NULL, filename varchar(256) NOT NULL, line_number bigint NOT NULL,
  colname varchar(127), type varchar(20), col_length varchar(20), position int NOT NULL DEFAULT 0,
  raw_line varchar(1024), raw_field_value varchar(1024), err_code int NOT NULL, err_reason varchar(200), is_partial int NOT NULL DEFAULT 0,
  start_offset bigint NOT NULL DEFAULT 0, copy_job_id bigint NOT NULL DEFAULT 0);
CREATE OR REPLACE VIEW pg_catalog.stl_load_errors AS SELECT * FROM pg_catalog.redshift_load_error;
CREATE OR REPLACE VIEW pg_catalog.sys_load_error_detail AS
  SELECT userid AS user_id, query AS query_id, 0::bigint AS transaction_id, session AS session_id, 'dev'::varchar AS database_name,
    tbl AS table_id, starttime AS start_time, filename AS file_name, line_number, colname AS column_name, type AS column_type,
    col_length AS column_length, position, err_code AS error_code, err_reason AS error_message, raw_line, raw_field_value
  FROM pg_catalog.redshift_load_error;`;

const VIEWS = `
CREATE OR REPLACE VIEW pg_catalog.pg_table_def AS
  SELECT n.nspname AS schemaname, c.relname AS tablename, a.attname AS "column", format_type(a.atttypid, a.atttypmod) AS type,
    'none'::text AS encoding, false AS distkey, 0 AS sortkey, a.attnotnull AS "notnull"
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname = ANY (current_schemas(false));
CREATE OR REPLACE VIEW pg_catalog.svv_columns AS SELECT * FROM information_schema.columns;
CREATE OR REPLACE VIEW pg_catalog.svv_tables AS SELECT * FROM information_schema.tables;
CREATE OR REPLACE VIEW pg_catalog.svv_redshift_columns AS
  SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name, ordinal_position, data_type,
    column_default, is_nullable FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema');
CREATE OR REPLACE VIEW pg_catalog.svv_table_info AS
  SELECT current_database()::text AS database, n.nspname::text AS schema, c.oid AS table_id, c.relname::text AS "table",
    'N'::text AS encoded, 'AUTO(EVEN)'::text AS diststyle, greatest(c.reltuples, 0)::numeric(38, 0) AS tbl_rows,
    (pg_total_relation_size(c.oid) / 1048576)::bigint AS size
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast');`;

/** Idempotent; needs a superuser and `allow_system_table_mods`. */
export const SHIMS = [REFUSE, DOMAINS, FUNCTIONS, LOAD_ERRORS, VIEWS].join('\n');
