'use strict';

/**
 * Who may import whom: the table of docs/architecture.md. Every comment tells the author of an offending import
 * what to do instead.
 */

const PRODUCTION =
  '^(pipeline|signals|workflows|activities|connectors|catalog|config|client|stage|workers|cli)/';

/** One rule: files below `folder` import only what `allowed` matches, and modules of Node.js if `node` says so. */
function only(name, comment, folder, allowed, { node = false } = {}) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: `^${folder}/` },
    to: { pathNot: allowed, ...(node ? { dependencyTypesNot: ['core'] } : {}) },
  };
}

const npm = (name) => `^node_modules/${name}/`;

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two files import each other. Move what both need into a third file below them.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only(
      'pipeline-imports-only-itself',
      'The rules are pure. Decide here on values; fetch those values in an activity or a connector.',
      'pipeline',
      ['^pipeline/'],
    ),
    only(
      'signals-import-only-pipeline-and-the-workflow-package',
      'Signals are definitions that every side shares. Move behaviour to workflows/ and rules to pipeline/.',
      'signals',
      ['^signals/', '^pipeline/', npm('@temporalio/workflow')],
    ),
    only(
      'workflows-only-sequence',
      'Workflows run in a sandbox. Decide in pipeline/, act in activities/, and import activities as types only.',
      'workflows',
      [
        '^workflows/',
        '^pipeline/',
        '^signals/',
        '^activities/',
        npm('@temporalio/workflow'),
        npm('@temporalio/common'),
      ],
    ),
    {
      name: 'workflows-import-activities-as-types-only',
      comment: 'Importing an activity as a value drags its clients into the sandbox. Write `import type`.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^activities/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'connectors-know-only-pipeline-and-their-vendor',
      comment:
        'A connector speaks to one outside system. Let an activity bring two together, and keep Temporal, the ' +
        'catalog and the configuration out.',
      severity: 'error',
      from: { path: '^connectors/' },
      to: { path: ['^(signals|workflows|activities|catalog|config|workers|cli)/', npm('@temporalio/[^/]+')] },
    },
    {
      name: 'connectors-do-not-import-each-other',
      comment:
        'One folder is one outside system. Pass what the other one made as a parameter from an activity.',
      severity: 'error',
      from: { path: '^connectors/([^/]+)/' },
      to: { path: '^connectors/', pathNot: '^connectors/$1/' },
    },
    only(
      'catalog-knows-only-pipeline-and-postgresql',
      'The catalog keeps records. Move rules to pipeline/ and effects on other systems to activities/.',
      'catalog',
      ['^catalog/', '^pipeline/', npm('pg'), npm('@types/pg'), npm('node-pg-migrate')],
      { node: true },
    ),
    only(
      'activities-act-through-connectors-and-the-catalog',
      'An activity joins connectors and the catalog. Put vendor clients into a connector and pass configuration in.',
      'activities',
      [
        '^activities/',
        '^pipeline/',
        '^connectors/',
        '^catalog/',
        npm('@temporalio/activity'),
        npm('@temporalio/common'),
        npm('re2js'),
      ],
      { node: true },
    ),
    only(
      'config-only-reads-yaml-and-sql',
      'Configuration becomes typed definitions here and nothing else. Reach outside systems from activities/.',
      'config',
      ['^config/', '^pipeline/', npm('zod'), npm('yaml'), npm('@polyglot-sql/sdk'), npm('re2js')],
      { node: true },
    ),
    only(
      'client-knows-only-pipeline-and-the-temporal-client',
      'Services install this part; it must bring nothing but the Temporal client. Move rules to pipeline/.',
      'client',
      [
        '^client/',
        '^pipeline/',
        npm('@temporalio/client'),
        npm('@temporalio/common'),
        npm('@temporalio/proto'),
      ],
      { node: true },
    ),
    only(
      'the-entry-for-stages-hands-on-what-is-there',
      'Modules of custom stages depend on this part. Behaviour belongs into pipeline/, activities/ or a connector.',
      'stage',
      ['^stage/', '^pipeline/', '^activities/stages/(runner|custom-stage)\\.ts$', '^connectors/s3/'],
    ),
    {
      name: 'production-never-imports-the-local-cloud',
      comment:
        'The local cloud is for laptops and tests. Find it through the environment variables that it sets.',
      severity: 'error',
      from: { path: PRODUCTION },
      to: { path: '^(local|test|bench|chaos|examples|scripts)/' },
    },
    {
      name: 'the-local-cloud-imports-only-its-own-files',
      comment:
        'A stand-in that shares code with what it stands in for proves nothing. Write it against the ' +
        "service's documentation.",
      severity: 'error',
      from: { path: '^local/' },
      to: { path: [PRODUCTION, '^(test|bench|chaos|examples)/'] },
    },
    {
      name: 'production-uses-only-production-packages',
      comment: 'This package is not installed in production. Move it from devDependencies to dependencies.',
      severity: 'error',
      from: { path: PRODUCTION },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: npm('@types/[^/]+') },
    },
    {
      name: 'packages-that-few-need-are-loaded-on-demand',
      comment:
        'Every process would pay for this package with its start. Load it where it is first used: await import(…).',
      severity: 'error',
      from: { path: PRODUCTION },
      to: {
        path: npm('(snowflake-sdk|jsforce|@aws-sdk/client-sts|@opentelemetry/exporter-trace-otlp-[^/]+)'),
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'every-package-is-declared',
      comment:
        'This import is not in package.json, or does not exist. Declare the package, or correct the path.',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['unknown', 'undetermined', 'npm-no-pkg', 'npm-unknown'],
        // Examples import this package by its own name, as services do.
        pathNot: '^(client|stage)/index\\.ts$',
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|dist|\\.cache|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
