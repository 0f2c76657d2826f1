/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };

/** The same value with each text in it replaced, however deep it lies. */
export function mapTexts(value: Json, replace: (text: string) => string): Json {
  if (typeof value === 'string') return replace(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((each) => mapTexts(each, replace));
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapTexts(each, replace)]));
}

/** Every text in a value, with the path that leads to it. */
export function textsIn(value: Json, path: readonly (string | number)[] = []): readonly FoundText[] {
  if (typeof value === 'string') return [{ text: value, path }];
  if (typeof value !== 'object' || value === null) return [];
  if (isList(value)) return value.flatMap((each, at) => textsIn(each, [...path, at]));
  return Object.entries(value).flatMap(([name, each]) => textsIn(each, [...path, name]));
}

export interface FoundText {
  readonly text: string;
  readonly path: readonly (string | number)[];
}

function isList(value: object): value is readonly Json[] {
  return Array.isArray(value);
}
