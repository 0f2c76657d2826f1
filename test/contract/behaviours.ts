/** What every connector must do, whatever its kind. docs/contract.md says what each demands of each kind. */
export const BEHAVIOURS = [
  'the same when repeated',
  'killed at every step',
  'answers lost at every step',
  'cancelled at every step',
  'throttled',
  'unavailable',
  'silent',
  'unauthorized',
  'wrong schema',
  'empty batch',
  'huge row',
  'unicode identifiers',
  'injection through names',
] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

/** Roles that a connector may have; one system may have several. */
export type Kind =
  | 'source'
  | 'stage store'
  | 'catalog'
  | 'warehouse'
  | 'merging warehouse'
  | 'engine'
  | 'replacing engine'
  | 'destination'
  | 'queue'
  | 'receiver';
