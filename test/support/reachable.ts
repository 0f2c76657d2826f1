import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** A declaration at the top of a file, such as `activities/stages/load.ts#loadStage`. */
interface Declaration {
  /** Names that it uses; properties of values are none. */
  readonly uses: ReadonlySet<string>;
  /** Packages of AWS and the classes that it makes instances of: `@aws-sdk/client-s3 GetObjectCommand`. */
  readonly calls: ReadonlySet<string>;
  readonly texts: ReadonlySet<string>;
  /** Files that it imports when it runs. */
  readonly loads: readonly string[];
}

interface SourceFile {
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Where an imported name comes from. */
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
}

const read = new Map<string, SourceFile>();

/** What can be come to from a function. */
export interface Reachable {
  /** Classes of AWS of which instances are made: `@aws-sdk/client-s3 GetObjectCommand`. */
  readonly calls: readonly string[];
  /** Texts, those in templates included. */
  readonly texts: readonly string[];
}

/**
 * Which calls of AWS, and which texts, a function can come to, by the names that it and what it uses mention: declarations are followed through
 * imports, never whole files. It may find more than ever happens, and nothing less, as long as functions are passed on by name.
 */
export function reachable(...roots: readonly string[]): Reachable {
  const seen = new Set<string>();
  const calls = new Set<string>();
  const texts = new Set<string>();
  const open = [...roots];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const [path = '', name = ''] = next.split('#');
    const file = fileAt(path);
    const declaration = file.declarations.get(name);
    if (declaration === undefined) throw new Error(`${path} declares no ${name}.`);
    for (const call of declaration.calls) calls.add(call);
    for (const text of declaration.texts) texts.add(text);
    for (const used of declaration.uses) {
      const from = file.imports.get(used);
      if (from !== undefined) open.push(`${from.file}#${from.name}`);
      else if (file.declarations.has(used)) open.push(`${path}#${used}`);
    }
    for (const loaded of declaration.loads)
      for (const each of fileAt(loaded).declarations.keys()) open.push(`${loaded}#${each}`);
  }
  return { calls: [...calls].sort(), texts: [...texts] };
}

function fileAt(path: string): SourceFile {
  const known = read.get(path) ?? parse(path);
  read.set(path, known);
  return known;
}

function parse(path: string): SourceFile {
  const source = ts.createSourceFile(
    path,
    readFileSync(join(PROJECT, path), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const imports = new Map<string, { file: string; name: string }>();
  const packages = new Map<string, string>();
  const declarations = new Map<string, Declaration>();
  for (const statement of source.statements) {
    if (ts.isImportDeclaration(statement)) {
      const from = (statement.moduleSpecifier as ts.StringLiteral).text;
      const bindings = statement.importClause?.namedBindings;
      if (statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword || bindings === undefined)
        continue;
      if (!ts.isNamedImports(bindings)) continue;
      for (const { name, propertyName, isTypeOnly } of bindings.elements) {
        const original = (propertyName ?? name).text;
        if (isTypeOnly) continue;
        if (from.startsWith('.')) imports.set(name.text, { file: join(dirname(path), from), name: original });
        if (from.startsWith('@aws-sdk/')) packages.set(name.text, `${from} ${original}`);
      }
      continue;
    }
    if (ts.isExportDeclaration(statement)) {
      // What a file hands on is used under its name there.
      for (const [name, original] of handedOn(statement)) {
        const from = join(dirname(path), (statement.moduleSpecifier as ts.StringLiteral).text);
        imports.set(`${name} of ${path}`, { file: from, name: original });
        declarations.set(name, { ...NOTHING, uses: new Set([`${name} of ${path}`]) });
      }
      continue;
    }
    for (const name of namesOf(statement)) declarations.set(name, describe(statement, path, packages));
  }
  return { declarations, imports };
}

const NOTHING: Declaration = { uses: new Set(), calls: new Set(), texts: new Set(), loads: [] };

/** The names, inside and outside, of what `export { a as b } from '…'` hands on. */
function handedOn({
  isTypeOnly,
  exportClause,
  moduleSpecifier,
}: ts.ExportDeclaration): readonly [string, string][] {
  if (
    isTypeOnly ||
    moduleSpecifier === undefined ||
    exportClause === undefined ||
    !ts.isNamedExports(exportClause)
  )
    return [];
  return exportClause.elements
    .filter((element) => !element.isTypeOnly)
    .map(({ name, propertyName }) => [name.text, (propertyName ?? name).text]);
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  const { name } = statement as ts.Statement & { readonly name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function describe(statement: ts.Statement, path: string, packages: ReadonlyMap<string, string>): Declaration {
  const uses = new Set<string>();
  const calls = new Set<string>();
  const texts = new Set<string>();
  const loads: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node)) return;
    if (ts.isIdentifier(node) && !isProperty(node)) {
      uses.add(node.text);
      const call = packages.get(node.text);
      if (call !== undefined) calls.add(call);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [from] = node.arguments;
      if (from !== undefined && ts.isStringLiteral(from) && from.text.startsWith('.'))
        loads.push(join(dirname(path), from.text));
    }
    if (ts.isVariableDeclaration(node)) for (const call of loadedCalls(node)) calls.add(call);
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) texts.add(node.text);
    // With its expressions, which often are names of tables.
    if (ts.isTemplateExpression(node)) texts.add(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(statement);
  return { uses, calls, texts, loads };
}

/** What `const { A, B } = await import('@aws-sdk/…')` brings. */
function loadedCalls({ name, initializer }: ts.VariableDeclaration): readonly string[] {
  if (!ts.isObjectBindingPattern(name) || initializer === undefined || !ts.isAwaitExpression(initializer))
    return [];
  const loaded = initializer.expression;
  if (!ts.isCallExpression(loaded) || loaded.expression.kind !== ts.SyntaxKind.ImportKeyword) return [];
  const [from] = loaded.arguments;
  if (from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('@aws-sdk/')) return [];
  return name.elements.map((element) => `${from.text} ${(element.propertyName ?? element.name).getText()}`);
}

function isProperty(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && parent.name === node;
}
