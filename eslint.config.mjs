import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NODE_GLOBALS = ['process', 'Buffer', 'require', 'global', 'setImmediate'].map((name) => ({
  name,
  message: 'This code also runs inside the workflow sandbox, which has nothing of Node.js.',
}));

/** The workflow sandbox replaces these with deterministic ones; rules must take the time as a parameter. */
const CLOCK_AND_CHANCE = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'A rule takes the time as a parameter, so that it gives the same answer when it is replayed.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'A rule takes chance as a parameter, so that it gives the same answer when it is replayed.',
  },
];

/** Workflows of a process share their modules (workers/run-workers.ts), so what one of them kept there another would read. */
const KEPT = [
  {
    selector: ":matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration[kind='let']",
    message: 'All workflows of a process share this module: keep state in the workflow function.',
  },
];
const COLLECTED = [
  {
    selector:
      ':matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration > VariableDeclarator > NewExpression[callee.name=/^(Map|Set|WeakMap|WeakSet|Array)$/]',
    message: 'All workflows of a process share this module: keep what is collected in the workflow function.',
  },
];

const NODE_MODULES = {
  patterns: [
    {
      group: ['node:*'],
      message: 'This code also runs inside the workflow sandbox. Do it in an activity or a connector.',
    },
  ],
};

export default defineConfig(
  globalIgnores(['node_modules', 'dist', '.cache', '.reefline', 'coverage', '**/*.cjs']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => resolve()` hands nothing on; the arrow is there for its brevity.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines': ['error', { max: 350, skipBlankLines: true, skipComments: true }],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    },
  },
  {
    files: ['pipeline/**/*.ts', 'workflows/**/*.ts', 'signals/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...NODE_GLOBALS],
      'no-restricted-imports': ['error', NODE_MODULES],
    },
  },
  {
    // Maps of answers that depend on nothing but the question are allowed in rules.
    files: ['pipeline/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...CLOCK_AND_CHANCE, ...KEPT] },
  },
  {
    files: ['workflows/**/*.ts', 'signals/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...KEPT, ...COLLECTED] },
  },
  {
    // Only the processes themselves read the environment; everything else takes what it needs as a parameter.
    files: ['activities/**/*.ts', 'catalog/**/*.ts', 'config/**/*.ts', 'connectors/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Take the value as a parameter; only workers/ and cli/ read the environment.',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Jest's asymmetric matchers are typed `any`, and mocks rarely have anything to await.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
