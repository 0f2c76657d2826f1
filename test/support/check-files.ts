import { type ProjectFiles, SHOP_PROJECT } from './project-files.ts';

/* The shop of test/support/project-files.ts with checks in it. */

export const CHECKS = 'pipelines/checks.yaml';
export const ORDERS = 'warehouse.analytics.orders';
export const RESULT = `${ORDERS}$check_orders`;
export const UNIQUE = 'select id, count(*) from analytics.orders group by id having count(*) > 1\n';

/** The shop with a pipeline of checks: line 3 is the first stage. */
export function shopWith(stages: readonly string[], files: ProjectFiles = {}): ProjectFiles {
  return {
    ...SHOP_PROJECT,
    'sql/checks/unique_ids.sql': UNIQUE,
    [CHECKS]: `pipeline: checks\nstages:\n${stages.map((stage) => `  - ${stage}\n`).join('')}`,
    ...files,
  };
}

/** A check of the orders: more of its fields, and its assertions. */
export const check = (more = '', assert = '[ { unique_ids: sql/checks/unique_ids.sql } ]'): string =>
  `check_orders: { check: ${ORDERS}, assert: ${assert}${more} }`;
